-- Rows of a list of users as the file has them: one list of people who must not be contacted, or a log of contacts.
-- Grain: source row.
-- Tables: typed_rows (see events/typed_rows.py).
-- Parameters: none.
select
    load_file,
    listed_id,
    detail,
    contacted_at,
    contacted_text,
    action
from typed_rows
