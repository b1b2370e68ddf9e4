-- How popular an item is, for how long, with how many, and where it is heading, seen from the cutoff.
-- Grain: one row per item with an event before the cutoff.
-- Parameters: $cutoff_on (date): only events strictly before count.
with item_days as (
    select
        item_id,
        event_on as active_on,
        count(*) as n_events
    from train_events
    where event_on < cast($cutoff_on as date)
    group by item_id, event_on
),

placed as (
    select
        item_id,
        active_on,
        n_events,
        date_diff('day', cast(active_on as date), cast($cutoff_on as date)) as age_days,
        cast(floor((date_diff('day', cast(active_on as date), cast($cutoff_on as date)) - 1) / 28e0) as bigint)
            as months_ago
    from item_days
),

popularity as (
    select
        item_id,
        cast(sum(n_events) as bigint) as n_events,
        count(*) as active_days,
        min(active_on) as first_on,
        max(age_days) as age_days,
        min(age_days) as recency_days,
        max(months_ago) + 1 as n_months,
        cast(sum(cast(round(n_events * 1e6 * pow(5e-1, age_days / 7e0)) as bigint)) as double)
        / 1e6 as decayed_events_7d,
        cast(sum(cast(round(n_events * 1e6 * pow(5e-1, age_days / 30e0)) as bigint)) as double)
        / 1e6 as decayed_events_30d,
        cast(sum(cast(round(n_events * 1e6 * pow(5e-1, age_days / 90e0)) as bigint)) as double)
        / 1e6 as decayed_events_90d,
        cast(sum(cast(round(n_events * 1e6 * pow(5e-1, age_days / 365e0)) as bigint)) as double)
        / 1e6 as decayed_events_365d,
        cast(coalesce(sum(case when age_days <= 30 then n_events end), 0) as double) as n_events_30d,
        cast(coalesce(sum(case when age_days > 30 and age_days <= 60 then n_events end), 0) as double)
            as n_events_before_30d
    from placed
    group by item_id
),

months as (
    select
        item_id,
        months_ago,
        sum(n_events) as n_events
    from placed
    group by item_id, months_ago
),

monthly as (
    select
        item_id,
        count(*) as n_active_months,
        cast(sum(n_events * n_events) as double) as square_sum
    from months
    group by item_id
),

fans as (
    select
        item_id,
        count(*) as n_users,
        max(n_events) as most_by_one_user,
        cast(sum(n_events * n_events) as double) as square_sum,
        count(case when n_events > 1 then 1 end) as n_repeat_users,
        cast(sum(cast(round(strength * 1e6) as bigint)) as double) / 1e6 as strength,
        cast(sum(cast(round(mean_value * n_events * 1e6) as bigint)) as double) / 1e6 as value_sum
    from interaction_features
    group by item_id
)

select
    popularity.item_id,
    popularity.n_events,
    fans.n_users,
    popularity.age_days,
    popularity.recency_days,
    popularity.active_days,
    popularity.decayed_events_7d,
    popularity.decayed_events_30d,
    popularity.decayed_events_90d,
    popularity.decayed_events_365d,
    monthly.n_active_months / nullif(cast(popularity.n_months as double), 0) as active_month_share,
    sqrt(
        greatest(
            monthly.square_sum - popularity.n_events * 1e0 * popularity.n_events / nullif(popularity.n_months, 0), 0e0
        )
        / nullif(popularity.n_months - 1, 0)
    )
    / nullif(popularity.n_events / nullif(cast(popularity.n_months as double), 0), 0)
        as monthly_volatility,
    fans.square_sum / nullif(popularity.n_events * 1e0 * popularity.n_events, 0) as user_concentration,
    fans.most_by_one_user / nullif(popularity.n_events * 1e0, 0) as top_user_share,
    popularity.n_events / nullif(cast(fans.n_users as double), 0) as events_per_user,
    fans.n_repeat_users / nullif(cast(fans.n_users as double), 0) as repeat_user_share,
    fans.strength / nullif(cast(fans.n_users as double), 0) as strength_per_user,
    fans.value_sum / nullif(cast(popularity.n_events as double), 0) as mean_value,
    ln((popularity.n_events_30d + 1e0) / (popularity.n_events_before_30d + 1e0)) as trend_log_ratio
from popularity
inner join monthly on monthly.item_id = popularity.item_id
inner join fans on fans.item_id = popularity.item_id
