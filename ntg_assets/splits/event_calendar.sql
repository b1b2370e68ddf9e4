-- When the events happened: buckets of a day, or of a minute when the whole log is shorter than $fine_below_days days.
-- Grain: one row per bucket that holds events.
-- Parameters: $fine_below_days (days).
with span as (
    select
        min(event_at) as first_at,
        max(event_at) as last_at
    from events
),

bucketed as (
    select
        case
            when date_diff('day', cast(span.first_at as date), cast(span.last_at as date)) >= $fine_below_days
                then date_trunc('day', events.event_at)
            else date_trunc('minute', events.event_at)
        end as bucket_at,
        case
            when date_diff('day', cast(span.first_at as date), cast(span.last_at as date)) >= $fine_below_days
                then date_trunc('day', events.event_at) + interval 1 day
            else date_trunc('minute', events.event_at) + interval 1 minute
        end as ends_at
    from events
    cross join span
)

select
    cast(bucket_at as timestamp) as bucket_at,
    cast(ends_at as timestamp) as ends_at,
    count(*) as n_events
from bucketed
group by bucket_at, ends_at
