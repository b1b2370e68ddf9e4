"""Quantiles of tied values answer: they keep their level, find effects, and have an interval."""

from collections.abc import Callable
from datetime import datetime
from math import sqrt
from typing import Any

import numpy as np
import pytest
import scipy

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data import summed_tables
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt, replay
from ntg_assets.experiments.readout.baselines import baseline_of
from ntg_assets.statistics.quantiles import compare_quantiles, mid_quantiles, quantile_sample
from ntg_assets.storage.run import run
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.unit.test_experiments_order_statistics import ONE, units

Draw = Callable[[np.random.Generator, int], Any]
DAYS = (datetime(2026, 1, 1), datetime(2026, 1, 29))
REPETITIONS = 400


def rounds(rng: np.random.Generator, n: int) -> Any:
    """Rounds played in a game: many players stop after a few."""
    return np.floor(rng.lognormal(2.8, 1.4, n))


def watched(rng: np.random.Generator, n: int) -> Any:
    return rng.binomial(28, 0.3, n).astype(float)


def hours(rng: np.random.Generator, n: int) -> Any:
    return rng.lognormal(0, 1, n)


def half_nothing(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.5, 0.0, rng.lognormal(0, 1, n))


def mostly_nothing(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.88, 0.0, rng.lognormal(0, 1, n))


def definition(
    *, quantile: float = 0.9, role: str = "primary", **changes: Any
) -> ExperimentSettings:
    known = {
        "id": "lists",
        "hypothesis": "The new lists are watched more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"]},
            "pre_period_days": 0,
            "assigned_at_once": True,
        },
        "metrics": [{"name": "top", "kind": "quantile", "quantile": quantile}, {"name": "mean"}],
        "primary_metric": "top" if role == "primary" else "mean",
        "guardrails": [{"metric": "top", "margin": 0.5}] if role == "guardrail" else [],
    }
    return ExperimentSettings.model_validate(known | changes)


def evidence(a: Any, b: Any, *, quantile: float = 0.9, shift: float = 0.0) -> Evidence:
    """Two arms; `shift` moves the mean of the other metric."""
    arms = {"a": a, "b": b}
    spread = np.linspace(0, 2, 500)
    known = {("between users", "top", arm, "all"): sums(values) for arm, values in arms.items()}
    known |= {
        ("between users", "mean", arm, "all"): sums(spread + (shift if arm == "b" else 0))
        for arm in arms
    }
    found = mid_quantiles([a, b], quantile)
    return Evidence(
        traffic={arm: ArmTraffic(1.0, len(a), len(a), 0, 0, *DAYS) for arm in arms},
        sums=known,
        quantiles={("top", arm): one for arm, one in zip(arms, found, strict=True)},
    )


@pytest.mark.parametrize(
    ("draw", "n", "quantile"),
    [
        (rounds, (3_000, 3_000), 0.5),
        (watched, (500, 500), 0.9),
        (watched, (1_500, 150), 0.5),
        (hours, (500, 500), 0.9),
        (half_nothing, (500, 500), 0.5),
        (half_nothing, (1_000, 200), 0.5),
        (mostly_nothing, (500, 500), 0.9),
    ],
)
def test_without_an_effect_five_percent_claim_one_on_any_shape_of_values(
    draw: Draw, n: tuple[int, int], quantile: float
) -> None:
    rng = np.random.default_rng(9)
    claimed = [
        compare_quantiles(*mid_quantiles([draw(rng, size) for size in n], quantile)).p < 0.05
        for _ in range(REPETITIONS)
    ]
    # the band of 5% +- 1.5, at the ends of a 99.9% binomial interval
    low, high = scipy.stats.binom.interval(0.999, REPETITIONS, np.mean(claimed))
    assert low / REPETITIONS <= 0.065
    assert high / REPETITIONS >= 0.035


def test_p_is_below_the_error_rate_exactly_where_the_interval_leaves_out_zero() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        found = compare_quantiles(*mid_quantiles([watched(rng, 90), watched(rng, 40)], 0.6))
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_the_interval_holds_a_known_shift_of_tied_values() -> None:
    rng = np.random.default_rng(4)
    held = []
    for _ in range(REPETITIONS):
        found = compare_quantiles(*mid_quantiles([watched(rng, 400), watched(rng, 400) + 2], 0.5))
        held.append(found.low <= 2 <= found.high)
    assert np.mean(held) >= 0.95 - 3 * sqrt(0.95 * 0.05 / REPETITIONS)


def test_a_decision_rests_on_tied_values() -> None:
    rng = np.random.default_rng(6)
    given = evidence(watched(rng, 600), watched(rng, 600) + 4)
    _, readouts, decision = evaluate(definition(), given)
    found = next(one for one in readouts if one.metric == "top")
    assert found.method == "mid-ranks of the 0.9 quantile"
    assert found.difference == pytest.approx(4, abs=0.7)
    assert decision.decision == "rollout"
    receipt = make_receipt(definition(), given)
    assert replay(receipt)["decision"] == receipt["decision"]


def test_a_guardrail_on_tied_values_passes_within_its_margin_only() -> None:
    rng = np.random.default_rng(7)
    wide, narrow = (
        definition(role="guardrail", guardrails=[{"metric": "top", "margin": margin}])
        for margin in (2.0, 0.01)
    )
    given = evidence(watched(rng, 600), watched(rng, 600), shift=0.5)
    assert evaluate(wide, given)[2].decision == "rollout"
    assert evaluate(narrow, given)[2].reason == "guardrail:top"


def test_values_that_differ_are_claimed_as_before() -> None:
    rng = np.random.default_rng(8)
    better = evidence(hours(rng, 1_000), hours(rng, 1_000) * 1.5)
    worse = evidence(hours(rng, 1_000) * 1.5, hours(rng, 1_000))
    assert evaluate(definition(), better)[2].decision == "rollout"
    assert evaluate(definition(), worse)[2].decision == "rollback"


def test_one_heap_at_the_end_of_the_scale_has_no_interval_and_says_what_to_do() -> None:
    capped = np.minimum(np.arange(1_000.0), 500.0)
    with pytest.raises(NotEnoughDataError, match=r"equal smallest or largest values \(500, 500\)"):
        compare_quantiles(*mid_quantiles([capped, capped], 0.9))
    low, high = quantile_sample(mid_quantiles([capped], 0.25)[0]), mid_quantiles([capped], 0.25)[0]
    assert low.mean == high.value == pytest.approx(1_000 * 0.25 - 0.5)


def test_the_store_finds_the_mid_ranks_that_the_library_finds() -> None:
    rng = np.random.default_rng(11)
    for arms in (
        {"a": list(np.round(rng.lognormal(1, 1, 300), 1)), "b": [1.0, 2.0, 2.0, 2.0, 3.0]},
        {"a": [5.0] * 9, "b": [5.0] * 4},
        {"a": [0.0] * 40 + [1.0, 7.5], "b": list(rng.normal(0, 1, 77))},
    ):
        found = run(summed_tables.metric_quantiles(units("p80", **arms), definitions=[ONE]))
        expected = dict(zip(arms, mid_quantiles(list(arms.values()), 0.8), strict=True))
        for row in found.iter_rows(named=True):
            for name, value in vars(expected[row["arm"]]).items():
                assert row[name] == (value if value is None else pytest.approx(value)), name


def test_a_plan_of_a_quantile_is_made_with_its_own_error_and_not_with_that_of_the_mean() -> None:
    rng = np.random.default_rng(12)
    for draw in (hours, watched):
        given = evidence(draw(rng, 500), draw(rng, 500))
        baseline = baseline_of(definition(), given)
        assert (baseline.mean, baseline.variance) == (
            given.quantiles["top", "a"].value,
            quantile_sample(given.quantiles["top", "a"]).variance,
        )
    with pytest.raises(NotEnoughDataError, match="only 0 of 1 arms have units with a value"):
        baseline_of(definition(), Evidence(traffic={}, sums={}))
