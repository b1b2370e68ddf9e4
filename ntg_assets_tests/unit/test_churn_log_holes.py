"""Days that the log does not hold are found, said, and not learned from; how a service works is no
hole.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.checks import horizon_warning
from ntg_assets.churn.log_holes import (
    Hole,
    daily_users,
    describe_holes,
    find_holes,
    holes_of,
    is_whole,
)
from ntg_assets.churn.snapshots import History, closed_snapshots, train_history
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.past_values import past_cutoffs
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import boundaries, days

START = date(2024, 1, 1)
TEN_DAYS = ChurnSettings(horizon_days=10, at_risk_days=20, step_days=5)


def daily(counts: list[int]) -> pl.DataFrame:
    """Users of each day from `START` on; days of none are left out, as SQL leaves them out."""
    on = [START + timedelta(days=place) for place in range(len(counts))]
    return pl.DataFrame({"active_on": on, "n_users": counts}).filter(pl.col("n_users") > 0)


def spans(counts: list[int]) -> list[tuple[int, int]]:
    """First day, and first day after, of each hole, as places in `counts`."""
    return [
        ((hole.from_on - START).days, (hole.until_on - START).days)
        for hole in holes_of(find_holes(daily(counts)))
    ]


def test_a_run_of_days_without_anybody_is_a_hole_and_so_is_one_that_is_nearly_empty() -> None:
    assert spans([20] * 50 + [0] * 12 + [20] * 50) == [(50, 62)]
    assert spans([20] * 50 + [1] * 12 + [20] * 50) == [(50, 62)]
    assert spans([20] * 50 + [3] * 12 + [20] * 50) == []  # more than a tenth
    found = find_holes(daily([20] * 50 + [1] * 12 + [30] * 50)).row(0, named=True)
    assert (found["n_days"], found["users_a_day"], found["usual_users_a_day"]) == (12, 1.0, 20.0)


def test_what_luck_a_weekend_or_the_end_of_a_log_does_is_no_hole() -> None:
    assert spans([20] * 50 + [0] * 2 + [20] * 50) == []  # two days
    assert spans([2] * 50 + [0] * 12 + [2] * 50) == []  # 24 active days are missing
    assert spans(([20] * 4 + [0] * 3) * 20) == []  # closed from Friday to Sunday, each week
    assert spans([20] * 50 + [0] * 12 + [20]) == [(50, 62)]  # one day after it says so
    assert find_holes(daily([])).is_empty()
    bursts = np.random.default_rng(3).negative_binomial(0.1, 0.05, 400).tolist()
    assert spans([1, *bursts, 1]) == []


def test_a_growing_log_has_no_hole_at_its_start() -> None:
    assert spans([1] * 30 + [100] * 200) == []


def test_days_are_counted_in_sql() -> None:
    counted = run(daily_users(days((1, "2024-01-01"), (2, "2024-01-01"), (1, "2024-01-03"))))
    assert sorted(counted.rows()) == [(date(2024, 1, 1), 2), (date(2024, 1, 3), 1)]


def test_nothing_is_learned_from_windows_that_lack_days() -> None:
    hole = Hole(START + timedelta(days=100), START + timedelta(days=112))
    end_on = START + timedelta(days=200)
    history = History(START, end_on, end_on, holes=(hole,))
    kept = closed_snapshots(history, settings=TEN_DAYS)
    # a window [T, T + 10) may lack one day, the 20 days before it two
    ages = [(day - START).days for day in kept["snapshot_on"].to_list()]
    assert max(age for age in ages if age < 112) <= 91
    assert min(age for age in ages if age > 100) >= 130
    everyone = closed_snapshots(History(START, end_on, end_on), settings=TEN_DAYS)
    assert set(kept["snapshot_on"]) < set(everyone["snapshot_on"])
    # where every window lacks days, they are all there is
    holed = History(START, end_on, end_on, holes=(Hole(START, end_on),))
    assert closed_snapshots(holed, settings=TEN_DAYS).height == everyone.height
    value = ValueSettings(horizon_days=40)
    assert all(
        is_whole(day, day + timedelta(days=10), (hole,))
        for day in past_cutoffs(history, churn=TEN_DAYS, value=value)
    )
    lacking = History(START, end_on, end_on, holes=(Hole(START, end_on),))
    assert past_cutoffs(lacking, churn=TEN_DAYS, value=value) == []


def test_the_table_reaches_the_history_and_the_warning_says_what_is_missing() -> None:
    found = find_holes(daily([20] * 50 + [0] * 12 + [20] * 50))
    cutoff_on = START + timedelta(days=112)
    assert train_history(boundaries(START, cutoff_on), found).holes == holes_of(found)
    sentence = describe_holes(found, cutoff_on=cutoff_on, at_risk_days=20)
    assert "12 days from 2024-02-20 (0.0 users a day, where 20 are usual)" in sentence
    assert "before the cutoff" not in sentence
    assert "ended 50 days before the cutoff" in describe_holes(
        found, cutoff_on=cutoff_on, at_risk_days=60
    )
    assert describe_holes(found.clear(), cutoff_on=cutoff_on, at_risk_days=60) == ""


@pytest.mark.parametrize(
    ("returned", "n_silences", "is_told"), [(0.8, 400, True), (0.4, 400, False), (0.8, 20, False)]
)
def test_an_at_risk_window_after_which_most_return_is_warned_of(
    returned: float, n_silences: int, *, is_told: bool
) -> None:
    report = pl.DataFrame(
        {
            "silent_days": [20, 40, 60, 80],
            "n_silences": [n_silences] * 4,
            "ever_returned_share": [0.9, returned, 0.6, 0.45],
            "is_at_risk_limit": [False, True, False, False],
        }
    )
    sentence = horizon_warning(report)
    assert (sentence is not None) == is_told
    assert sentence is None or ("80% of 400" in sentence and "about 80 silent days" in sentence)
