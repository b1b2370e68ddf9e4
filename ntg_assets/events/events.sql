-- Accepted events, every usable row once.
-- Grain: usable source row.
-- Tables: typed_rows (see typed_rows.py); event_weights (event_type, weight) for the types that do not weigh 1.
-- Parameters: none.
select
    typed_rows.user_id,
    typed_rows.item_id,
    typed_rows.event_at,
    typed_rows.event_type,
    typed_rows.value,
    coalesce(event_weights.weight, 1e0) as weight,
    typed_rows.load_file
from typed_rows
left join event_weights on typed_rows.event_type = event_weights.event_type
where typed_rows.is_valid
