-- Usable rows of a log of exposures.
-- Grain: source row.
-- Tables: typed_rows (see events/typed_rows.py).
-- Parameters: none.
select
    user_id,
    item_id,
    shown_at,
    position,
    propensity,
    reward,
    impression_id
from typed_rows
where is_valid
