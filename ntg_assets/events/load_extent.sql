-- How much a load holds.
-- Grain: one row.
-- Tables: events (user_id, item_id, event_at).
-- Parameters: none.
with user_extents as (
    select
        user_id,
        count(*) as n_events,
        min(event_at) as first_at,
        max(event_at) as last_at
    from events
    group by user_id
)

select
    coalesce(cast(sum(n_events) as bigint), 0) as n_events,
    count(*) as n_users,
    min(first_at) as first_at,
    max(last_at) as last_at
from user_extents
