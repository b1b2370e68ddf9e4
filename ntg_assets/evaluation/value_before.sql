-- What users did in the days before each origin: the base of what can be lost.
-- Grain: one row per (user, origin) of `forecasts` with activity in [origin - window, origin).
-- Parameters: $window_days.
select
    forecasts.user_id,
    forecasts.origin_on,
    count(*) as active_days_before,
    cast(sum(cast(round(user_days.value_sum * 1e6) as bigint)) as double) / 1e6 as value_sum_before
from forecasts
inner join user_days
    on
        user_days.user_id = forecasts.user_id
        and user_days.active_on < forecasts.origin_on
where date_diff('day', cast(user_days.active_on as date), cast(forecasts.origin_on as date)) <= $window_days
group by forecasts.user_id, forecasts.origin_on
