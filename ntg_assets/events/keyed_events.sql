-- Accepted events where a key tells events apart: of the rows with one key that of the latest file (by number), in a file the
-- latest by time, then the largest by the other columns.
-- Grain: event_id.
-- Tables: typed_rows (see typed_rows.py); event_weights (event_type, weight) for the types that do not weigh 1.
-- Parameters: none.
with ranked_rows as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value,
        load_file,
        row_number() over (
            partition by event_id
            order by load_file desc, event_at desc, user_id desc, item_id desc, event_type desc, value desc
        ) as place
    from typed_rows
    where is_valid
)

select
    ranked_rows.user_id,
    ranked_rows.item_id,
    ranked_rows.event_at,
    ranked_rows.event_type,
    ranked_rows.value,
    coalesce(event_weights.weight, 1e0) as weight,
    ranked_rows.load_file
from ranked_rows
left join event_weights on ranked_rows.event_type = event_weights.event_type
where ranked_rows.place = 1
