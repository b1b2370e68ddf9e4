"""Who joined or came back of late otherwise than those before, and crowds of them, are said."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.odd_logs import ODD_LOGS, odd_days
from ntg_assets.churn.population.arrivals import (
    Arrivals,
    arrivals,
    compare_arrivals,
    describe_arrivals,
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


def compared(
    user_days: pl.DataFrame, history: History = HISTORY, *, is_new: bool = True
) -> Arrivals | None:
    counts = run(arrivals(user_days, history, settings=SETTINGS))
    return compare_arrivals(counts, history, is_new=is_new, settings=SETTINGS)


def told(user_days: pl.DataFrame, *, is_new: bool = True, history: History = HISTORY) -> str:
    late = compared(user_days, history, is_new=is_new)
    return describe_arrivals(late, is_new=is_new, horizon_days=HORIZON)


def test_newcomers_are_held_against_earlier_ones_at_the_same_age() -> None:
    """Half of them are too young to have come again on the fifth day: 60 of 100 could not."""
    new = [joined(20, n=100, returned=60), joined(4, n=100, returned=0)]
    late = compared(log(*new))
    assert late is not None
    assert (late.n_users, late.usual_users) == (200, 100)
    assert late.returned == 60 / 200
    assert late.usual == pytest.approx((0.6 + 0.0) / 2)
    assert late.z == pytest.approx(0.0)
    # at risk: 60 days before the cutoff; who joined 70 days ago came again 65 days ago
    assert late.n_at_risk == 100 + 200
    assert describe_arrivals(late, is_new=True, horizon_days=HORIZON) == ""


@pytest.mark.parametrize(("returned", "words"), [(15, "value too high"), (95, "value too low")])
def test_newcomers_who_return_otherwise_are_said_with_the_direction(
    returned: int, words: str
) -> None:
    sentence = told(log(joined(20, n=100, returned=returned)))
    assert f"{returned}% of them have come again" in sentence
    assert words in sentence


def test_a_crowd_is_said_although_nothing_tells_it_from_others_yet() -> None:
    sentence = told(log(joined(3, n=400, returned=0)))
    assert "such a crowd" in sentence
    assert "400 of 500 users at risk joined" in sentence
    assert "(usual: 100)" in sentence


def gone_and_back(days_ago: int, *, n: int, returned: int, gone: int) -> pl.DataFrame:
    """Users who joined long ago, were gone, came back so long ago, and some of them again."""
    late = joined(days_ago, n=n, returned=returned)
    long_ago = CUTOFF - timedelta(days=days_ago + gone)
    first = late.select(pl.col("user_id").unique()).with_columns(active_on=pl.lit(long_ago))
    return pl.concat([first, late])


def test_those_who_were_gone_and_came_back_at_once_are_said() -> None:
    """200 after a mailing, of whom 10 came again; before them 60 of 100 had."""
    long_history = History(CUTOFF - timedelta(days=400), CUTOFF, CUTOFF)
    before = [gone_and_back(age, n=100, returned=60, gone=70) for age in (40, 70, 100)]
    mailed = gone_and_back(20, n=200, returned=10, gone=120)
    days = pl.concat([*before, mailed])
    sentence = told(days, is_new=False, history=long_history)
    assert "200 of 300 users at risk came back" in sentence
    assert "5% of them have come again (before them 60% had" in sentence
    assert "value too high" in sentence
    short_gone = [gone_and_back(age, n=100, returned=60, gone=59) for age in (20, 40, 70, 100)]
    assert compared(pl.concat(short_gone), long_history, is_new=False) is None


def test_where_nobody_ever_came_back_a_crowd_of_them_is_said() -> None:
    long_history = History(CUTOFF - timedelta(days=400), CUTOFF, CUTOFF)
    days = pl.concat([joined(300, n=100, returned=0), gone_and_back(4, n=80, returned=0, gone=90)])
    late = compared(days, long_history, is_new=False)
    assert late is not None
    assert late.usual is None
    assert "such a crowd" in told(days, is_new=False, history=long_history)


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
    counts = run(arrivals(days, history, settings=settings))
    late = compare_arrivals(counts, history, is_new=True, settings=settings)
    assert "value too high" in describe_arrivals(late, is_new=True, horizon_days=odd.horizon_days)


def test_the_order_of_rows_does_not_matter() -> None:
    days = log(joined(20, n=100, returned=15), joined(9, n=50, returned=20))
    shuffled = days[np.random.default_rng(2).permutation(days.height)]
    assert compared(days) == compared(shuffled)
