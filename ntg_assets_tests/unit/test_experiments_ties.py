"""Quantiles of tied values: no claim, whatever they seem to show;
values that differ are claimed as before.
"""

from collections.abc import Callable
from datetime import datetime
from math import sqrt
from typing import Any

import numpy as np
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data import tables
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt, replay
from ntg_assets.experiments.readout.plans import baseline_of
from ntg_assets.statistics.library import order_statistics
from ntg_assets.statistics.quantiles import (
    MOST_TIED,
    OrderStatistics,
    TiedValuesError,
    compare_quantiles,
    quantile_sample,
)
from ntg_assets.storage.run import run
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.unit.test_experiments_order_statistics import ONE, units

Draw = Callable[[np.random.Generator, int], Any]
DAYS = (datetime(2026, 1, 1), datetime(2026, 1, 29))


def rounds(rng: np.random.Generator, n: int) -> Any:
    """Rounds played in a game: many players stop after a few."""
    return np.floor(rng.lognormal(2.8, 1.4, n))


def watched(rng: np.random.Generator, n: int) -> Any:
    return rng.binomial(28, 0.3, n).astype(float)


def hours(rng: np.random.Generator, n: int) -> Any:
    return rng.lognormal(0, 1, n)


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
    return Evidence(
        traffic={arm: ArmTraffic(1.0, len(a), len(a), 0, 0, *DAYS) for arm in arms},
        sums=known,
        quantiles={
            ("top", arm): order_statistics(values, quantile) for arm, values in arms.items()
        },
    )


@pytest.mark.parametrize(
    ("draw", "n", "quantile"), [(rounds, 10_000, 0.5), (rounds, 44_700, 0.5), (watched, 2_000, 0.9)]
)
def test_worlds_of_tied_values_without_an_effect_are_never_acted_upon(
    draw: Draw, n: int, quantile: float
) -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        found = [order_statistics(draw(rng, n), quantile) for _ in range(2)]
        with pytest.raises(TiedValuesError, match=r"% of the [\d,]+ values equal the quantile"):
            compare_quantiles(*found)


def test_a_decision_cannot_rest_on_tied_values_and_says_so() -> None:
    rng = np.random.default_rng(6)
    given = evidence(watched(rng, 600), watched(rng, 600) + 4)  # even a true effect
    _, readouts, decision = evaluate(definition(), given)
    found = next(one for one in readouts if one.metric == "top")
    assert (found.is_valid, found.difference, found.p) == (False, None, None)
    assert (found.mean_control, found.mean_treatment) == (11.0, 16.0)  # what was seen is shown
    assert found.verdict.startswith("no claim: ")
    assert (decision.decision, decision.reason) == ("iterate", "success")
    assert (
        "% of the 600 values equal the quantile (11), so its error is not known"
        in decision.sentence
    )
    assert decision.sentence.endswith("More units do not change that.")
    receipt = make_receipt(definition(), given)
    assert replay(receipt)["decision"] == receipt["decision"]


def test_a_guardrail_whose_claim_is_withheld_has_not_passed() -> None:
    rng = np.random.default_rng(7)
    wide = definition(role="guardrail", guardrails=[{"metric": "top", "margin": 2.0}])
    assert (
        evaluate(wide, evidence(hours(rng, 600), hours(rng, 600), shift=0.5))[2].decision
        == "rollout"
    )
    tied = evaluate(wide, evidence(watched(rng, 600), watched(rng, 600), shift=0.5))[2]
    assert (tied.decision, tied.reason) == ("iterate", "guardrail:top")
    assert tied.sentence.startswith("Iterate: top has no claim: ")
    assert tied.sentence.endswith("More units do not change that.")


def test_values_that_differ_are_claimed_as_before() -> None:
    rng = np.random.default_rng(8)
    assert (
        evaluate(definition(), evidence(hours(rng, 1_000), hours(rng, 1_000) * 1.5))[2].decision
        == "rollout"
    )
    assert (
        evaluate(definition(), evidence(hours(rng, 1_000) * 1.5, hours(rng, 1_000)))[2].decision
        == "rollback"
    )


def seconds(rng: np.random.Generator, n: int) -> Any:
    return np.round(rng.lognormal(4, 1, n))


def capped(rng: np.random.Generator, n: int) -> Any:
    return np.minimum(rng.lognormal(0, 1, n), 3.7)


def bought_or_not(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.88, 0.0, rng.lognormal(0, 1, n))


def claims(draw: Draw, *, n: int = 500, repetitions: int = 400) -> tuple[float, float]:
    """The shares of worlds without an effect that claim one, and that withhold every claim."""
    rng = np.random.default_rng(9)
    found = [[order_statistics(draw(rng, n), 0.9) for _ in range(2)] for _ in range(repetitions)]
    withheld = [any(arm.is_tied for arm in arms) for arms in found]
    claimed = [
        not tied and compare_quantiles(*arms).p < 0.05
        for arms, tied in zip(found, withheld, strict=True)
    ]
    return float(np.mean(claimed)), float(np.mean(withheld))


@pytest.mark.parametrize("draw", [hours, seconds, watched, capped, bought_or_not])
def test_without_an_effect_at_most_five_percent_claim_one_on_any_shape_of_values(
    draw: Draw,
) -> None:
    claimed, withheld = claims(draw)
    assert claimed <= 0.05 + 3 * sqrt(0.05 * 0.95 / 400)
    assert (withheld == 1) == (draw is watched)
    assert (withheld == 0) == (draw in (hours, seconds))
    assert draw is not hours or claimed > 0.02  # values that differ are still tested


def test_the_interval_must_span_more_than_four_steps() -> None:
    free = OrderStatistics(1_000, 10.0, 8.0, 12.0, n_equal=3, n_tied=25, n_spanned=100)
    assert quantile_sample(free).squared_error > 0
    assert MOST_TIED * free.n_spanned == free.n_tied
    with pytest.raises(
        TiedValuesError, match=r"3% of the 1,000 values share one value beside the quantile \(10\)"
    ):
        quantile_sample(
            OrderStatistics(1_000, 10.0, 8.0, 12.0, n_equal=3, n_tied=26, n_spanned=100)
        )
    with pytest.raises(TiedValuesError, match="the values around 10 are equal"):
        quantile_sample(OrderStatistics(1_000, 10.0, 10.0, 10.0))
    # one value alone is no tie
    assert (
        quantile_sample(OrderStatistics(9, 5.0, 2.0, 8.0, n_equal=1, n_tied=1, n_spanned=3)).n == 9
    )


def test_the_store_counts_ties_as_the_library_does() -> None:
    rng = np.random.default_rng(11)
    arms = {"a": list(np.round(rng.lognormal(1, 1, 300), 1)), "b": [1.0, 2.0, 2.0, 2.0, 3.0]}
    found = run(tables.metric_quantiles(units("p80", **arms), definitions=[ONE]))
    for row in found.iter_rows(named=True):
        expected = order_statistics(arms[row["arm"]], 0.8)
        assert {
            name: row[name]
            for name in ("n", "value", "low", "high", "n_equal", "n_tied", "n_spanned")
        } == vars(expected)


def test_a_plan_of_a_quantile_is_made_with_its_own_error_and_not_with_that_of_the_mean() -> None:
    rng = np.random.default_rng(12)
    given = evidence(hours(rng, 500), hours(rng, 500))
    baseline = baseline_of(definition(), given)
    assert (baseline.mean, baseline.variance) == (
        given.quantiles["top", "a"].value,
        quantile_sample(given.quantiles["top", "a"]).variance,
    )
    with pytest.raises(TiedValuesError):
        baseline_of(definition(), evidence(watched(rng, 500), watched(rng, 500)))
    with pytest.raises(NotEnoughDataError, match="no unit of the control has a value"):
        baseline_of(definition(), Evidence(traffic={}, sums={}))
