-- How often users came back, and at what pace they come now.
-- Periods are counted back from the cutoff, the last whole one is number 0; of the past periods with activity, how many were followed by
-- another one: only closed pairs count. The pace is the sum of active days and of values, each day halved every $half_life_days.
-- What a day is worth: sums of values, and of their squares relative to the largest one, so that these are small whole numbers.
-- Grain: one row per user active before the cutoff.
-- Parameters: $cutoff_on (date), $horizon_days (length of a period), $half_life_days.
with aged as (
    select
        user_id,
        value_sum,
        date_diff('day', cast(active_on as date), cast($cutoff_on as date)) as age_days
    from user_days
    where active_on < cast($cutoff_on as date)
),

largest as (
    select max(abs(value_sum)) as amount
    from aged
),

pace as (
    select
        aged.user_id,
        count(*) as n_days,
        cast(sum(cast(round(1e9 * pow(5e-1, age_days / cast($half_life_days as double))) as bigint)) as double) / 1e9 as decayed_active_days,
        cast(sum(cast(round(1e6 * value_sum * pow(5e-1, age_days / cast($half_life_days as double))) as bigint)) as double) / 1e6
            as decayed_value,
        cast(sum(cast(round(1e6 * value_sum) as bigint)) as double) / 1e6 as value_sum,
        cast(coalesce(sum(cast(round(1e12 * pow(value_sum / nullif(largest.amount, 0), 2)) as bigint)), 0) as double) / 1e12 as relative_square_sum,
        max(largest.amount) as largest_amount
    from aged
    cross join largest
    group by aged.user_id
),

periods as (
    select
        user_id,
        cast(floor((age_days - 1) / cast($horizon_days as double)) as bigint) as period
    from aged
    group by user_id, cast(floor((age_days - 1) / cast($horizon_days as double)) as bigint)
),

followed as (
    select
        user_id,
        period,
        lag(period) over (partition by user_id order by period) as next_period
    from periods
),

renewed as (
    select
        user_id,
        count(case when period >= 1 then 1 end) as n_periods,
        count(case when period >= 1 and next_period = period - 1 then 1 end) as n_renewed
    from followed
    group by user_id
)

select
    pace.user_id,
    renewed.n_periods,
    renewed.n_renewed,
    pace.decayed_active_days,
    pace.decayed_value,
    pace.n_days,
    pace.value_sum,
    pace.relative_square_sum,
    pace.largest_amount
from pace
inner join renewed on renewed.user_id = pace.user_id
