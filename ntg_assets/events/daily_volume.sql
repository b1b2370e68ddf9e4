-- Events and users of each day of the service.
-- Grain: happened_on, the days that hold events.
-- Tables: events (user_id, event_on).
-- Parameters: none.
with user_days as (
    select
        event_on as happened_on,
        user_id,
        count(*) as n_events
    from events
    group by event_on, user_id
)

select
    happened_on,
    cast(sum(n_events) as bigint) as n_events,
    count(*) as n_users
from user_days
group by happened_on
order by happened_on
