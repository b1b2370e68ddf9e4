-- The active days that churn and value are learned from.
-- Grain: one row per (user, day) with an event.
-- Parameters: $until_on (first day that is left out).
select
    user_id,
    active_on,
    n_events,
    n_items,
    engagement,
    value_sum
from user_days
where active_on < $until_on
