-- The events of one part of a per-user split: by the share of the user's own events that lie strictly before.
-- Events of one instant stay together, so each user's parts are chronological.
-- Grain: one row per event.
-- Parameters: $from_share, $to_share (half-open span of that share; 0 to 1).
with placed as (
    select
        user_id,
        item_id,
        event_at,
        event_on,
        event_type,
        value,
        weight,
        (rank() over (partition by user_id order by event_at) - 1) * 1e0 as n_before,
        count(*) over (partition by user_id) as n_events
    from events
)

select
    user_id,
    item_id,
    event_at,
    event_on,
    event_type,
    value,
    weight
from placed
where
    n_before / nullif(n_events, 0) >= $from_share
    and n_before / nullif(n_events, 0) < $to_share
