-- What is known of each user at the stage's cutoff: activity and taste side by side.
-- Grain: one row per user with an event before the cutoff.
-- Parameters: none (`activity` and `taste` carry the cutoff).
select
    activity.user_id,
    activity.cutoff_on,
    activity.tenure_days,
    activity.recency_days,
    activity.active_days,
    activity.active_days_7d,
    activity.active_days_30d,
    activity.active_days_90d,
    activity.decayed_active_days_7d,
    activity.decayed_active_days_30d,
    activity.decayed_active_days_90d,
    activity.decayed_active_days_365d,
    activity.events_per_active_day,
    activity.items_per_active_day,
    activity.active_day_share,
    activity.mean_gap_days,
    activity.gap_variation,
    activity.longest_gap_days,
    activity.recency_to_mean_gap,
    activity.trend_log_ratio,
    activity.weekly_volatility,
    activity.value_per_active_day,
    activity.decayed_value_90d,
    taste.n_items,
    taste.repeat_item_share,
    taste.item_entropy,
    taste.n_categories,
    taste.category_entropy,
    taste.top_category_share,
    taste.taste_volatility
from activity
inner join taste on taste.user_id = activity.user_id
