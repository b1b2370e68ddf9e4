-- Accepted events with the local day on which each happened.
-- Grain: accepted event.
-- Tables: accepted_events; zone_calendar (utc_on, day_on, next_at, next_on), see local_days.days_of_utc_days. An event outside of the
--   calendar has no day, and the contract of the table refuses it.
-- Parameters: none.
-- lint: allow local-day: this is where the day is made
select
    accepted_events.user_id,
    accepted_events.item_id,
    accepted_events.event_at,
    case
        when accepted_events.event_at < zone_calendar.next_at then zone_calendar.day_on
        else zone_calendar.next_on
    end as event_on,
    accepted_events.event_type,
    accepted_events.value,
    accepted_events.weight,
    accepted_events.load_file
from accepted_events
left join zone_calendar on zone_calendar.utc_on = cast(accepted_events.event_at as date)
