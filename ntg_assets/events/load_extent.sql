-- How much a load holds.
-- Grain: one row.
-- Tables: events (user_id, item_id, event_at).
-- Parameters: none.
with users as (
    select user_id
    from events
    group by user_id
),

user_count as (
    select count(*) as n_users
    from users
),

spans as (
    select
        count(*) as n_events,
        min(event_at) as first_at,
        max(event_at) as last_at
    from events
)

select
    spans.n_events,
    user_count.n_users,
    spans.first_at,
    spans.last_at
from spans
cross join user_count
