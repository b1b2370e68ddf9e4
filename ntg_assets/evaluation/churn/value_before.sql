-- What users did before each origin: the base of what can be lost. Three windows, for no one of them is the truth.
-- Grain: one row per (user, origin) of `forecasts` with activity before the origin.
-- Parameters: $window_days (the at-risk window), $horizon_days.
with aged as (
    select
        forecasts.user_id,
        forecasts.origin_on,
        cast(round(user_days.value_sum * 1e6) as bigint) as value_millionths,
        date_diff('day', cast(user_days.active_on as date), cast(forecasts.origin_on as date)) as age_days
    from forecasts
    inner join user_days
        on
            user_days.user_id = forecasts.user_id
            and user_days.active_on < forecasts.origin_on
)

select
    user_id,
    origin_on,
    max(age_days) as tenure_days,
    count(*) as active_days_ever,
    count(case when age_days <= $window_days then 1 end) as active_days_at_risk,
    count(case when age_days <= $horizon_days then 1 end) as active_days_last,
    cast(sum(value_millionths) as double) / 1e6 as value_ever,
    cast(sum(case when age_days <= $window_days then value_millionths else 0 end) as double) / 1e6 as value_at_risk,
    cast(sum(case when age_days <= $horizon_days then value_millionths else 0 end) as double) / 1e6 as value_last
from aged
group by user_id, origin_on
