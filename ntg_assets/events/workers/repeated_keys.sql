-- How many first parts of hashes (of all columns but the value) several usable rows have, and how many of these go with several
-- values: candidates for equal rows, and for rows that differ in the value only.
-- Grain: one row.
-- Tables: typed_rows (key_hash, value_hash), as usable_rows.sql makes them.
-- Parameters: none.
with hashed_rows as (
    select
        key_hash,
        count(*) as n_rows
    from typed_rows
    group by key_hash, value_hash
),

repeated_keys as (
    select count(*) as n_values
    from hashed_rows
    group by key_hash
    having sum(n_rows) > 1
)

select
    count(*) as n_repeated,
    count(*) filter (where n_values > 1) as n_contradicted
from repeated_keys
