-- Accepted events, rows that are equal in all five source columns once, from the first file that holds them: for a log in
-- which many rows are repeated (exports that overlap). It yields the same rows as distinct_events.sql.
-- Grain: user_id, item_id, event_at, event_type, value.
-- Tables: typed_rows (see typed_rows.py); event_weights (event_type, weight) for the types that do not weigh 1.
-- Parameters: none.
with distinct_rows as not materialized (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value,
        min(load_file) as load_file
    from typed_rows
    where is_valid
    group by user_id, item_id, event_at, event_type, value
)

select
    distinct_rows.user_id,
    distinct_rows.item_id,
    distinct_rows.event_at,
    distinct_rows.event_type,
    distinct_rows.value,
    coalesce(event_weights.weight, 1e0) as weight,
    distinct_rows.load_file
from distinct_rows
left join event_weights on distinct_rows.event_type = event_weights.event_type
