"""Numbers of which nothing can be said: every table ends in a sentence,
none in an error, and no claim in what is no number.
"""

from collections.abc import Iterator
from datetime import datetime
from math import inf, isfinite, nan
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.logs.log_content import LogContent
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt, replay
from ntg_assets.experiments.readout.baselines import baseline_of
from ntg_assets.experiments.readout.plans import plan_by_week
from ntg_assets.experiments.readout.segments import segment_effects
from ntg_assets.statistics.moments import Sums
from ntg_assets.statistics.quantiles import OrderStatistics
from ntg_assets.statistics.repeated.max_t import max_t_critical, max_t_p
from ntg_assets.statistics.student_t import t_critical, t_p
from ntg_assets_tests.experiment_sums import cohorts, sums_of_units, trend

ARMS, SEGMENTS, DAYS = ("a", "b", "c"), ("north", "south"), 14
METRICS: list[dict[str, Any]] = [
    {"name": "mean"},
    {"name": "revenue", "kind": "revenue"},
    {"name": "bought", "kind": "proportion", "measure": "any"},
    {"name": "ratio", "kind": "ratio", "denominator": "events", "event_types": ["buy"]},
    {"name": "median", "kind": "quantile", "quantile": 0.5},
]
PLAIN = (0.0, 0.0, 1.0, 1.0, 2.0, 7.5, -1.0)
ODD = (*PLAIN, None, nan, inf, -inf, 1e-6, 9.9e9, 1e300)
AT = datetime(2026, 1, 5)


def definition(primary: str, n_arms: int) -> ExperimentSettings:
    return ExperimentSettings.model_validate(
        {
            "id": "odd",
            "hypothesis": "Nothing can be said of this.",
            "owner": "science",
            "arms": [{"name": name} for name in ARMS[:n_arms]],
            "source": {"kind": "log", "exposures": {"files": ["none.csv"]}, "window_days": DAYS},
            "metrics": METRICS,
            "primary_metric": primary,
            "guardrails": [{"metric": "ratio", "margin": 0.1}, {"metric": "bought", "margin": 0.1}],
            "planned_units": 4,
            "minimum_units_per_arm": 2,
            "minimum_days": 7,
        }
    )


def units(rng: Random) -> Sums:
    """Draw the units of one arm: nobody, one, all alike, few kinds of them,
    or a handful of anything.
    """
    kind = rng.choice(["any", "alike", "kinds", "shares"])
    if kind == "shares":
        return sums_of_units(
            [
                (float(rng.random() < 0.1), 1.0, float(rng.randint(0, 3)), 1.0)
                for _ in range(rng.randint(2, 300))
            ]
        )
    first = PLAIN if kind == "kinds" else ODD
    drawn = [
        (rng.choice(first), rng.choice(PLAIN), rng.choice(PLAIN), rng.choice(PLAIN))
        for _ in range(rng.randint(0, 5))
    ]
    return sums_of_units(
        drawn
        if kind == "any"
        else drawn * rng.randint(1, 40)
        if kind == "kinds"
        else drawn[:1] * rng.randint(0, 120)
    )


def evidence(rng: Random, one: ExperimentSettings) -> Evidence:
    pool, names = [units(rng) for _ in range(6)], [arm.name for arm in one.arms]
    seen = {arm: rng.choice([0, 1, 2, 100, 100, 100]) for arm in names}
    laid = {
        arm: np.array(
            [
                [rng.choice(PLAIN) * (rng.random() < 0.3) for _ in range(DAYS)]
                for _ in range(rng.choice([1, 2, 30]))
            ]
        )
        for arm in names
    }
    ranks = [
        (
            rng.randint(1, 200),
            rng.choice(PLAIN),
            rng.choice([None, 0.0, 1.0]),
            rng.choice([None, 1.0, 7.5]),
        )
        for _ in names
    ]
    return Evidence(
        {
            arm: ArmTraffic(1.0, n, n, 0, 0, AT if n else None, AT if n else None, n, n // 3, n)
            for arm, n in seen.items()
        },
        {
            (comparison, metric["name"], arm, segment): rng.choice(pool)
            for comparison in ("between users", "since the look")
            for metric in METRICS
            for arm in names
            for segment in SEGMENTS
        },
        {
            ("median", arm): OrderStatistics(*found)
            for arm, found in zip(names, ranks, strict=True)
            if rng.random() < 0.8
        },
        {arm: trend(values) for arm, values in laid.items()},
        {
            arm: cohorts(values, is_early=np.arange(len(values)) % 2 == 0)
            for arm, values in laid.items()
        },
        [
            LogContent("outcomes", kind, rng.randint(0, 3))
            for kind in ("buy", "bye")
            if rng.random() < 0.5
        ],
    )


def numbers(tree: Any) -> Iterator[float]:
    if isinstance(tree, dict | list | tuple):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from numbers(value)
    elif isinstance(tree, float):
        yield tree


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.randoms(use_true_random=True),
    st.sampled_from([metric["name"] for metric in METRICS]),
    st.sampled_from([2, 3]),
)
def test_no_table_ends_in_an_error_and_no_claim_in_what_is_no_number(
    rng: Random, primary: str, n_arms: int
) -> None:
    one = definition(primary, n_arms)
    given_evidence = evidence(rng, one)
    checks, readouts, decision = evaluate(one, given_evidence)
    assert decision.sentence
    assert all(check.sentence for check in checks)
    assert all(readout.verdict for readout in readouts)
    assert {readout.metric for readout in readouts if readout.comparison == "between users"} == {
        metric["name"] for metric in METRICS
    }
    for readout in readouts:
        told = (readout.difference, readout.difference_low, readout.difference_high, readout.p)
        assert not readout.is_valid or all(
            number is not None and isfinite(number) for number in told
        )
        assert all(0 <= p <= 1 for p in (readout.p, readout.p_adjusted) if p is not None)
    assert all(effect.verdict for effect in segment_effects(one, given_evidence, checks))
    try:
        weeks = plan_by_week(one, baseline=baseline_of(one, given_evidence))
    except (NotEnoughDataError, ConfigurationError):
        weeks = []
    assert all(isfinite(week.detectable_difference or 0.0) for week in weeks)


@settings(max_examples=6)
@given(st.randoms(use_true_random=True))
def test_their_receipts_hold_numbers_only_and_replay(rng: Random) -> None:
    one = definition("ratio", 2)
    receipt = make_receipt(one, evidence(rng, one))
    assert all(isfinite(number) for number in numbers(receipt))
    assert replay(receipt)["in_force"] == receipt["in_force"]


@pytest.mark.parametrize("loading", [0.0, 0.7, 1 - 1e-5, 1.0])
@pytest.mark.parametrize("df", [1.0, 1.05, 2.0, 50.0, inf])
@pytest.mark.parametrize("significance", [0.05, 0.001])
def test_the_joint_critical_value_lies_between_one_comparison_and_bonferroni(
    loading: float, df: float, significance: float
) -> None:
    alone, bonferroni = t_critical(significance / 2, df), t_critical(significance / 4, df)
    critical = max_t_critical([loading, loading], significance=significance, degrees_of_freedom=df)
    assert alone - 1e-3 <= critical <= bonferroni * (1 + 1e-3) + 1e-3
    assert (
        t_p(bonferroni, df)
        <= max_t_p(bonferroni, [loading, loading], degrees_of_freedom=df)
        <= 2 * t_p(bonferroni, df)
    )
