-- How often users came back: of the past periods with activity, how many were followed by another one.
-- Periods are counted back from the cutoff, the last whole one is number 0; only closed pairs count.
-- Grain: one row per user.
-- Parameters: $cutoff_on (date), $horizon_days (length of a period).
with periods as (
    select
        user_id,
        cast(floor((date_diff('day', cast(active_on as date), cast($cutoff_on as date)) - 1) / cast($horizon_days as double)) as bigint) as period
    from user_days
    where active_on < cast($cutoff_on as date)
    group by
        user_id,
        cast(floor((date_diff('day', cast(active_on as date), cast($cutoff_on as date)) - 1) / cast($horizon_days as double)) as bigint)
),

followed as (
    select
        user_id,
        period,
        lag(period) over (partition by user_id order by period) as next_period
    from periods
)

select
    user_id,
    count(case when period >= 1 then 1 end) as n_periods,
    count(case when period >= 1 and next_period = period - 1 then 1 end) as n_renewed
from followed
group by user_id
