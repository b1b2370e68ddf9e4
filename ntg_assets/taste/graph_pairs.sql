-- Who had what, and how lately: what the guardrails of the item graphs cut by.
-- Grain: one row per (user, item) of the log.
-- Parameters: none.
with instants as (
    select
        user_id,
        item_id,
        event_at
    from events
    group by user_id, item_id, event_at
),

pairs as (
    select
        user_id,
        item_id,
        count(*) as n_instants,
        max(event_at) as last_at
    from instants
    group by user_id, item_id
)

select
    user_id,
    item_id,
    n_instants,
    row_number() over (partition by user_id order by last_at desc, item_id) as place
from pairs
