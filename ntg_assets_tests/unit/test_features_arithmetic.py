"""Features are what their definitions say, on logs small enough to count by hand."""

from datetime import date, timedelta
from math import log, sqrt

import polars as pl
import pytest

from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events

CUTOFF = date(2024, 3, 1)  # a Friday
ONE_CATEGORY_EACH = {1: ["drama"], 2: ["comedy"], 3: ["drama", "comedy"]}


def days_of(log_: pl.DataFrame) -> pl.DataFrame:
    return run(query("features", "user_days", {"train_events": log_}))


def activity(log_: pl.DataFrame, cutoff: date = CUTOFF) -> dict[str, object]:
    days = days_of(log_)
    return run(user_activity_features(days, active_users_at(days, cutoff))).row(0, named=True)


def pairs_of(log_: pl.DataFrame, *, recent_days: int = 30) -> pl.DataFrame:
    found = run(
        query(
            "features",
            "interaction_features",
            {"train_events": log_},
            cutoff_on=CUTOFF,
            recent_days=recent_days,
        )
    )
    return found.sort("user_id", "item_id")


def items_of(log_: pl.DataFrame) -> pl.DataFrame:
    tables = {"train_events": log_, "interaction_features": pairs_of(log_)}
    return run(query("features", "item_features", tables, cutoff_on=CUTOFF)).sort("item_id")


def taste_of(log_: pl.DataFrame, categories: dict[int, list[str]]) -> pl.DataFrame:
    rows = [
        (item, name, place, len(names))
        for item, names in categories.items()
        for place, name in enumerate(names, start=1)
    ]
    schema = {
        "item_id": pl.Int64,
        "category": pl.String,
        "position": pl.Int64,
        "n_categories": pl.Int64,
    }
    tables = {
        "interaction_features": pairs_of(log_),
        "item_categories": pl.DataFrame(rows, schema=schema, orient="row"),
    }
    return run(query("features", "user_taste_features", tables)).sort("user_id")


def test_user_days_count_events_items_strength_and_value() -> None:
    log_ = events(
        (1, 1, "2024-01-01T01:00"),
        (1, 1, "2024-01-01T02:00"),
        (1, 2, "2024-01-01T23:59:59"),
        (1, 2, "2024-01-02"),
    )
    log_ = log_.with_columns(
        pl.Series("weight", [0.2, 0.2, 1.0, 1.0]), pl.Series("value", [1.5, 2.5, 3.0, -4.0])
    )
    assert days_of(log_).sort("active_on").rows() == [
        (1, date(2024, 1, 1), 3, 2, 0.2 + 0.2 + 1.0, 1.5 + 2.5 + 3.0),
        (1, date(2024, 1, 2), 1, 1, 1.0, -4.0),
    ]


def test_recency_tenure_and_windows_end_before_the_cutoff() -> None:
    found = activity(
        events(
            (1, 1, "2024-01-01"),
            (1, 1, "2024-02-23"),
            (1, 1, "2024-02-29T23:59:59"),
            (1, 1, "2024-03-01"),
            (1, 1, "2024-05-01"),
        )
    )
    assert (found["tenure_days"], found["recency_days"], found["active_days"]) == (60, 1, 3)
    # 23 February is 7 days before
    assert (found["active_days_7d"], found["active_days_30d"], found["active_days_90d"]) == (
        2,
        2,
        3,
    )


def test_recency_decay_halves_each_half_life() -> None:
    found = activity(events((1, 1, "2024-02-29"), (1, 1, "2024-01-31")))
    assert found["decayed_active_days_30d"] == pytest.approx(
        0.5 ** (1 / 30) + 0.5 ** (30 / 30), abs=2e-9
    )
    assert found["decayed_active_days_7d"] == pytest.approx(
        0.5 ** (1 / 7) + 0.5 ** (30 / 7), abs=2e-9
    )


def test_gaps_have_mean_spread_and_longest() -> None:
    found = activity(
        events(
            (1, 1, "2024-02-01"), (1, 1, "2024-02-03"), (1, 1, "2024-02-13"), (1, 1, "2024-02-16")
        )
    )
    gaps = [2, 10, 3]
    mean = sum(gaps) / 3
    assert found["mean_gap_days"] == mean
    assert found["longest_gap_days"] == 10
    assert found["gap_variation"] == pytest.approx(
        sqrt(sum((gap - mean) ** 2 for gap in gaps) / 2) / mean
    )
    assert found["recency_to_mean_gap"] == 14 / mean


def test_single_day_has_no_gap_and_says_so() -> None:
    found = activity(events((1, 1, "2024-02-29")))
    assert [
        found[name]
        for name in ("mean_gap_days", "gap_variation", "longest_gap_days", "recency_to_mean_gap")
    ] == [None] * 4


def test_weekly_volatility_counts_silent_weeks() -> None:
    found = activity(
        events(
            (1, 1, "2024-02-05"), (1, 1, "2024-02-06"), (1, 1, "2024-02-19"), (1, 1, "2024-02-27")
        )
    )
    weeks = [2, 0, 1, 1]  # weeks of 5, 12, 19 and 26 February
    mean = sum(weeks) / 4
    assert found["weekly_volatility"] == pytest.approx(
        sqrt(sum((week - mean) ** 2 for week in weeks) / 3) / mean
    )


@pytest.mark.parametrize("days_of_weeks", [[1, 2, 3, 4], [7, 0, 7, 4], [5, 6, 7, 0], [0, 0, 7, 4]])
def test_weekly_volatility_knows_weeks_of_any_fullness(days_of_weeks: list[int]) -> None:
    """Days are taken from the end of each week,
    so full weeks touch the days of the week before; the last is cut by the cutoff.
    """
    mondays = [date(2024, 2, 5) + timedelta(days=7 * week) for week in range(4)]
    lengths = [7, 7, 7, 4]  # the cutoff is a Friday
    active = [
        monday + timedelta(days=length - back)
        for monday, length, n_days in zip(mondays, lengths, days_of_weeks, strict=True)
        for back in range(1, n_days + 1)
    ]
    found = activity(events(*((1, 1, str(day)) for day in active)))
    weeks = days_of_weeks[next(place for place, n_days in enumerate(days_of_weeks) if n_days) :]
    mean = sum(weeks) / len(weeks)
    assert found["weekly_volatility"] == pytest.approx(
        sqrt(sum((week - mean) ** 2 for week in weeks) / (len(weeks) - 1)) / mean
    )


def test_trend_compares_the_latest_month_with_the_one_before() -> None:
    found = activity(events((1, 1, "2024-02-20"), (1, 1, "2024-02-21"), (1, 1, "2024-01-10")))
    assert found["trend_log_ratio"] == pytest.approx(log((2 + 1) / (1 + 1)))


def test_one_definition_serves_any_cutoff() -> None:
    days = days_of(events((1, 1, "2024-01-01"), (1, 1, "2024-02-01"), (2, 1, "2024-02-15")))
    cutoffs = pl.DataFrame(
        {
            "user_id": [1, 1, 2, 2],
            "cutoff_on": [date(2024, 1, 2), date(2024, 3, 1), date(2024, 1, 2), date(2024, 3, 1)],
        }
    )
    found = (
        run(user_activity_features(days, cutoffs))
        .sort("user_id", "cutoff_on")
        .select("user_id", "cutoff_on", "active_days")
    )
    # user 2 was not there yet
    assert found.rows() == [
        (1, date(2024, 1, 2), 1),
        (1, date(2024, 3, 1), 2),
        (2, date(2024, 3, 1), 1),
    ]


def test_interaction_strength_is_weighted_and_decayed() -> None:
    met = events((1, 1, "2024-02-29"), (1, 1, "2024-01-31"), (1, 2, "2024-01-31"))
    found = pairs_of(
        met.with_columns(pl.Series("value", [4.0, 2.0, 3.0]), pl.Series("weight", [3.0, 0.2, 1.0]))
    ).row(0, named=True)
    assert (
        found["n_events"],
        found["n_recent_events"],
        found["recency_days"],
        found["repeat_gap_days"],
    ) == (2, 2, 1, 29.0)
    assert found["strength"] == pytest.approx(3.0 + 0.2)
    assert found["decayed_strength_30d"] == pytest.approx(
        3.0 * 0.5 ** (1 / 30) + 0.2 * 0.5, abs=1e-6
    )
    assert found["mean_value"] == (4.0 + 2.0) / 2
    assert found["strength_to_user_norm"] == pytest.approx(3.2 / ((3.2 + 1.0) / 2))
    assert found["value_above_user_norm"] == pytest.approx((4 + 2) / 2 - (4 + 2 + 3) / 3)
    assert found["value_above_item_norm"] == 0.0


def test_item_concentration_tells_a_single_fan_from_a_broad_audience() -> None:
    log_ = events(
        *((1, 1, f"2024-02-{day:02d}") for day in range(1, 5)),
        (1, 2, "2024-02-01"),
        (2, 2, "2024-02-01"),
        (2, 2, "2024-02-02"),
    )
    fan, broad = items_of(log_).rows(named=True)
    assert (fan["user_concentration"], fan["top_user_share"], fan["events_per_user"]) == (
        1.0,
        1.0,
        4.0,
    )
    assert broad["user_concentration"] == pytest.approx((1**2 + 2**2) / 3**2)
    assert (broad["top_user_share"], broad["repeat_user_share"], broad["events_per_user"]) == (
        2 / 3,
        1 / 2,
        3 / 2,
    )


def test_item_persistence_counts_silent_months() -> None:
    # months of 28 days before the cutoff: 0, 0, 2
    log_ = events((1, 1, "2024-02-29"), (2, 1, "2024-02-20"), (3, 1, "2023-12-20"))
    item = items_of(log_).row(0, named=True)
    counts = [2, 0, 1]
    assert item["active_month_share"] == 2 / 3
    assert item["monthly_volatility"] == pytest.approx(
        sqrt(sum((count - 1) ** 2 for count in counts) / 2) / 1
    )
    assert item["trend_log_ratio"] == pytest.approx(log((2 + 1) / (0 + 1)))


def test_category_entropy_and_taste_volatility() -> None:
    log_ = events(
        (1, 1, "2023-06-01"), (1, 1, "2023-06-02"), (1, 2, "2024-02-20"), (2, 3, "2024-02-20")
    )
    moved, mixed = taste_of(log_, ONE_CATEGORY_EACH).rows(named=True)
    assert moved["category_entropy"] == pytest.approx(
        -(2 / 3) * log(2 / 3) - (1 / 3) * log(1 / 3), abs=2e-9
    )
    # all drama before, all comedy of late
    assert (moved["n_categories"], moved["taste_volatility"]) == (2, 1.0)
    assert moved["item_entropy"] == pytest.approx(
        -(2 / 3) * log(2 / 3) - (1 / 3) * log(1 / 3), abs=2e-6
    )
    assert mixed["category_entropy"] == pytest.approx(log(2), abs=2e-9)
    assert mixed["taste_volatility"] is None  # nothing before the recent window to compare with


def test_items_without_categories_leave_taste_null() -> None:
    row = taste_of(events((1, 1, "2024-02-01"), (1, 2, "2024-02-02")), {}).row(0, named=True)
    assert (row["n_items"], row["category_entropy"], row["taste_volatility"]) == (2, None, None)
    assert row["item_entropy"] == pytest.approx(log(2), abs=2e-6)
