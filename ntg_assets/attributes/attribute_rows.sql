-- One attribute of a table of facts, as the file has it.
-- Grain: source row.
-- Tables: typed_rows (see sources/typed_rows.py).
-- Parameters: none.
select
    load_file,
    listed_id,
    fact_text,
    valid_from_text,
    known_from_text
from typed_rows
