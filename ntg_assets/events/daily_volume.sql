-- Events and users of each day near the end of the log.
-- Grain: happened_on, the days that hold events.
-- Tables: events (user_id, event_at).
-- Parameters: $from_at, the first moment that counts (naive UTC).
with user_days as (
    select
        cast(event_at as date) as happened_on,
        user_id,
        count(*) as n_events
    from events
    where event_at >= $from_at
    group by cast(event_at as date), user_id
)

select
    happened_on,
    cast(sum(n_events) as bigint) as n_events,
    count(*) as n_users
from user_days
group by happened_on
order by happened_on
