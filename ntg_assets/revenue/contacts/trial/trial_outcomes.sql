-- What users of the contact programme's trial did in the window after they were given an arm.
-- Grain: one row per user of `trial`.
-- Parameters: $window_days.
with followed as (
    select
        trial.user_id,
        count(*) as n_active_days,
        sum(cast(round(user_days.value_sum * 1e6) as bigint)) as value_millionths
    from trial
    inner join user_days
        on
            user_days.user_id = trial.user_id
            and user_days.active_on >= trial.assigned_on
    where date_diff('day', cast(trial.assigned_on as date), cast(user_days.active_on as date)) < $window_days
    group by trial.user_id
)

select
    trial.user_id,
    trial.assigned_on,
    trial.is_treated,
    trial.propensity,
    coalesce(followed.n_active_days, 0) as window_active_days,
    coalesce(cast(followed.value_millionths as double), 0e0) / 1e6 as window_value
from trial
left join followed on followed.user_id = trial.user_id
