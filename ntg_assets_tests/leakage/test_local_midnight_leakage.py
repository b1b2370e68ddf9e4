"""The cutoff is midnight of the service's zone: what lies between it and that of UTC is on its
right side; no later event matters.
"""

from datetime import date, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.churn.snapshots import churn_labels, churn_snapshots, train_history
from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.local_days import first_instant, with_event_on
from ntg_assets.splits.boundaries import cutoff_day, event_calendar, split_boundaries
from ntg_assets.splits.parts import part_events
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import CHURN
from ntg_assets_tests.logs import EVENT_SCHEMA

CUTOFF_ON = date(2024, 11, 4)  # the day after a day of 25 hours in Los Angeles
SPLIT = SplitSettings(boundaries="dates", val_start=str(CUTOFF_ON), test_start="2024-11-20")
ZONES = {
    "America/Los_Angeles": datetime(2024, 11, 4, 8),
    "Asia/Kolkata": datetime(2024, 11, 3, 18, 30),
    "UTC": datetime(2024, 11, 4),
}
HOUR = timedelta(hours=1)


@cache
def visits(zone: str) -> pl.DataFrame:
    """Twenty people of whom some stop, at any time of day;
    and one who is there only around the cutoff, on either side of it.
    """
    rng = np.random.default_rng(4)
    rows = []
    for user in range(20):
        for day in np.flatnonzero(rng.random(int(rng.integers(60, 300))) < 0.3):
            at = datetime(2024, 2, 1) + timedelta(
                days=int(day), seconds=int(rng.integers(0, 86_400))
            )
            rows.append((user, int(rng.integers(1, 9)), at, "view", float(rng.integers(1, 9)), 1.0))
    cutoff_at = first_instant(CUTOFF_ON, zone)
    rows += [
        (99, 1, cutoff_at + step, "view", 1.0, 1.0)
        for step in (-8 * HOUR, -HOUR / 3600, 0 * HOUR, 8 * HOUR)
    ]
    rows.append((1, 1, datetime(2024, 12, 1), "view", 1.0, 1.0))
    return with_event_on(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"), zone)


def cut(log: pl.DataFrame, zone: str) -> tuple[pl.DataFrame, dict[str, pl.DataFrame]]:
    counts = run(query("splits", "event_calendar", {"events": log}, fine_below_days=30))
    boundaries = split_boundaries(event_calendar(counts, zone=zone), settings=SPLIT, zone=zone)
    return boundaries, {
        part: run(part_events(log, boundaries, part=part, settings=SPLIT))
        for part in ("train", "val", "test")
    }


def made_from_train(log: pl.DataFrame, zone: str) -> dict[str, pl.DataFrame]:
    """Make what counts days, up to what churn is learned from."""
    boundaries, parts = cut(log, zone)
    train, cutoff_on = parts["train"], cutoff_day(boundaries)
    days = run(query("features", "user_days", {"train_events": train})).sort("user_id", "active_on")
    pairs = run(
        query(
            "features",
            "interaction_features",
            {"train_events": train},
            cutoff_on=cutoff_on,
            recent_days=30,
        )
    )
    items = run(
        query(
            "features",
            "item_features",
            {"train_events": train, "interaction_features": pairs},
            cutoff_on=cutoff_on,
        )
    )
    history = train_history(boundaries)
    labels = run(churn_labels(days, history, settings=CHURN))
    snapshots = run(churn_snapshots(days, labels, history, settings=CHURN))
    made = {
        "user_days": days,
        "pairs": pairs,
        "items": items,
        "labels": labels,
        "snapshots": snapshots,
    }
    return {name: frame.sort(frame.columns[:2]) for name, frame in made.items()}


@cache
def as_it_was(zone: str) -> dict[str, pl.DataFrame]:
    return made_from_train(visits(zone), zone)


@pytest.mark.parametrize("zone", ZONES)
def test_what_lies_between_the_two_midnights_is_on_its_right_side(zone: str) -> None:
    boundaries, parts = cut(visits(zone), zone)
    assert boundaries["end_at"][0] == ZONES[zone]
    assert [
        parts[part].filter(pl.col("user_id") == 99).height for part in ("train", "val", "test")
    ] == [2, 2, 0]
    assert train_history(boundaries).cutoff_on == CUTOFF_ON
    for part, is_before in (("train", True), ("val", False), ("test", False)):
        assert set(parts[part]["event_on"] < CUTOFF_ON) == {is_before}
    tonight = as_it_was(zone)["snapshots"].filter(
        (pl.col("user_id") == 99) & (pl.col("snapshot_on") == CUTOFF_ON)
    )
    assert tonight.select("active_days", "recency_days").rows() == [(1, 1)]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_a_future_rewritten_from_local_midnight_on_changes_nothing(zone: str) -> None:
    log, cutoff_at = visits(zone), ZONES[zone]
    past, future = (
        log.filter(pl.col("event_at") < cutoff_at),
        log.filter(pl.col("event_at") >= cutoff_at),
    )
    at_once = past.with_columns(
        event_at=pl.lit(cutoff_at, pl.Datetime("us")), value=pl.lit(1e6), weight=pl.lit(99.0)
    )
    rewritten = with_event_on(pl.concat([past, at_once, future.tail(1)]), zone)
    changed = made_from_train(rewritten, zone)
    for name, frame in as_it_was(zone).items():
        assert_frame_equal(frame, changed[name], check_exact=True)


def test_the_last_moment_before_local_midnight_does_matter() -> None:
    # the test above can fail: one event more, before the local midnight and after that of UTC,
    # changes what is made
    zone = "America/Los_Angeles"
    log = visits(zone)
    late = with_event_on(
        log.head(1).with_columns(
            event_at=pl.lit(ZONES[zone] - HOUR, pl.Datetime("us")), item_id=pl.lit(8, pl.Int64)
        ),
        zone,
    )
    (_, before), (_, after) = cut(log, zone), cut(pl.concat([log, late]), zone)
    assert after["train"].height == before["train"].height + 1
    assert late["event_on"].item() == CUTOFF_ON - timedelta(days=1)
