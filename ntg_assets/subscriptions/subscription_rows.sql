-- Rows of a table of contracts as the file has them.
-- Grain: source row.
-- Tables: typed_rows (see sources/typed_rows.py).
-- Parameters: none.
select
    load_file,
    listed_id,
    subscription_id,
    started_text,
    ended_text,
    known_text,
    end_known_text,
    plan_text,
    price_text,
    currency_text,
    period_text,
    trial_text,
    reason_text
from typed_rows
