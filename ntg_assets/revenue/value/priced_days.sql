-- Active days with their amount in the prices of one day.
-- Grain: one row per (user_id, active_on).
-- Parameters: none; `price_levels` (from_on, until_on, factor) says by what amounts of a span count.
select
    user_days.user_id,
    user_days.active_on,
    cast(round(user_days.value_sum * coalesce(price_levels.factor, 1e0) * 1e6) as double) / 1e6 as value_sum
from user_days
left join price_levels on user_days.active_on >= price_levels.from_on and user_days.active_on < price_levels.until_on
