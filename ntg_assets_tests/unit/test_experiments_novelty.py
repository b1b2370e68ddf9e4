"""An effect that wears off is noticed; a metric that happens once,
and an activity that dies down by itself, are none.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntg_assets.experiments.health.health_check import NOTICE_P
from ntg_assets.statistics.over_time.hazards import Happened, hazard_trend
from ntg_assets.statistics.over_time.novelty import by_age, by_cohort
from ntg_assets_tests.experiment_sums import cohorts, trend
from ntg_assets_tests.trials import conclude, trial, write_logs

DAYS = np.arange(14.0)
N, WORLDS = 1_200, 40
FADING_BASE = 2 * 0.8**DAYS  # events of a unit a day: much at first, little later, whatever the arm
Values = npt.NDArray[Any]
World = Callable[[np.random.Generator], tuple[Values, Values]]


def activity(rng: np.random.Generator, rate: Values) -> Values:
    """Units with a liveliness of their own, and events of each day."""
    return rng.poisson(rng.exponential(1.0, (N, 1)) * rate).astype(float)


def buyers(rng: np.random.Generator, share: float, *, value: float = 1.0) -> Values:
    """A share of units that buys once, a day after the exposure on average."""
    found = np.zeros((N, len(DAYS)))
    day = np.floor(rng.exponential(1.0, N)).astype(int)
    chosen = np.flatnonzero((rng.random(N) < share) & (day < len(DAYS)))
    found[chosen, day[chosen]] = value
    return found


def converting(rng: np.random.Generator, hazard: Values) -> Values:
    """Units to each of which it happens once, by a hazard of each day."""
    hits = rng.random((N, len(DAYS))) < hazard
    return (hits & (hits.cumsum(axis=1) == 1)).astype(float)


NOTHING_WEARS_OFF: dict[str, World] = {
    "one in ten buys once, against one in four": lambda rng: (buyers(rng, 0.10), buyers(rng, 0.25)),
    "the same, as revenue": lambda rng: (
        buyers(rng, 0.10, value=20.0),
        buyers(rng, 0.12, value=20.0),
    ),
    "a hazard one and a half times as high every day": lambda rng: (
        converting(rng, 0.08 + 0 * DAYS),
        converting(rng, 0.12 + 0 * DAYS),
    ),
    "a tenth more of an activity that dies down": lambda rng: (
        activity(rng, FADING_BASE),
        activity(rng, 1.1 * FADING_BASE),
    ),
    "a little more each day of an activity that dies down": lambda rng: (
        activity(rng, FADING_BASE),
        activity(rng, 0.1 + FADING_BASE),
    ),
    "no effect": lambda rng: (activity(rng, FADING_BASE), activity(rng, FADING_BASE)),
}
WEARS_OFF: dict[str, World] = {
    "half as much again on the first day, nothing in the end": lambda rng: (
        activity(rng, 1.0 + 0 * DAYS),
        activity(rng, 1 + 0.5 * 0.7**DAYS),
    ),
    "the same on an activity that dies down": lambda rng: (
        activity(rng, FADING_BASE),
        activity(rng, FADING_BASE * (1 + 0.7**DAYS)),
    ),
    "a hazard three times as high for two days": lambda rng: (
        converting(rng, 0.05 + 0 * DAYS),
        converting(rng, 0.05 * (1 + 2 * (DAYS < 2))),
    ),
}


def alarms(world: World, *, n: int) -> tuple[int, int]:
    """Count the worlds in which an effect moves by age,
    and those in which it moves from early to late units (drawn by lot).
    """
    rng, by_days, by_lot = np.random.default_rng(11), 0, 0
    for _ in range(n):
        control, treatment = world(rng)
        aged = by_age(trend(control), trend(treatment), window_days=len(DAYS))
        drawn = [rng.random(N) < 0.5 for _ in range(2)]
        exposed = by_cohort(
            cohorts(control, is_early=drawn[0]), cohorts(treatment, is_early=drawn[1])
        )
        by_days += aged is not None and aged.p < NOTICE_P
        by_lot += exposed is not None and exposed.p < NOTICE_P
    return by_days, by_lot


@pytest.mark.parametrize("world", list(NOTHING_WEARS_OFF))
def test_where_nothing_wears_off_no_more_than_one_in_twenty_is_told(world: str) -> None:
    by_days, by_lot = alarms(NOTHING_WEARS_OFF[world], n=WORLDS)
    assert by_days + by_lot <= 0.05 * WORLDS


@pytest.mark.parametrize("world", list(WEARS_OFF))
def test_what_wears_off_with_the_days_is_told(world: str) -> None:
    assert alarms(WEARS_OFF[world], n=10)[0] >= 9
    control, treatment = WEARS_OFF[world](np.random.default_rng(1))
    moves = by_age(trend(control), trend(treatment), window_days=len(DAYS))
    assert moves is not None
    assert moves.fades
    fall = by_age(trend(treatment), trend(control), window_days=len(DAYS))
    assert fall is not None
    assert fall.p == pytest.approx(moves.p, rel=0.01)
    assert fall.fades  # complaints that fall at first wear off like sales that rise


def test_what_only_early_units_show_is_told_and_what_grows_is_not_called_fading() -> None:
    rng, late = np.random.default_rng(3), np.arange(N) % 2 == 1
    control, rates = activity(rng, 1.0 + 0 * DAYS), np.where(late, 1.0, 1.5)[:, None]
    treatment = rng.poisson(rng.exponential(1.0, (N, 1)) * rates * np.ones(len(DAYS))).astype(float)
    fades = by_cohort(cohorts(control, is_early=~late), cohorts(treatment, is_early=~late))
    grows = by_cohort(cohorts(control, is_early=late), cohorts(treatment, is_early=late))
    assert fades is not None
    assert grows is not None
    assert fades.p == pytest.approx(grows.p)
    assert fades.p < NOTICE_P
    assert (fades.fades, grows.fades) == (True, False)


def test_the_trend_of_hazards_is_the_score_test() -> None:
    """Two days: 10 of 100 against 20 of 100, then 9 of 90 against 8 of 80,
    by hand at the common ratio of hazards.
    """
    control, treatment = Happened(100, {0: 10, 1: 9}), Happened(100, {0: 20, 1: 8})
    statistic, p = hazard_trend(control, treatment) or (0.0, 0.0)

    def shares(ratio: float) -> tuple[float, float]:
        return 100 * ratio / (100 * ratio + 100), 80 * ratio / (80 * ratio + 90)

    ratio = min(
        np.linspace(1, 2, 100_001),
        key=lambda one: abs(28 - 30 * shares(one)[0] - 17 * shares(one)[1]),
    )
    first, second = shares(ratio)
    weights = 30 * first * (1 - first), 17 * second * (1 - second)
    assert statistic == pytest.approx(
        (8 - 17 * second) / (weights[1] - weights[1] ** 2 / sum(weights)) ** 0.5, rel=1e-3
    )
    assert 0 < p < 1
    # one day has no trend
    assert hazard_trend(Happened(100, {0: 10}), Happened(100, {0: 20})) is None
    # and one arm no ratio
    assert hazard_trend(Happened(100, {}), Happened(100, {0: 5, 1: 5})) is None
    assert log(ratio) > 0


def day(n: float) -> datetime:
    return datetime(2026, 1, 5) + timedelta(days=n)


def once_only(home: Path, *, shares: tuple[float, float], n: int = 600) -> None:
    """Units of both arms over three weeks, of which shares buy once,
    most on the day of the exposure; the log goes on for long.
    """
    rng, seen = np.random.default_rng(5), []
    did: list[tuple[Any, ...]] = [("other", day(60), "buy", 0)]
    for unit in range(n):
        arm, exposed = unit % 2, day(21 * unit / n)
        seen.append((unit, "ab"[arm], exposed))
        if rng.random() < shares[arm]:
            did.append((unit, exposed + timedelta(days=float(rng.exponential(1.0))), "buy", 20))
    write_logs(home, seen=seen, did=did)


@pytest.mark.slow
@pytest.mark.parametrize("metric", [{"kind": "proportion", "measure": "any"}, {"kind": "revenue"}])
def test_a_once_only_conversion_is_claimed_and_rolled_out(
    tmp_path: Path, metric: dict[str, Any]
) -> None:
    once_only(tmp_path, shares=(0.10, 0.25))
    found = conclude(
        trial(metrics=[{"name": "bought", **metric}], primary_metric="bought", planned_units=600),
        tmp_path,
    )
    assert found.readouts["bought"]["p"] < 1e-5
    assert found.verdicts("novelty:b", "novelty_by_cohort:b") == ["healthy", "healthy"]
    assert found.decision["decision"] == "rollout"


@pytest.mark.slow
@pytest.mark.parametrize(
    "metric",
    [
        {"kind": "proportion", "measure": "any"},
        {"kind": "retention", "measure": "any", "from_day": 2},
        {"measure": "events"},
        {"measure": "active_days"},
        {"kind": "revenue"},
    ],
)
def test_the_effects_of_the_days_add_up_to_the_effect(
    tmp_path: Path, metric: dict[str, Any]
) -> None:
    rng, seen = np.random.default_rng(2), []
    did: list[tuple[Any, ...]] = [("other", day(60), "buy", 0)]
    for unit in range(40):
        seen.append((unit, "ab"[unit % 2], day(unit / 2 + 0.4)))
        did += [
            (unit, day(unit / 2 + 0.4 + float(rng.uniform(0, 14))), "buy", int(rng.integers(1, 9)))
            for _ in range(rng.integers(0, 6))
        ]
    write_logs(tmp_path, seen=seen, did=did)
    found = conclude(
        trial(metrics=[{"name": "m", **metric}], primary_metric="m", planned_units=40), tmp_path
    )
    assert found.days["difference"].sum() == pytest.approx(
        found.readouts["m"]["difference"], abs=1e-9
    )
