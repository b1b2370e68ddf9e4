-- Usable rows of a file as a worker writes them, with their hash in two parts: of all columns but the value, and of the value.
-- The parts are equal for equal rows; they only find candidates.
-- Grain: usable source row.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
-- lint: allow integer-cast: bits of a whole number are one
select
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    load_file,
    is_valid,
    cast(row_hash >> 12 as bigint) as key_hash,
    cast(row_hash & 4095 as bigint) as value_hash
from typed_rows
where is_valid
