-- Users as they were at each day they are looked at: the snapshots of the past, the cutoff, one step before it, the day after the last visit.
-- Grain: one row per (user, snapshot).
-- Parameters: none (`activity` carries the days).
select
    user_id,
    cutoff_on as snapshot_on,
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
    active_day_share,
    events_per_active_day,
    items_per_active_day,
    mean_gap_days,
    gap_variation,
    longest_gap_days,
    recency_to_mean_gap,
    trend_log_ratio,
    weekly_volatility,
    value_per_active_day,
    decayed_value_90d
from activity
