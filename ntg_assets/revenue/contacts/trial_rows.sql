-- Rows of the log of a contact trial as the file has them.
-- Grain: source row.
-- Tables: typed_rows (see events/typed_rows.py).
-- Parameters: none.
select
    load_file,
    listed_id,
    arm,
    assigned_at,
    assigned_text,
    propensity
from typed_rows
