-- Who had what, and when: the columns of the log that interactions are made from.
-- Grain: one row per event.
-- Parameters: none.
select
    user_id,
    item_id,
    event_at
from events
