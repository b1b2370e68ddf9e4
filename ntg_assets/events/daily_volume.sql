-- Events and users of each day of the service near the end of the log.
-- Grain: happened_on, the days that hold events.
-- Tables: events (user_id, event_at, event_on).
-- Parameters: $from_at, the first moment that counts (naive UTC).
with user_days as (
    select
        event_on as happened_on,
        user_id,
        count(*) as n_events
    from events
    where event_at >= $from_at
    group by event_on, user_id
)

select
    happened_on,
    cast(sum(n_events) as bigint) as n_events,
    count(*) as n_users
from user_days
group by happened_on
order by happened_on
