-- Active days with what their amount counts for.
-- Grain: one row per (user_id, active_on).
-- Parameters: none.
select
    user_days.user_id,
    user_days.active_on,
    coalesce(capped_days.counted_value, user_days.value_sum) as value_sum
from user_days
left join capped_days on capped_days.user_id = user_days.user_id and capped_days.active_on = user_days.active_on
