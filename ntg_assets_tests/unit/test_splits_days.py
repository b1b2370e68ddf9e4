"""Cutoffs are midnights of the service's zone: before the day and before the instant are the same,
also over a change of clocks.
"""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from ntg_assets.churn.snapshots import train_history
from ntg_assets.configuration.splits import SplitSettings
from ntg_assets.evaluation.gate.leakage_audit import leakage_audit
from ntg_assets.local_days import shift_instant, with_event_on
from ntg_assets.splits.boundaries import (
    complete_until_day,
    cutoff_day,
    event_calendar,
    everything_known,
    split_boundaries,
    train_end,
    zone_of,
)
from ntg_assets.splits.parts import part_events
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import EVENT_SCHEMA, events
from ntg_assets_tests.unit.test_leakage_audit import clean

ANGELES, KOLKATA = "America/Los_Angeles", "Asia/Kolkata"
MORNING = timedelta(hours=17)  # nine in the morning in Los Angeles
QUANTILE = {"boundaries": "quantile", "val_share": 0.3, "test_share": 0.3}
# over the change of clocks
LAST_DAYS = {"boundaries": "last_days", "val_days": 10, "test_days": 40}


def daily(
    first: date, n_days: int, *, zone: str = ANGELES, at: timedelta = MORNING
) -> pl.DataFrame:
    """One event a day, so long after midnight of UTC."""
    days = pl.datetime_range(first, first + timedelta(days=n_days - 1), eager=True) + at
    full = [
        pl.Series(days).cast(pl.Datetime("us")).alias("event_at"),
        *(pl.lit(one).alias(name) for name, one in ONE_EVENT.items()),
    ]
    return with_event_on(pl.select(full).select(*EVENT_SCHEMA).cast(EVENT_SCHEMA), zone)


ONE_EVENT = {"user_id": 1, "item_id": 1, "event_type": "view", "value": 1.0, "weight": 1.0}


def calendar_of(log: pl.DataFrame, *, zone: str = ANGELES) -> pl.DataFrame:
    return event_calendar(
        run(query("splits", "event_calendar", {"events": log}, fine_below_days=30)), zone=zone
    )


def boundaries_of(log: pl.DataFrame, *, zone: str = ANGELES, **settings: Any) -> pl.DataFrame:
    return split_boundaries(
        calendar_of(log, zone=zone), settings=SplitSettings(**settings), zone=zone
    )


@pytest.mark.parametrize(
    ("first", "zone", "how"),
    [
        (date(2024, 2, 1), ANGELES, QUANTILE),  # over 10 March, a day of 23 hours
        (date(2024, 10, 1), "Europe/Berlin", LAST_DAYS),  # over 27 October, a day of 25 hours
        (date(2024, 2, 1), KOLKATA, QUANTILE),
        (date(2011, 12, 1), "Pacific/Apia", LAST_DAYS),  # over a day that was left out
        (date(2018, 10, 1), "America/Sao_Paulo", QUANTILE),  # over a day without a midnight
        (date(2010, 10, 1), "America/St_Johns", LAST_DAYS),  # over a midnight that came twice
    ],
)
def test_parts_end_at_local_midnights_where_days_and_instants_agree(
    first: date, zone: str, how: dict[str, Any]
) -> None:
    log = pl.concat(
        [
            daily(first, 60, zone=zone, at=timedelta(minutes=minute))
            for minute in (1, 29, 177, 211, 423, 601, 1079, 1113, 1379)
        ]
    )
    boundaries = boundaries_of(log, zone=zone, **how)
    assert (zone_of(boundaries), complete_until_day(boundaries)) == (zone, cutoff_day(boundaries))
    cutoff_at, cutoff_on = train_end(boundaries), cutoff_day(boundaries)
    assert log.filter(pl.col("event_at") < cutoff_at).equals(
        log.filter(pl.col("event_on") < cutoff_on)
    )
    parts = [
        run(part_events(log, boundaries, part=part, settings=SplitSettings()))
        for part in ("train", "val", "test")
    ]
    days = [set(part["event_on"]) for part in parts]
    assert sum(part.height for part in parts) == log.height
    assert not days[0] & days[1]
    assert not days[1] & days[2]


def test_days_of_23_and_25_hours_are_one_day_each() -> None:
    for first, hours in ((date(2024, 3, 10), 23), (date(2024, 11, 3), 25)):
        calendar = calendar_of(daily(first - timedelta(days=20), 41))
        assert calendar.height == 41
        assert calendar["n_events"].to_list() == [1] * 41
        row = calendar.filter(pl.col("bucket_on") == first).row(0, named=True)
        assert row["ends_at"] - row["bucket_at"] == timedelta(hours=hours)
        assert calendar["bucket_at"].to_list()[1:] == calendar["ends_at"].to_list()[:-1]


def test_dates_of_the_configuration_are_local_days() -> None:
    log = daily(date(2024, 2, 1), 60)
    given = {"boundaries": "dates", "val_start": "2024-03-01", "test_start": "2024-03-20T00:00"}
    boundaries = boundaries_of(log, **given)
    # clocks changed in between
    assert boundaries["end_at"].to_list()[:2] == [datetime(2024, 3, 1, 8), datetime(2024, 3, 20, 7)]
    assert train_history(boundaries).cutoff_on == date(2024, 3, 1)
    told = boundaries_of(log, **given | {"val_start": "2024-03-01T00:00:00+00:00"})
    assert train_end(told) == datetime(2024, 3, 1)  # an offset makes an instant


@pytest.mark.parametrize(
    ("zone", "hour", "start_on"),
    # the evening of the day before, the night of the day after
    [(ANGELES, 2, date(2024, 1, 1)), (KOLKATA, 20, date(2024, 1, 3))],
)
def test_history_is_on_the_calendar_of_the_zone(zone: str, hour: int, start_on: date) -> None:
    log = daily(date(2024, 1, 2), 40, zone=zone, at=timedelta(hours=hour))
    history = train_history(everything_known(calendar_of(log, zone=zone), zone=zone))
    end_on = start_on + timedelta(days=40)
    assert (history.start_on, history.cutoff_on, history.complete_until_on) == (
        start_on,
        end_on,
        end_on,
    )


def test_boundaries_of_an_older_publication_are_of_utc() -> None:
    assert zone_of(boundaries_of(daily(date(2024, 1, 2), 40)).drop("timezone")) == "UTC"


def test_the_audit_holds_days_against_the_cutoff_too() -> None:
    boundaries = boundaries_of(
        daily(date(2024, 1, 1), 90),
        boundaries="dates",
        val_start="2024-02-01",
        test_start="2024-03-01",
    )
    evening, night = (1, 1, "2024-02-01T07:30:00"), (1, 1, "2024-02-01T08:30:00")
    good = {
        **clean(),
        "train_events": events((2, 2, "2024-01-05T20:00"), evening, zone=ANGELES),
        "val_events": events(night, zone=ANGELES),
    }
    good["test_events"] = events((1, 3, "2024-03-01T09:00"), zone=ANGELES)
    assert run(leakage_audit(good, boundaries))["n_violations"].sum() == 0
    by_utc = {
        **good,
        "train_events": events((2, 2, "2024-01-05T20:00"), evening),
        "val_events": events((1, 1, "2024-02-02T08:30")),
    }
    broken = run(leakage_audit(by_utc, boundaries)).filter(pl.col("n_violations") > 0)
    assert broken.select("table_name", "rule", "n_violations").rows() == [
        ("train_events", "no day at or after the cutoff", 1)
    ]
    early = {**good, "val_events": events(night).with_columns(event_on=pl.lit(date(2024, 1, 31)))}
    broken = run(leakage_audit(early, boundaries)).filter(pl.col("n_violations") > 0)
    assert broken.select("table_name", "rule", "n_violations").rows() == [
        ("val_events", "no day before the cutoff", 1)
    ]


@pytest.mark.parametrize("zone", [ANGELES, "UTC"])
def test_outcomes_after_the_cutoff_are_whole_local_days_over_a_change_of_clocks(zone: str) -> None:
    cutoff_at = train_end(
        boundaries_of(
            daily(date(2024, 2, 1), 60, zone=zone),
            zone=zone,
            boundaries="dates",
            val_start="2024-03-08",
            test_start="2024-03-20",
        )
    )
    log = pl.concat(
        [
            daily(date(2024, 2, 1), 60, zone=zone, at=timedelta(minutes=minute))
            for minute in range(29, 1440, 60)
        ]
    )
    limits = {"from_at": cutoff_at, "until_at": shift_instant(cutoff_at, 5, zone)}
    seen = run(
        query(
            "evaluation.churn",
            "churn_outcomes",
            {"val_events": log, "test_events": log.clear()},
            **limits,
        )
    )
    n_events = 24 * 5 - (zone == ANGELES)  # one of the five days has 23 hours
    assert seen.select("window_active_days", "window_value").rows() == [(5, n_events)]
