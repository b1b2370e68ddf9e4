-- Every text by which a record names a person.
-- Grain: named.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: $place (of the column among the raw fields, from 1).
select trim(raw_fields[$place]) as named
from typed_rows
group by trim(raw_fields[$place])
