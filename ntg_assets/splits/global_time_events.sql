-- The events of one part of a global split.
-- Grain: one row per event.
-- Parameters: $start_at, $end_at (half-open span of the part).
select
    user_id,
    item_id,
    event_at,
    event_on,
    event_type,
    value,
    weight
from events
where
    event_at >= $start_at
    and event_at < $end_at
