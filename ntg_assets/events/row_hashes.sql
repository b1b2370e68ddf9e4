-- One number per event, equal for equal events, null for rows that cannot be used. It only finds candidates: whether two rows
-- are equal is decided by their values, so no result depends on the hash function. (A `where is_valid` would make the engine
-- convert every text twice.)
-- Grain: source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select case when is_valid then row_hash end as row_hash
from typed_rows
