-- One number per usable event, equal for equal events. It only finds candidates: whether two rows are equal is decided by their
-- values, so no result depends on the hash function.
-- Grain: usable source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    row_hash
from typed_rows
where is_valid
