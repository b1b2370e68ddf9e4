-- Accepted events with their day, where the days of the service are those of UTC.
-- Grain: accepted event.
-- Tables: accepted_events.
-- Parameters: none.
-- lint: allow local-day: this is where the day is made
select
    user_id,
    item_id,
    event_at,
    cast(event_at as date) as event_on,
    event_type,
    value,
    weight,
    load_file
from accepted_events
