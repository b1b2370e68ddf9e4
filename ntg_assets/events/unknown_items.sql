-- How much of the log is about items that the item table does not hold.
-- Grain: one row.
-- Tables: events, items.
-- Parameters: none.
with event_counts as (
    select
        item_id,
        count(*) as n_events
    from events
    group by item_id
)

select
    count(*) as n_items,
    coalesce(cast(sum(event_counts.n_events) as bigint), 0) as n_events,
    count(*) filter (where items.item_id is null) as n_unknown_items,
    coalesce(cast(sum(event_counts.n_events) filter (where items.item_id is null) as bigint), 0) as n_unknown_events
from event_counts
left join items on event_counts.item_id = items.item_id
