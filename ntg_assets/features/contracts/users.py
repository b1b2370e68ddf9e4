"""What the tables promise of users: their days and their features; also the feature manifest."""

import datetime as dt

from ntg_assets.contracts import Contract, column, contract, feature, identifier
from ntg_assets.features.contracts.terms import BEFORE, DAYS, PAIRS
from ntg_assets.summaries import summary


@contract("user_features")
@summary(
    measures={
        "mean_recency_days": "avg(recency_days)",
        "mean_active_days": "avg(active_days)",
        "mean_gap_days": "avg(mean_gap_days)",
        "share_active_7d": "avg(cast(active_days_7d > 0 as double))",
    },
    columns=(
        "user_id",
        "recency_days",
        "tenure_days",
        "active_days",
        "active_days_30d",
        "mean_gap_days",
        "n_items",
        "taste_volatility",
    ),
)
class UserFeatures(Contract):
    """One row per user who was active before the cutoff."""

    user_id: str = identifier("user", "Who")
    cutoff_on: dt.date = column("Nothing at or after the start of this day was seen")
    tenure_days: int = feature(
        "Days since the first active day",
        unit="days",
        window=BEFORE,
        nulls="never",
        sources=DAYS,
        ge=1,
    )
    recency_days: int = feature(
        "Days since the latest active day",
        unit="days",
        window=BEFORE,
        nulls="never",
        sources=DAYS,
        ge=1,
    )
    active_days: int = feature("Active days", window=BEFORE, nulls="never", sources=DAYS, ge=1)
    active_days_7d: int = feature(
        "Active days of the latest 7 days",
        window="[cutoff - 7 d, cutoff)",
        nulls="never",
        sources=DAYS,
        ge=0,
    )
    active_days_30d: int = feature(
        "Active days of the latest 30 days",
        window="[cutoff - 30 d, cutoff)",
        nulls="never",
        sources=DAYS,
        ge=0,
    )
    active_days_90d: int = feature(
        "Active days of the latest 90 days",
        window="[cutoff - 90 d, cutoff)",
        nulls="never",
        sources=DAYS,
        ge=0,
    )
    decayed_active_days_7d: float = feature(
        "Active days, each halved every 7 days", window=BEFORE, nulls="never", sources=DAYS, ge=0
    )
    decayed_active_days_30d: float = feature(
        "Active days, each halved every 30 days", window=BEFORE, nulls="never", sources=DAYS, ge=0
    )
    decayed_active_days_90d: float = feature(
        "Active days, each halved every 90 days", window=BEFORE, nulls="never", sources=DAYS, ge=0
    )
    decayed_active_days_365d: float = feature(
        "Active days, each halved every 365 days", window=BEFORE, nulls="never", sources=DAYS, ge=0
    )
    events_per_active_day: float = feature(
        "Interaction frequency: events per active day",
        window=BEFORE,
        nulls="never",
        sources="user_days.n_events",
        gt=0,
    )
    items_per_active_day: float = feature(
        "Different items per active day",
        window=BEFORE,
        nulls="never",
        sources="user_days.n_items",
        gt=0,
    )
    active_day_share: float = feature(
        "Persistence: active days by days of tenure",
        unit="share",
        window=BEFORE,
        nulls="never",
        sources=DAYS,
        gt=0,
        le=1,
    )
    mean_gap_days: float = feature(
        "Mean gap between active days",
        unit="days",
        window=BEFORE,
        nulls="with one active day: no gap yet",
        sources=DAYS,
        ge=1,
    )
    gap_variation: float = feature(
        "Standard deviation of the gaps by their mean (0: like clockwork)",
        window=BEFORE,
        nulls="with fewer than three active days",
        sources=DAYS,
        ge=0,
    )
    longest_gap_days: int = feature(
        "Longest gap between active days",
        unit="days",
        window=BEFORE,
        nulls="with one active day",
        sources=DAYS,
        ge=1,
    )
    recency_to_mean_gap: float = feature(
        "Days of silence by the user's own mean gap (above 1: overdue)",
        window=BEFORE,
        nulls="with one active day",
        sources=DAYS,
        gt=0,
    )
    trend_log_ratio: float = feature(
        "ln((active days of the latest 30 days + 1) / (of the 30 days before + 1))",
        window="[cutoff - 60 d, cutoff)",
        nulls="never",
        sources=DAYS,
    )
    weekly_volatility: float = feature(
        "Standard deviation of active days per week by their mean, silent weeks included",
        window=BEFORE,
        nulls="in the first week of tenure",
        sources=DAYS,
        ge=0,
    )
    value_per_active_day: float = feature(
        "Value per active day",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="user_days.value_sum",
    )
    decayed_value_90d: float = feature(
        "Value, each day's halved every 90 days",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="user_days.value_sum",
    )
    n_items: int = feature("Different items", window=BEFORE, nulls="never", sources=PAIRS, ge=1)
    repeat_item_share: float = feature(
        "Share of items met more than once", window=BEFORE, nulls="never", sources=PAIRS, ge=0, le=1
    )
    item_entropy: float = feature(
        "Shannon entropy of the user's events over items",
        unit="nats",
        window=BEFORE,
        nulls="never",
        sources=PAIRS,
        ge=0,
    )
    n_categories: int = feature(
        "Categories met",
        window=BEFORE,
        nulls="when no item of the user has a category",
        sources="item_categories.category",
        ge=1,
    )
    category_entropy: float = feature(
        "Content diversity: Shannon entropy of the user's events over categories",
        unit="nats",
        window=BEFORE,
        nulls="when no item of the user has a category",
        sources="item_categories.category",
        ge=0,
    )
    top_category_share: float = feature(
        "Share of the user's events in the category met most",
        unit="share",
        window=BEFORE,
        nulls="when no item of the user has a category",
        sources="item_categories.category",
        ge=0,
        le=1,
    )
    taste_volatility: float = feature(
        "Total variation distance between the category mix of the recent window and of the time"
        " before (0: same taste, 1: disjoint)",
        window="[cutoff - recent_days, cutoff) against all before",
        nulls="without categories, or without events in either window",
        sources="item_categories.category",
        ge=0,
        le=1.000001,  # rounding of the fixed-point sum
    )

    class Config:
        unique = ["user_id"]
