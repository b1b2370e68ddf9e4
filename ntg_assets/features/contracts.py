"""Contracts of the features; what they say of each column is also the feature manifest."""

import datetime as dt

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract, feature, identifier
from ntg_assets.summaries import summary

BEFORE = "all before the cutoff"
DAYS = "user_days.active_on"
PAIRS = "interaction_features.n_events"


@contract("user_days")
class UserDays(Contract):
    """One row per user and day with an event."""

    user_id: str = identifier("user", "Who")
    active_on: dt.date = column("Day of the service's zone")
    n_events: int = column("Events of the day", ge=1)
    n_items: int = column("Different items of the day", ge=1)
    engagement: float = column("Sum of the strengths of the day's events", ge=0)
    value_sum: float = column("Sum of the values of the day's events")

    class Config:
        unique = ["user_id", "active_on"]


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


@contract("item_features")
class ItemFeatures(Contract):
    """One row per item with an event before the cutoff."""

    item_id: str = identifier("item", "What")
    n_events: int = feature(
        "Popularity: events", window=BEFORE, nulls="never", sources="train_events", ge=1
    )
    n_users: int = feature("Users", window=BEFORE, nulls="never", sources=PAIRS, ge=1)
    age_days: int = feature(
        "Days since the first event",
        unit="days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=1,
    )
    recency_days: int = feature(
        "Days since the latest event",
        unit="days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=1,
    )
    active_days: int = feature(
        "Days with an event", window=BEFORE, nulls="never", sources="train_events.event_on", ge=1
    )
    decayed_events_7d: float = feature(
        "Events, each halved every 7 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=0,
    )
    decayed_events_30d: float = feature(
        "Events, each halved every 30 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=0,
    )
    decayed_events_90d: float = feature(
        "Events, each halved every 90 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=0,
    )
    decayed_events_365d: float = feature(
        "Events, each halved every 365 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=0,
    )
    active_month_share: float = feature(
        "Persistence of popularity: share of 28-day months since the first event that hold one",
        unit="share",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        gt=0,
        le=1,
    )
    monthly_volatility: float = feature(
        "Stability: standard deviation of events per 28-day month by their mean, silent months"
        " included",
        window=BEFORE,
        nulls="in the first month",
        sources="train_events.event_on",
        ge=0,
    )
    user_concentration: float = feature(
        "Exposure concentration: Herfindahl index of the item's events over users (1: a single"
        " fan)",
        window=BEFORE,
        nulls="never",
        sources=PAIRS,
        gt=0,
        le=1,
    )
    top_user_share: float = feature(
        "Share of events by the user with most",
        unit="share",
        window=BEFORE,
        nulls="never",
        sources=PAIRS,
        gt=0,
        le=1,
    )
    events_per_user: float = feature(
        "Consumption depth: events per user", window=BEFORE, nulls="never", sources=PAIRS, ge=1
    )
    repeat_user_share: float = feature(
        "Share of users who came back to the item",
        unit="share",
        window=BEFORE,
        nulls="never",
        sources=PAIRS,
        ge=0,
        le=1,
    )
    strength_per_user: float = feature(
        "Consumption depth: strength of engagement per user",
        window=BEFORE,
        nulls="never",
        sources="train_events.weight",
        ge=0,
    )
    mean_value: float = feature(
        "Mean value per event",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="train_events.value",
    )
    trend_log_ratio: float = feature(
        "ln((events of the latest 30 days + 1) / (of the 30 days before + 1))",
        window="[cutoff - 60 d, cutoff)",
        nulls="never",
        sources="train_events.event_on",
    )

    class Config:
        unique = ["item_id"]


@contract("interaction_features")
class InteractionFeatures(Contract):
    """One row per user and item that met before the cutoff."""

    user_id: str = identifier("user", "Who")
    item_id: str = identifier("item", "What")
    n_events: int = feature("Events", window=BEFORE, nulls="never", sources="train_events", ge=1)
    n_recent_events: int = feature(
        "Events of the recent window",
        window="[cutoff - recent_days, cutoff)",
        nulls="never",
        sources="train_events",
        ge=0,
    )
    first_event_at: Timestamp = feature(
        "First event", unit="UTC", window=BEFORE, nulls="never", sources="train_events.event_at"
    )
    last_event_at: Timestamp = feature(
        "Latest event", unit="UTC", window=BEFORE, nulls="never", sources="train_events.event_at"
    )
    recency_days: int = feature(
        "Days since the latest event",
        unit="days",
        window=BEFORE,
        nulls="never",
        sources="train_events.event_on",
        ge=1,
    )
    strength: float = feature(
        "Sum of the strengths of the events",
        window=BEFORE,
        nulls="never",
        sources="train_events.weight",
        ge=0,
    )
    decayed_strength_30d: float = feature(
        "Strength, halved every 30 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.weight",
        ge=0,
    )
    decayed_strength_180d: float = feature(
        "Strength, halved every 180 days",
        window=BEFORE,
        nulls="never",
        sources="train_events.weight",
        ge=0,
    )
    repeat_gap_days: float = feature(
        "Repeat consumption: mean days from one event to the next",
        unit="days",
        window=BEFORE,
        nulls="with a single event",
        sources="train_events.event_on",
        ge=0,
    )
    mean_value: float = feature(
        "Mean value per event",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="train_events.value",
    )
    strength_to_user_norm: float = feature(
        "Strength by the user's mean strength per item",
        window=BEFORE,
        nulls="when the user's events weigh nothing",
        sources="train_events.weight",
        ge=0,
    )
    strength_to_item_norm: float = feature(
        "Strength by the item's mean strength per user",
        window=BEFORE,
        nulls="when the item's events weigh nothing",
        sources="train_events.weight",
        ge=0,
    )
    value_above_user_norm: float = feature(
        "Mean value less the user's mean value per event",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="train_events.value",
    )
    value_above_item_norm: float = feature(
        "Mean value less the item's mean value per event",
        unit="value",
        window=BEFORE,
        nulls="never",
        sources="train_events.value",
    )

    class Config:
        unique = ["user_id", "item_id"]


@contract("feature_manifest")
class FeatureManifest(Contract):
    """One row per feature: what it means and what its column holds."""

    entity: str = column(
        "What a row of the feature's table is", isin=("user", "item", "interaction")
    )
    table_name: str = column("Table of the feature")
    feature: str = column("Column")
    data_type: str = column("Type of the column")
    definition: str = column("What it means")
    unit: str = column("Unit", nullable=True)
    window: str = column("Time it looks at")
    null_policy: str = column("When it is null, and what that says")
    source_columns: str = column("What it is made from")
    version: str = column("Changes with the definition, the window, the sources or the SQL text")
    n_rows: int = column("Rows of the table", ge=0)
    null_share: float = column(
        "Share of rows in which it is null", unit="share", ge=0, le=1, nullable=True
    )
    minimum: float = column("Smallest value", nullable=True)
    mean: float = column("Mean value", nullable=True)
    maximum: float = column("Largest value", nullable=True)

    class Config:
        unique = ["table_name", "feature"]
