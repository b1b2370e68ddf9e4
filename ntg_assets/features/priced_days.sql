-- Active days with their amounts in the prices of the cutoff.
-- Grain: one row per (user_id, active_on).
-- Parameters: none; `price_levels` (from_on, until_on, factor): half-open spans that hold every day.
select
    user_days.user_id,
    user_days.active_on,
    user_days.n_events,
    user_days.n_items,
    user_days.engagement,
    user_days.value_sum * price_levels.factor as value_sum
from user_days
inner join price_levels
    on
        price_levels.from_on <= user_days.active_on
        and price_levels.until_on > user_days.active_on
