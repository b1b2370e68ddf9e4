-- How many records each filter leaves out.
-- Grain: load_file, skip_number.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    load_file,
    skip_number,
    count(*) as n_rows
from typed_rows
where skip_number is not null
group by load_file, skip_number
order by load_file, skip_number
