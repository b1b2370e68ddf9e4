-- How strongly a user has engaged with an item before the cutoff, against the user's and the item's own norm.
-- The grouping of events into pairs costs most, and grows with every sum it carries: what can be made of its results is made later.
-- Grain: one row per (user, item) with an event before the cutoff.
-- Parameters: $cutoff_on (date): only events strictly before count; $recent_days: length of the recent window (days).
with seen as (
    select
        user_id,
        item_id,
        event_at,
        date_diff('day', cast(event_on as date), cast($cutoff_on as date)) as age_days,
        cast(round(weight * 1e6) as bigint) as weight_millionths,
        cast(round(value * 1e6) as bigint) as value_millionths
    from train_events
    where event_on < cast($cutoff_on as date)
),

pairs as (
    select
        user_id,
        item_id,
        count(*) as n_events,
        count(case when age_days <= $recent_days then 1 end) as n_recent_events,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at,
        max(age_days) as age_days,
        min(age_days) as recency_days,
        cast(sum(weight_millionths) as bigint) as weight_millionths,
        cast(sum(cast(round(weight_millionths * pow(5e-1, age_days / 30e0)) as bigint)) as bigint)
            as weight_millionths_30d,
        cast(sum(cast(round(weight_millionths * pow(5e-1, age_days / 180e0)) as bigint)) as bigint)
            as weight_millionths_180d,
        cast(sum(value_millionths) as bigint) as value_millionths
    from seen
    group by user_id, item_id
),

user_norms as (
    select
        user_id,
        cast(sum(weight_millionths) as double) / nullif(count(*), 0) as weight_per_pair,
        cast(sum(value_millionths) as double) / nullif(cast(sum(n_events) as double), 0) as value_per_event
    from pairs
    group by user_id
),

item_norms as (
    select
        item_id,
        cast(sum(weight_millionths) as double) / nullif(count(*), 0) as weight_per_pair,
        cast(sum(value_millionths) as double) / nullif(cast(sum(n_events) as double), 0) as value_per_event
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
    pairs.recency_days,
    pairs.weight_millionths / 1e6 as strength,
    pairs.weight_millionths_30d / 1e6 as decayed_strength_30d,
    pairs.weight_millionths_180d / 1e6 as decayed_strength_180d,
    (pairs.age_days - pairs.recency_days) / nullif(pairs.n_events - 1e0, 0) as repeat_gap_days,
    pairs.value_millionths / nullif(pairs.n_events * 1e6, 0) as mean_value,
    pairs.weight_millionths / nullif(user_norms.weight_per_pair, 0) as strength_to_user_norm,
    pairs.weight_millionths / nullif(item_norms.weight_per_pair, 0) as strength_to_item_norm,
    pairs.value_millionths / nullif(pairs.n_events * 1e6, 0)
    - user_norms.value_per_event / 1e6 as value_above_user_norm,
    pairs.value_millionths / nullif(pairs.n_events * 1e6, 0) - item_norms.value_per_event / 1e6 as value_above_item_norm
from pairs
inner join user_norms on user_norms.user_id = pairs.user_id
inner join item_norms on item_norms.item_id = pairs.item_id
