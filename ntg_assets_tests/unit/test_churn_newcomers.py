"""Newcomers who come again otherwise than those before them, or too late to tell, are said."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.odd_logs import ODD_LOGS, odd_days
from ntg_assets.churn.newcomers import (
    Newcomers,
    compare_newcomers,
    newcomer_returns,
    tell_newcomers,
)
from ntg_assets.churn.snapshots import History
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.storage.run import run

CUTOFF = date(2024, 1, 1)
HORIZON = 30
SETTINGS = ChurnSettings(horizon_days=HORIZON)
HISTORY = History(CUTOFF - timedelta(days=5 * HORIZON), CUTOFF, CUTOFF)


def joined(days_ago: int, *, n: int, returned: int, after: int = 5, at: int = 0) -> pl.DataFrame:
    """User days of n who joined so long ago, some of whom came again after some days."""
    first = CUTOFF - timedelta(days=days_ago)
    users = [f"{days_ago}-{at + number}" for number in range(n)]
    days = [(user, first) for user in users]
    days += [(user, first + timedelta(days=after)) for user in users[:returned]]
    return pl.DataFrame(days, schema=["user_id", "active_on"], orient="row")


def log(*newest: pl.DataFrame, n: int = 100, returned: int = 60) -> pl.DataFrame:
    """Three horizons of n who joined on one day, of whom 60 came again, before the newest."""
    return pl.concat([*(joined(age, n=n, returned=returned) for age in (40, 70, 100)), *newest])


def compared(user_days: pl.DataFrame, history: History = HISTORY) -> Newcomers | None:
    returns = run(newcomer_returns(user_days, history, settings=SETTINGS))
    return compare_newcomers(returns, history, horizon_days=HORIZON)


def told(user_days: pl.DataFrame) -> str:
    return tell_newcomers(compared(user_days), horizon_days=HORIZON)


def test_newcomers_are_held_against_earlier_ones_at_the_same_age() -> None:
    """Half of them are too young to have come again on the fifth day: 60 of 100 could not."""
    new = [joined(20, n=100, returned=60), joined(4, n=100, returned=0)]
    newcomers = compared(log(*new))
    assert newcomers is not None
    assert (newcomers.n_users, newcomers.usual_users) == (200, 100)
    assert newcomers.returned == 60 / 200
    assert newcomers.usual == pytest.approx((0.6 + 0.0) / 2)
    assert newcomers.z == pytest.approx(0.0)
    # at risk: 60 days before the cutoff; who joined 70 days ago came again 65 days ago
    assert newcomers.n_at_risk == 100 + 200
    assert tell_newcomers(newcomers, horizon_days=HORIZON) == ""


@pytest.mark.parametrize(("returned", "words"), [(15, "value too high"), (95, "value too low")])
def test_newcomers_who_return_otherwise_are_said_with_the_direction(
    returned: int, words: str
) -> None:
    sentence = told(log(joined(20, n=100, returned=returned)))
    assert f"{returned}% of them have come again" in sentence
    assert words in sentence


def test_a_crowd_that_came_last_week_is_said_to_be_unknown() -> None:
    sentence = told(log(joined(3, n=400, returned=0)))
    assert "nothing says yet" in sentence
    assert "(usual: 100)" in sentence


def test_as_many_as_usual_who_came_last_week_are_no_matter() -> None:
    assert told(log(joined(3, n=100, returned=0))) == ""


def test_few_newcomers_are_no_matter() -> None:
    """90 of 1,590 at risk: 6%."""
    assert told(log(joined(20, n=90, returned=5), n=1_500, returned=900)) == ""


def test_the_first_horizon_of_a_log_says_nothing_of_newcomers() -> None:
    """Everybody looks new in it, so one earlier horizon is left: too few to compare with."""
    short = History(CUTOFF - timedelta(days=3 * HORIZON), CUTOFF, CUTOFF)
    days = log(joined(20, n=100, returned=0)).filter(pl.col("active_on") >= short.start_on)
    assert compared(days, short) is None


@pytest.mark.parametrize("name", ["campaign", "december_gifts"])
def test_odd_logs_with_a_crowd_of_newcomers_are_said(name: str) -> None:
    odd = ODD_LOGS[name]
    cutoff = odd.cuts[0][0]
    days = odd_days(name).filter(pl.col("active_on") < cutoff)
    history = History(days["active_on"].min(), cutoff, cutoff)  # type: ignore[arg-type]  # a log has days
    settings = ChurnSettings(horizon_days=odd.horizon_days)
    returns = run(newcomer_returns(days, history, settings=settings))
    newcomers = compare_newcomers(returns, history, horizon_days=odd.horizon_days)
    assert "value too high" in tell_newcomers(newcomers, horizon_days=odd.horizon_days)


def test_the_order_of_rows_does_not_matter() -> None:
    days = log(joined(20, n=100, returned=15), joined(9, n=50, returned=20))
    shuffled = days[np.random.default_rng(2).permutation(days.height)]
    assert compared(days) == compared(shuffled)
