-- Rows of each file that an equal row, of the first file that holds it, already stands for.
-- Grain: load_file.
-- Tables: typed_rows (see typed_rows.py); repeated_hashes (row_hash), the hashes that occur more than once.
-- Parameters: none.
with repeated as materialized (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value,
        load_file
    from typed_rows
    where is_valid and row_hash in (select row_hash from repeated_hashes)
),

kept as (
    select min(load_file) as load_file
    from repeated
    group by user_id, item_id, event_at, event_type, value
),

changes as (
    select load_file, count(*) as n_rows from repeated group by load_file
    union all
    select load_file, -count(*) as n_rows from kept group by load_file
)

select
    load_file,
    cast(sum(n_rows) as bigint) as n_duplicates
from changes
group by load_file
