-- Rows that break a rule, with the first rule that they break.
-- Grain: source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: $max_rows, the most rows that are wanted (a count).
select
    load_file,
    row_number,
    column_name,
    reason,
    raw_fields
from typed_rows
where not is_valid and skip_number is null
order by load_file, row_number
limit $max_rows
