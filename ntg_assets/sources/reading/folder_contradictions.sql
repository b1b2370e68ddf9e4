-- Files of which a column holds other values than the folder of the same name says. Values are the same as text, as numbers or
-- as moments: `03` is 3, and `2024-03-01` is midnight of that day.
-- Grain: load_file; no rows when everything agrees.
-- Tables: stated_values (load_file, in_file, in_folder), one row per source row, values as text; written in by partitions.py.
-- Parameters: none.
with disagreements as (
    select
        load_file,
        in_file,
        in_folder
    from stated_values
    where not coalesce(
        in_file = in_folder
        or try_cast(in_file as double) = try_cast(in_folder as double)
        or try_cast(in_file as timestamp) = try_cast(in_folder as timestamp),
        in_file is null and in_folder is null
    )
)

select
    load_file,
    count(*) as n_rows,
    min(in_file) as in_file,
    min(in_folder) as in_folder
from disagreements
group by load_file
order by load_file
