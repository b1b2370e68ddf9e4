-- Rows of the file of items that no list may show.
-- Grain: source row.
-- Tables: typed_rows (see events/typed_rows.py).
-- Parameters: none.
select
    load_file,
    listed_id
from typed_rows
