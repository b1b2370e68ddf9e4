-- Value and active days by user and period: before a cutoff, counted back from it (the last is -1), and after it, counted on (the first
-- is 0). Only whole periods that lie inside the span of the log are told, the last one up to $horizon_days after the cutoff.
-- Grain: one row per (user, period) with activity.
-- Parameters: $cutoff_on, $start_on, $until_on (dates; nothing outside [start, until) is looked at), $period_days, $horizon_days.
with aged as (
    select
        user_id,
        value_sum,
        date_diff('day', cast($cutoff_on as date), cast(active_on as date)) as days_on
    from user_days
    where active_on >= cast($start_on as date)
      and active_on < cast($until_on as date)
),

placed as (
    select
        user_id,
        value_sum,
        cast(floor(days_on / cast($period_days as double)) as bigint) as period
    from aged
    where days_on < $horizon_days
)

select
    user_id,
    period,
    count(*) as n_active_days,
    cast(sum(cast(round(1e6 * value_sum) as bigint)) as double) / 1e6 as value_sum
from placed
group by user_id, period
