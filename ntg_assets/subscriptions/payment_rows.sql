-- Rows of a table of payments as the file has them.
-- Grain: source row.
-- Tables: typed_rows (see sources/typed_rows.py).
-- Parameters: none.
select
    load_file,
    subscription_id,
    happened_text,
    due_text,
    status_text,
    price_text,
    currency_text
from typed_rows
