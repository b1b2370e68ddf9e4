"""What the table promises of users and items together; also their part of the feature manifest."""

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, contract, feature, identifier
from ntg_assets.features.contracts.terms import BEFORE


@contract("interaction_features", grows_with_events=True)
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
