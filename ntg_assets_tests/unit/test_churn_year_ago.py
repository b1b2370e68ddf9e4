"""A peak or a lull that lies ahead and came a year ago is said, with the direction of the error."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.log_holes import Hole
from ntg_assets.churn.population.windows_around import YEAR_DAYS, windows_around
from ntg_assets.churn.population.year_ago import (
    FurtherAhead,
    YearAgo,
    describe_closed,
    describe_further_ahead,
    describe_year_ago,
    look_a_year_back,
    look_further_ahead,
)
from ntg_assets.churn.snapshots import History
from ntg_assets.storage.run import run

START = date(2023, 1, 2)
HORIZON, N_DAYS = 30, 600
CUTOFF = START + timedelta(days=N_DAYS)
THEN = CUTOFF - timedelta(days=YEAR_DAYS)
HISTORY = History(START, CUTOFF, CUTOFF)


def log(*, factor: float = 1.0, from_on: date = THEN, n_users: int = 60) -> pl.DataFrame:
    """Users who come every fourth day for ever, and `factor` times as often in one horizon."""
    rng = np.random.default_rng(5)
    rows = []
    for user in range(n_users):
        for day in range(N_DAYS):
            on = START + timedelta(days=day)
            is_then = from_on <= on < from_on + timedelta(days=HORIZON)
            if day == 0 or rng.random() < 0.25 * (factor if is_then else 1.0):
                rows.append((user, on))
    return pl.DataFrame(rows, schema=["user_id", "active_on"], orient="row")


def looked_back(user_days: pl.DataFrame, history: History = HISTORY) -> YearAgo | None:
    windows = run(windows_around(user_days, history, horizon_days=HORIZON))
    return look_a_year_back(windows, history, horizon_days=HORIZON)


@pytest.mark.parametrize(
    ("factor", "words"), [(2.0, "too high and value too low"), (0.5, "too low and value too high")]
)
def test_a_peak_and_a_lull_of_a_year_ago_are_said(factor: float, words: str) -> None:
    year_ago = looked_back(log(factor=factor))
    assert year_ago is not None
    assert year_ago.first_on == THEN
    assert year_ago.factor == pytest.approx(factor, rel=0.15)
    assert words in describe_year_ago(year_ago, horizon_days=HORIZON)


def further(user_days: pl.DataFrame, *, ahead_days: int) -> FurtherAhead | None:
    windows = run(windows_around(user_days, HISTORY, horizon_days=HORIZON))
    return look_further_ahead(windows, HISTORY, horizon_days=HORIZON, ahead_days=ahead_days)


@pytest.mark.parametrize(("factor", "way"), [(0.2, "too high"), (2.0, "too low")])
def test_a_lull_behind_the_next_horizon_is_said_of_value(factor: float, way: str) -> None:
    days = log(factor=factor, from_on=THEN + timedelta(days=2 * HORIZON))
    found = further(days, ahead_days=4 * HORIZON)
    assert found is not None
    assert found.unusual.first_on == THEN + timedelta(days=2 * HORIZON)
    # after a deep lull too little came for a ratio: the sum ends with it
    then = [1, 1, factor, 1] if factor > 1 else [1, 1, factor]
    assert found.factor == pytest.approx(sum(then) / len(then), rel=0.1)
    assert found.n_days == len(then) * HORIZON
    said = describe_further_ahead(found, horizon_days=HORIZON)
    assert f"value is told {way}" in said
    assert "churn" not in said


@pytest.mark.parametrize(
    ("place", "n_ahead"), [(2, 2), (0, 4), (7, 12)], ids=["behind", "the next one", "half a year"]
)
def test_days_that_value_does_not_tell_of_or_that_churn_does_are_not_said_twice(
    place: int, n_ahead: int
) -> None:
    days = log(factor=0.2, from_on=THEN + timedelta(days=place * HORIZON))
    assert further(days, ahead_days=n_ahead * HORIZON) is None


def test_a_lull_that_moves_the_sum_by_less_than_a_tenth_is_not_said() -> None:
    days = log(factor=0.55, from_on=THEN + timedelta(days=2 * HORIZON))
    assert further(days, ahead_days=6 * HORIZON) is None  # (5 + .55) / 6
    assert further(days, ahead_days=3 * HORIZON) is not None  # (2 + .55) / 3


@pytest.mark.parametrize("months_off", [None, 3], ids=["no peak", "at another time of the year"])
def test_usual_days_are_not_said(months_off: int | None) -> None:
    peak = {} if months_off is None else {"factor": 2.0, "from_on": THEN + timedelta(days=90)}
    year_ago = looked_back(log(**peak))  # type: ignore[arg-type]  # by name
    assert year_ago is not None
    assert describe_year_ago(year_ago, horizon_days=HORIZON) == ""


def test_users_who_join_then_are_no_peak() -> None:
    """Ten times as many users, all of whom joined on that day, were not known before."""
    joined = log(n_users=600).filter(pl.col("active_on") >= THEN, pl.col("user_id") >= 60)
    year_ago = looked_back(pl.concat([log(), joined]))
    assert year_ago is not None
    assert year_ago.factor == pytest.approx(1.0, rel=0.15)


def test_a_log_of_a_year_or_with_a_hole_then_cannot_tell() -> None:
    short = History(CUTOFF - timedelta(days=YEAR_DAYS), CUTOFF, CUTOFF)
    days = log(factor=2.0)
    assert looked_back(days.filter(pl.col("active_on") >= short.start_on), short) is None
    hole = Hole(THEN, THEN + timedelta(days=10))
    assert looked_back(days, History(START, CUTOFF, CUTOFF, holes=(hole,))) is None
    few = pl.DataFrame({"anchor_on": [THEN], "n_before": [900], "n_after": [900]})
    assert look_a_year_back(few, HISTORY, horizon_days=HORIZON) is None
    assert describe_year_ago(None, horizon_days=HORIZON) == ""


def test_days_that_a_year_ago_lacks_are_said_as_far_as_they_lie_ahead() -> None:
    """Thirty days from the tenth day ahead: twenty of them lie within thirty days."""
    hole = Hole(THEN + timedelta(days=10), THEN + timedelta(days=40))
    long_ago = Hole(THEN - timedelta(days=90), THEN - timedelta(days=60))
    history = History(START, CUTOFF, CUTOFF, holes=(hole, long_ago))
    ahead = [CUTOFF + timedelta(days=days) for days in (10, 29)]
    assert f"{ahead[0]} to {ahead[1]} are days" in describe_closed(history, ahead_days=30)
    assert describe_closed(history, ahead_days=10) == ""
    assert describe_closed(HISTORY, ahead_days=30) == ""
