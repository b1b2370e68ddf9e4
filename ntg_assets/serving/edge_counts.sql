-- Who has had one item, who the other, who both: in all, and among each user's most recent items.
-- Grain: one row.
-- Parameters: $item_id, $neighbour_id (the two items), $cutoff_at (timestamp: only events before count),
-- $most_items (items of a user that count, the most recent first; ties: the lower item id).
with concerned as (
    select distinct user_id
    from events
    where item_id in ($item_id, $neighbour_id) and event_at < $cutoff_at
),

latest as (
    select
        events.user_id,
        events.item_id,
        max(events.event_at) as last_at
    from events
    inner join concerned on events.user_id = concerned.user_id
    where events.event_at < $cutoff_at
    group by events.user_id, events.item_id
),

placed as (
    select
        user_id,
        item_id,
        row_number() over (partition by user_id order by last_at desc, item_id asc) as place
    from latest
),

had as (
    select
        user_id,
        max(case when item_id = $item_id then 1 else 0 end) as item_any,
        max(case when item_id = $neighbour_id then 1 else 0 end) as neighbour_any,
        max(case when item_id = $item_id and place <= $most_items then 1 else 0 end) as item_counts,
        max(case when item_id = $neighbour_id and place <= $most_items then 1 else 0 end) as neighbour_counts
    from placed
    group by user_id
)

select
    cast(coalesce(sum(item_any), 0) as bigint) as item_users_any,
    cast(coalesce(sum(neighbour_any), 0) as bigint) as neighbour_users_any,
    cast(coalesce(sum(item_any * neighbour_any), 0) as bigint) as shared_users_any,
    cast(coalesce(sum(item_counts), 0) as bigint) as item_users,
    cast(coalesce(sum(neighbour_counts), 0) as bigint) as neighbour_users,
    cast(coalesce(sum(item_counts * neighbour_counts), 0) as bigint) as shared_users
from had
