"""What the table promises of items; also their part of the feature manifest."""

from ntg_assets.contracts import Contract, contract, feature, identifier
from ntg_assets.features.contracts.terms import BEFORE, PAIRS


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
