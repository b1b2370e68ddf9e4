"""Weeks before the cutoff that hold far less than those around them are said, and a service that
lives so is left alone.
"""

from datetime import date, timedelta

import polars as pl
import pytest

from ntg_assets.churn.log_holes import Hole
from ntg_assets.churn.population.thin_weeks import (
    ThinWeeks,
    describe_thin_weeks,
    find_thin_weeks,
)
from ntg_assets.churn.snapshots import History

START = date(2024, 1, 1)
WEEK = [20.0] * 5 + [10.0] * 2  # 120 active days of users


def found(
    counts: list[float], *, holes: tuple[Hole, ...] = (), at_risk: int = 60
) -> ThinWeeks | None:
    """Look at a log whose days have so many users, from the day after its last one."""
    on = [START + timedelta(days=place) for place in range(len(counts))]
    cutoff_on = START + timedelta(days=len(counts))
    daily = pl.DataFrame({"active_on": on, "n_users": [int(n) for n in counts]})
    history = History(START, cutoff_on, cutoff_on, holes=holes)
    return find_thin_weeks(daily.filter(pl.col("n_users") > 0), history, at_risk_days=at_risk)


def part(share: float, n_weeks: int) -> list[float]:
    return [share * n for n in WEEK] * n_weeks


@pytest.mark.parametrize(("share", "is_said"), [(0.2, True), (0.4, True), (0.7, False)])
def test_weeks_with_less_than_half_of_what_is_usual_are_said(
    *, share: float, is_said: bool
) -> None:
    thin = found(WEEK * 20 + part(share, 3) + WEEK)
    assert (thin is not None) == is_said
    if thin:
        first_on = START + timedelta(days=20 * 7)
        assert thin[:2] == (first_on, first_on + timedelta(days=3 * 7))
        assert thin.users_a_day == pytest.approx(share * 120 / 7)
        assert thin.usual_users_a_day == pytest.approx(120 / 7)


def test_what_is_said_names_the_days_and_the_direction_of_the_error() -> None:
    counts = WEEK * 20 + part(0.2, 3) + WEEK
    cutoff_on = START + timedelta(days=len(counts))
    said = describe_thin_weeks(found(counts), History(START, cutoff_on, cutoff_on))
    assert said.startswith(
        "the 21 days from 2024-05-20 on hold 3.4 users a day, where 17 are usual"
    )
    assert "ended 7 days before the cutoff" in said
    assert said.endswith("churn is told too high and value too low.")
    assert describe_thin_weeks(None, History(START, cutoff_on, cutoff_on)) == ""


@pytest.mark.parametrize(
    "counts",
    [
        WEEK * 30,
        WEEK * 20 + part(0.2, 3),  # nobody knows yet whether they come back
        WEEK * 20 + part(0.2, 3) + WEEK * 9,  # 63 days ago: nobody is silent for it
        WEEK * 20 + part(0.2, 10),  # a fall
        [round(20 * 1.01**day) for day in range(200)],  # growth
        [1] * 100 + [0] * 7 + [1] * 14,  # seven active days: chance
        (part(1, 1) + part(0.0, 3)) * 8 + WEEK,  # paydays
    ],
    ids=["usual", "to the end", "long ago", "fall", "growth", "few", "paydays"],
)
def test_other_logs_are_left_alone(counts: list[float]) -> None:
    assert found(counts) is None


def test_days_that_the_log_does_not_hold_are_told_as_holes() -> None:
    counts = WEEK * 20 + [0] * 14 + WEEK * 2
    hole = Hole(START + timedelta(days=140), START + timedelta(days=154))
    assert found(counts) is not None
    assert found(counts, holes=(hole,)) is None
