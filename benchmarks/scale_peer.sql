-- The yardstick of `benchmarks/scale.py`: the set work of `ntg build-dataset` and `ntg build-features` as plain DuckDB SQL, without
-- contracts, hashes, quarantine or reproducible sums: what a careful analyst would write by hand.
-- Grain: see each table. Parameters (filled in by `scale.py`): $events, $items (files), $val_start, $test_start (instants).

create table items as
select
    item_id,
    title,
    categories
from read_parquet($items);

create table item_categories as
with parts as (
    select
        item_id,
        unnest(string_split(categories, '|')) as category,
        len(string_split(categories, '|')) as n_categories
    from items
)

select
    item_id,
    category,
    n_categories
from parts;

create table events as
select distinct
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    case event_type when 'view' then 3e-1 else 1e0 end as weight
from read_parquet($events)
where user_id is not null and item_id is not null and event_at is not null and isfinite(value);

create table train_events as
select
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    weight
from events
where event_at < $val_start;

create table val_events as
select
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    weight
from events
where event_at >= $val_start and event_at < $test_start;

create table test_events as
select
    user_id,
    item_id,
    event_at,
    event_type,
    value,
    weight
from events
where event_at >= $test_start;

create table user_days as
select
    user_id,
    cast(event_at as date) as active_on,
    count(*) as n_events,
    count(distinct item_id) as n_items,
    sum(weight) as engagement,
    sum(value) as value_sum
from train_events
group by user_id, cast(event_at as date);

create table interaction_features as
with pairs as (
    select
        user_id,
        item_id,
        count(*) as n_events,
        count(*) filter (where event_at >= cast($val_start as timestamp) - interval 90 day) as n_recent_events,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        sum(weight) as strength,
        sum(weight * pow(5e-1, date_diff('day', cast(event_at as date), cast($val_start as date)) / 30e0))
            as decayed_strength_30d,
        sum(weight * pow(5e-1, date_diff('day', cast(event_at as date), cast($val_start as date)) / 180e0))
            as decayed_strength_180d,
        avg(value) as mean_value
    from train_events
    group by user_id, item_id
),

user_norms as (
    select
        user_id,
        avg(strength) as strength,
        sum(mean_value * n_events) / sum(n_events) as mean_value
    from pairs
    group by user_id
),

item_norms as (
    select
        item_id,
        avg(strength) as strength,
        sum(mean_value * n_events) / sum(n_events) as mean_value
    from pairs
    group by item_id
)

select
    pairs.user_id,
    pairs.item_id,
    pairs.n_events,
    pairs.n_recent_events,
    pairs.first_event_at,
    pairs.last_event_at,
    date_diff('day', cast(pairs.last_event_at as date), cast($val_start as date)) as recency_days,
    pairs.strength,
    pairs.decayed_strength_30d,
    pairs.decayed_strength_180d,
    date_diff('day', cast(pairs.first_event_at as date), cast(pairs.last_event_at as date))
    / nullif(pairs.n_events - 1e0, 0) as repeat_gap_days,
    pairs.mean_value,
    pairs.strength / user_norms.strength as strength_to_user_norm,
    pairs.strength / item_norms.strength as strength_to_item_norm,
    pairs.mean_value - user_norms.mean_value as value_above_user_norm,
    pairs.mean_value - item_norms.mean_value as value_above_item_norm
from pairs
inner join user_norms on user_norms.user_id = pairs.user_id
inner join item_norms on item_norms.item_id = pairs.item_id;

create table user_features as
with placed as (
    select
        *,
        date_diff('day', active_on, cast($val_start as date)) as age_days,
        date_diff('day', lag(active_on) over (partition by user_id order by active_on), active_on) as gap_days
    from user_days
),

activity as (
    select
        user_id,
        max(age_days) as tenure_days,
        min(age_days) as recency_days,
        count(*) as active_days,
        count(*) filter (where age_days <= 7) as active_days_7d,
        count(*) filter (where age_days <= 30) as active_days_30d,
        count(*) filter (where age_days <= 90) as active_days_90d,
        sum(pow(5e-1, age_days / 7e0)) as decayed_active_days_7d,
        sum(pow(5e-1, age_days / 30e0)) as decayed_active_days_30d,
        sum(pow(5e-1, age_days / 90e0)) as decayed_active_days_90d,
        sum(pow(5e-1, age_days / 365e0)) as decayed_active_days_365d,
        avg(n_events) as events_per_active_day,
        avg(n_items) as items_per_active_day,
        avg(gap_days) as mean_gap_days,
        stddev_samp(gap_days) / avg(gap_days) as gap_variation,
        max(gap_days) as longest_gap_days,
        ln(
            (count(*) filter (where age_days <= 30) + 1e0)
            / (count(*) filter (where age_days > 30 and age_days <= 60) + 1e0)
        ) as trend_log_ratio,
        avg(value_sum) as value_per_active_day,
        sum(value_sum * pow(5e-1, age_days / 90e0)) as decayed_value_90d
    from placed
    group by user_id
),

weeks as (
    select
        user_id,
        floor((age_days - 1) / 7e0) as weeks_ago,
        count(*) as n_days
    from placed
    group by user_id, floor((age_days - 1) / 7e0)
),

weekly as (
    select
        user_id,
        count(*) as n_weeks,
        sum(n_days * n_days) as square_sum
    from weeks
    group by user_id
),

breadth as (
    select
        user_id,
        count(*) as n_items,
        count(*) filter (where n_events > 1) as n_repeat_items,
        ln(sum(n_events)) - sum(n_events * ln(n_events)) / sum(n_events) as item_entropy
    from interaction_features
    group by user_id
),

category_parts as (
    select
        interaction_features.user_id,
        item_categories.category,
        sum(interaction_features.n_events / item_categories.n_categories) as n_events,
        sum(interaction_features.n_recent_events / item_categories.n_categories) as n_recent_events
    from interaction_features
    inner join item_categories on item_categories.item_id = interaction_features.item_id
    group by interaction_features.user_id, item_categories.category
),

category_sums as (
    select
        user_id,
        count(*) as n_categories,
        ln(sum(n_events)) - sum(n_events * ln(n_events)) / sum(n_events) as category_entropy,
        max(n_events) / sum(n_events) as top_category_share,
        sum(n_events) as n_events,
        sum(n_recent_events) as n_recent_events
    from category_parts
    group by user_id
),

drift as (
    select
        category_parts.user_id,
        sum(abs(
            category_parts.n_recent_events / nullif(category_sums.n_recent_events, 0)
            - (category_parts.n_events - category_parts.n_recent_events)
            / nullif(category_sums.n_events - category_sums.n_recent_events, 0)
        )) / 2 as taste_volatility
    from category_parts
    inner join category_sums on category_sums.user_id = category_parts.user_id
    group by category_parts.user_id
)

select
    activity.*,
    weekly.n_weeks,
    weekly.square_sum,
    breadth.n_items,
    breadth.n_repeat_items / breadth.n_items as repeat_item_share,
    breadth.item_entropy,
    category_sums.n_categories,
    category_sums.category_entropy,
    category_sums.top_category_share,
    drift.taste_volatility
from activity
inner join weekly on weekly.user_id = activity.user_id
inner join breadth on breadth.user_id = activity.user_id
left join category_sums on category_sums.user_id = activity.user_id
left join drift on drift.user_id = activity.user_id;

create table item_features as
with item_days as (
    select
        item_id,
        cast(event_at as date) as active_on,
        date_diff('day', cast(event_at as date), cast($val_start as date)) as age_days,
        count(*) as n_events
    from train_events
    group by item_id, cast(event_at as date)
),

popularity as (
    select
        item_id,
        sum(n_events) as n_events,
        count(*) as active_days,
        max(age_days) as age_days,
        min(age_days) as recency_days,
        sum(n_events * pow(5e-1, age_days / 7e0)) as decayed_events_7d,
        sum(n_events * pow(5e-1, age_days / 30e0)) as decayed_events_30d,
        sum(n_events * pow(5e-1, age_days / 90e0)) as decayed_events_90d,
        sum(n_events * pow(5e-1, age_days / 365e0)) as decayed_events_365d,
        ln(
            (coalesce(sum(n_events) filter (where age_days <= 30), 0) + 1e0)
            / (coalesce(sum(n_events) filter (where age_days > 30 and age_days <= 60), 0) + 1e0)
        ) as trend_log_ratio
    from item_days
    group by item_id
),

months as (
    select
        item_id,
        floor((age_days - 1) / 28e0) as months_ago,
        sum(n_events) as n_events
    from item_days
    group by item_id, floor((age_days - 1) / 28e0)
),

monthly as (
    select
        item_id,
        count(*) as n_active_months,
        sum(n_events * n_events) as square_sum
    from months
    group by item_id
),

fans as (
    select
        item_id,
        count(*) as n_users,
        max(n_events) as most_by_one_user,
        sum(n_events * n_events) as square_sum,
        count(*) filter (where n_events > 1) as n_repeat_users,
        sum(strength) as strength,
        sum(mean_value * n_events) as value_sum
    from interaction_features
    group by item_id
)

select
    popularity.*,
    monthly.n_active_months,
    monthly.square_sum as monthly_square_sum,
    fans.n_users,
    fans.square_sum / (popularity.n_events * popularity.n_events) as user_concentration,
    fans.most_by_one_user / popularity.n_events as top_user_share,
    popularity.n_events / fans.n_users as events_per_user,
    fans.n_repeat_users / fans.n_users as repeat_user_share,
    fans.strength / fans.n_users as strength_per_user,
    fans.value_sum / popularity.n_events as mean_value
from popularity
inner join monthly on monthly.item_id = popularity.item_id
inner join fans on fans.item_id = popularity.item_id;
