-- Usable rows of a file as a worker writes them, where a key tells events apart: then no hash is asked for.
-- Grain: usable source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    load_file,
    is_valid,
    event_id
from typed_rows
where is_valid
