"""Gates at their limits: an interval that touches its limit proves nothing, in either direction."""

from typing import Any

import pytest

from ntg_assets.configuration.experiments.arms import GuardrailSettings
from ntg_assets.experiments.decision.gate_rules import (
    guardrail_gate,
    harm_gate,
    money_gate,
    success_gate,
)
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.statistics.bayes import Belief
from ntg_assets.statistics.two_samples import Better
from ntg_assets_tests.unit.test_experiments_decisions import DEFINITION, evidence

MARGIN = GuardrailSettings(metric="hit", margin=0.25)
A_LITTLE = 2**-20


def readout(low: float, high: float, *, better: Better = "more", **fields: Any) -> Readout:
    """Read a difference whose treatment does worst at `low` and best at `high`."""
    ends = (low, high) if better == "more" else (-high, -low)
    known: dict[str, Any] = {
        "readout_key": "k",
        "experiment": "e",
        "comparison": "between users",
        "metric": "hit",
        "arm": "blend",
        "control_arm": "control",
        "source": "log",
        "role": "guardrail",
        "method": "mean",
        "n_control": 9,
        "n_treatment": 9,
        "difference": sum(ends) / 2,
        "difference_low": ends[0],
        "difference_high": ends[1],
        "is_valid": True,
    }
    return Readout(better=better, **known | fields)


@pytest.mark.parametrize("better", ["more", "less"])
def test_harm_is_proven_beyond_the_margin_only(better: Better) -> None:
    at = harm_gate(MARGIN, readout(-1.0, -0.25, better=better))
    beyond = harm_gate(MARGIN, readout(-1.0, -0.25 - A_LITTLE, better=better))
    assert (at.verdict, beyond.verdict) == ("pass", "rollback")


@pytest.mark.parametrize("better", ["more", "less"])
@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.25, 1.0, "iterate"),
        (-0.25 + A_LITTLE, 1.0, "pass"),
        (-1.0, -0.25, "iterate"),
        (-1.0, -0.25 - A_LITTLE, "rollback"),
    ],
)
def test_a_guardrail_that_touches_its_margin_is_not_decided(
    low: float, high: float, verdict: str, better: Better
) -> None:
    assert guardrail_gate(MARGIN, readout(low, high, better=better)).verdict == verdict


@pytest.mark.parametrize("better", ["more", "less"])
@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0, 1.0, "iterate"),
        (A_LITTLE, 1.0, "pass"),
        (-1.0, 0.0, "iterate"),
        (-1.0, -A_LITTLE, "rollback"),
    ],
)
def test_an_interval_that_touches_zero_shows_no_success(
    low: float, high: float, verdict: str, better: Better
) -> None:
    assert success_gate(readout(low, high, better=better)).verdict == verdict


@pytest.mark.parametrize(
    ("z", "verdict"), [(0.0, "iterate"), (1.7, "pass"), (-1.6, "iterate"), (-1.7, "rollback")]
)
def test_profit_is_as_sure_to_be_lost_as_it_had_to_be_won(z: float, verdict: str) -> None:
    """At a confidence of 95% either is 1.645 standard errors away from zero."""
    primary = readout(z - 2, z + 2, standard_error=1.0)
    experiment = DEFINITION.model_copy(update={"profit_confidence": 0.95})
    assert money_gate(experiment, primary, evidence()).verdict == verdict


def test_a_unit_that_is_worth_three_has_three_times_the_error() -> None:
    experiment = DEFINITION.model_copy(update={"value_per_unit": 3.0})
    belief = profit_belief(experiment, readout(1.0, 3.0, standard_error=2.0))
    assert belief is not None
    assert (belief.mean, belief.variance) == (3 * 2.0, (3 * 2.0) ** 2)


@pytest.mark.parametrize("baseline", [0.0, -4.0])
def test_a_share_of_a_mean_that_is_not_above_zero_shrinks_nothing(baseline: float) -> None:
    prior = Belief(mean=0.1, variance=0.01)
    alone = profit_belief(DEFINITION, readout(1.0, 3.0, standard_error=2.0))
    shrunk = readout(1.0, 3.0, standard_error=2.0, mean_control=baseline)
    assert profit_belief(DEFINITION, shrunk, prior=prior) == alone
