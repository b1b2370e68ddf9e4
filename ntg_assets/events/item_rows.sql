-- Every row of the item table, with the verdict on it.
-- Grain: source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    load_file,
    row_number,
    item_id,
    title,
    categories,
    is_list,
    raw_fields,
    is_valid,
    skip_number,
    column_name,
    reason
from typed_rows
order by load_file, row_number
