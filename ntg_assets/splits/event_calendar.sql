-- When the events happened: by day of the service's zone, or by minute when the whole log is shorter than $fine_below_days days.
-- Grain: one row per day, or minute, that holds events; `minute_at` is null where a row is a whole day.
-- Parameters: $fine_below_days (days).
with span as (
    select
        min(event_on) as first_on,
        max(event_on) as last_on
    from events
),

bucketed as (
    select
        events.event_on as bucket_on,
        case
            when date_diff('day', cast(span.first_on as date), cast(span.last_on as date)) < $fine_below_days
                then date_trunc('minute', events.event_at)
        end as minute_at
    from events
    cross join span
)

select
    bucket_on,
    cast(minute_at as timestamp) as minute_at,
    count(*) as n_events
from bucketed
group by bucket_on, minute_at
