-- How often, how regularly and how lately a user is active, seen from a cutoff: only days strictly before it count.
-- Sums are of integers (fixed point), so no result depends on the order of rows or on the number of threads.
-- Grain: one row per (user_id, cutoff_on) of `cutoffs` whose user was active before the cutoff.
-- Parameters: none; `cutoffs` (user_id, cutoff_on) says who is looked at, and when.
with placed as (
    select
        user_id,
        active_on,
        n_events,
        n_items,
        cast(round(value_sum * 1e6) as bigint) as value_millionths,
        date_diff('day', date '1970-01-05', cast(active_on as date)) as day_number,
        cast(floor(date_diff('day', date '1970-01-05', cast(active_on as date)) / 7e0) as bigint) as week
    from user_days
),

-- a week has seven days, so the six active days before tell everything; one order serves all windows
preceded as (
    select
        user_id,
        active_on,
        n_events,
        n_items,
        value_millionths,
        week,
        day_number - lag(day_number) over (partition by user_id order by day_number) as gap_days,
        lag(week, 1) over (partition by user_id order by day_number) as week_1,
        lag(week, 2) over (partition by user_id order by day_number) as week_2,
        lag(week, 3) over (partition by user_id order by day_number) as week_3,
        lag(week, 4) over (partition by user_id order by day_number) as week_4,
        lag(week, 5) over (partition by user_id order by day_number) as week_5,
        lag(week, 6) over (partition by user_id order by day_number) as week_6
    from placed
),

days as (
    select
        user_id,
        active_on,
        n_events,
        n_items,
        value_millionths,
        week,
        gap_days,
        -- the k-th day of a week adds 2k - 1: the sum over a week's days is the square of their number
        case
            when week_6 = week then 13
            when week_5 = week then 11
            when week_4 = week then 9
            when week_3 = week then 7
            when week_2 = week then 5
            when week_1 = week then 3
            else 1
        end as square_step
    from preceded
),

seen as (
    select
        cutoffs.user_id,
        cutoffs.cutoff_on,
        days.active_on,
        days.n_events,
        days.n_items,
        days.value_millionths,
        days.week,
        days.gap_days,
        days.square_step,
        date_diff('day', cast(days.active_on as date), cast(cutoffs.cutoff_on as date)) as age_days
    from cutoffs
    inner join days on days.user_id = cutoffs.user_id and days.active_on < cutoffs.cutoff_on
),

summed as (
    select
        user_id,
        cutoff_on,
        min(active_on) as first_on,
        max(active_on) as last_on,
        min(week) as first_week,
        count(*) as active_days,
        cast(sum(n_events) as double) as n_events,
        cast(sum(n_items) as double) as n_items,
        cast(sum(value_millionths) as double) / 1e6 as value_sum,
        count(case when age_days <= 7 then 1 end) as active_days_7d,
        count(case when age_days <= 30 then 1 end) as active_days_30d,
        count(case when age_days > 30 and age_days <= 60 then 1 end) as active_days_before_30d,
        count(case when age_days <= 90 then 1 end) as active_days_90d,
        cast(sum(cast(round(1e9 * pow(5e-1, age_days / 7e0)) as bigint)) as double) / 1e9 as decayed_active_days_7d,
        cast(sum(cast(round(1e9 * pow(5e-1, age_days / 30e0)) as bigint)) as double) / 1e9 as decayed_active_days_30d,
        cast(sum(cast(round(1e9 * pow(5e-1, age_days / 90e0)) as bigint)) as double) / 1e9 as decayed_active_days_90d,
        cast(sum(cast(round(1e9 * pow(5e-1, age_days / 365e0)) as bigint)) as double) / 1e9 as decayed_active_days_365d,
        cast(sum(cast(round(value_millionths * pow(5e-1, age_days / 90e0)) as bigint)) as double)
        / 1e6 as decayed_value_90d,
        max(gap_days) as longest_gap_days,
        cast(coalesce(sum(gap_days), 0) as double) as gap_sum,
        cast(coalesce(sum(gap_days * gap_days), 0) as double) as gap_square_sum,
        cast(sum(square_step) as double) as week_square_sum
    from seen
    group by user_id, cutoff_on
),

spanned as (
    select
        *,
        date_diff('day', cast(first_on as date), cast(cutoff_on as date)) as tenure_days,
        date_diff('day', cast(last_on as date), cast(cutoff_on as date)) as recency_days,
        active_days - 1e0 as n_gaps,
        floor((date_diff('day', date '1970-01-05', cast(cutoff_on as date)) - 1) / 7e0) - first_week + 1e0 as n_weeks
    from summed
),

spread as (
    select
        *,
        gap_sum / nullif(n_gaps, 0) as mean_gap_days,
        greatest(gap_square_sum - gap_sum * gap_sum / nullif(n_gaps, 0), 0e0) / nullif(n_gaps - 1, 0) as gap_variance,
        active_days / nullif(n_weeks, 0) as days_per_week,
        greatest(week_square_sum - active_days * active_days / nullif(n_weeks, 0), 0e0)
        / nullif(n_weeks - 1, 0) as week_variance
    from spanned
)

select
    user_id,
    cutoff_on,
    tenure_days,
    recency_days,
    active_days,
    active_days_7d,
    active_days_30d,
    active_days_90d,
    decayed_active_days_7d,
    decayed_active_days_30d,
    decayed_active_days_90d,
    decayed_active_days_365d,
    n_events / nullif(active_days, 0) as events_per_active_day,
    n_items / nullif(active_days, 0) as items_per_active_day,
    active_days / nullif(cast(tenure_days as double), 0) as active_day_share,
    mean_gap_days,
    case when active_days >= 3 then sqrt(gap_variance) / nullif(mean_gap_days, 0) end as gap_variation,
    longest_gap_days,
    recency_days / nullif(mean_gap_days, 0) as recency_to_mean_gap,
    ln((active_days_30d + 1e0) / (active_days_before_30d + 1e0)) as trend_log_ratio,
    sqrt(week_variance) / nullif(days_per_week, 0) as weekly_volatility,
    value_sum / nullif(active_days, 0) as value_per_active_day,
    decayed_value_90d
from spread
