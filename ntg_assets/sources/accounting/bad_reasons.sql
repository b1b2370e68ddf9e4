-- How many rows break which rule.
-- Grain: column_name, reason.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
select
    column_name,
    reason,
    count(*) as n_rows,
    min(load_file) as first_load_file
from typed_rows
where not is_valid and skip_number is null
group by column_name, reason
order by n_rows desc, column_name, reason
