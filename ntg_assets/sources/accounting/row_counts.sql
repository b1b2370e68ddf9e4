-- Rows of each source file, as the reader delivers them.
-- Grain: load_file.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    load_file,
    count(*) as n_read,
    count(*) filter (where is_valid) as n_valid,
    count(*) filter (where skip_number is not null) as n_skipped,
    count(*) filter (where is_valid and is_folded) as n_folded,
    cast(sum(n_inner_lines) as bigint) as n_inner_lines,
    cast(sum(n_inner_blank_lines) as bigint) as n_inner_blank_lines
from typed_rows
group by load_file
