-- How broad a user's taste is and how much it moves, from what the user has engaged with before the cutoff.
-- An event counts for each category of its item in equal parts. Sums are of millionths, so the order of rows is free.
-- Grain: one row per user with an event before the cutoff.
-- Parameters: none (`interaction_features` carries the cutoff and the recent window).
with items_of_user as (
    select
        user_id,
        count(*) as n_items,
        cast(sum(n_events) as double) as n_events,
        cast(sum(n_recent_events) as double) as n_recent_events,
        count(case when n_events > 1 then 1 end) as n_repeat_items,
        cast(sum(cast(round(n_events * ln(n_events) * 1e6) as bigint)) as double) / 1e6 as event_log_sum
    from interaction_features
    group by user_id
),

category_parts as (
    select
        interaction_features.user_id,
        item_categories.category,
        sum(cast(floor(interaction_features.n_events * 1e6 / nullif(item_categories.n_categories, 0)) as bigint))
            as millionths,
        sum(
            cast(floor(interaction_features.n_recent_events * 1e6 / nullif(item_categories.n_categories, 0)) as bigint)
        ) as recent_millionths
    from interaction_features
    inner join item_categories on item_categories.item_id = interaction_features.item_id
    group by interaction_features.user_id, item_categories.category
),

category_sums as (
    select
        user_id,
        count(*) as n_categories,
        cast(sum(millionths) as double) as millionths,
        cast(sum(recent_millionths) as double) as recent_millionths,
        cast(max(millionths) as double) as top_millionths
    from category_parts
    group by user_id
),

category_spread as (
    select
        category_parts.user_id,
        sum(cast(round(
            -1e9 * (category_parts.millionths / nullif(category_sums.millionths, 0))
            * ln(nullif(category_parts.millionths, 0) / nullif(category_sums.millionths, 0))
        ) as bigint)) as entropy_billionths,
        sum(cast(round(5e8 * abs(
            category_parts.recent_millionths / nullif(category_sums.recent_millionths, 0)
            - (category_parts.millionths - category_parts.recent_millionths)
            / nullif(category_sums.millionths - category_sums.recent_millionths, 0)
        )) as bigint)) as drift_billionths
    from category_parts
    inner join category_sums on category_sums.user_id = category_parts.user_id
    group by category_parts.user_id
)

select
    items_of_user.user_id,
    items_of_user.n_items,
    items_of_user.n_repeat_items / nullif(cast(items_of_user.n_items as double), 0) as repeat_item_share,
    greatest(ln(items_of_user.n_events) - items_of_user.event_log_sum / nullif(items_of_user.n_events, 0), 0e0)
        as item_entropy,
    category_sums.n_categories,
    cast(category_spread.entropy_billionths as double) / 1e9 as category_entropy,
    category_sums.top_millionths / nullif(category_sums.millionths, 0) as top_category_share,
    cast(category_spread.drift_billionths as double) / 1e9 as taste_volatility
from items_of_user
left join category_sums on category_sums.user_id = items_of_user.user_id
left join category_spread on category_spread.user_id = items_of_user.user_id
