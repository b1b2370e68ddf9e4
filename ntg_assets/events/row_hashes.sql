-- One number per usable event, equal for equal events. It only finds candidates: whether two rows are equal is
-- decided by their values, so no result depends on the hash function.
-- Grain: usable source row.
select
    hash(user_id, item_id, event_at, event_type, value) as row_hash
from typed_rows
where is_valid
