"""What would have been decided had one assumption been another,
and how far the deciding numbers are from flipping.
"""

from collections.abc import Sequence
from typing import Any

from scipy import special

from ntg_assets.configuration.experiments.arms import GuardrailSettings
from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.decision.decisions import (
    Decision,
    decide,
    deciding_readout,
    primary_readout,
)
from ntg_assets.experiments.decision.gate_rules import ends_of
from ntg_assets.experiments.decision.money import profit_belief
from ntg_assets.experiments.health.health import examine
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.readout.comparisons import compare_arms
from ntg_assets.experiments.readout.readout import Readout
from ntg_assets.experiments.readout.readouts import read_out
from ntg_assets.statistics.bayes import Belief

# the other assumptions only change how readouts are judged
REREAD = frozenset({"significance", "minimum_units_per_arm", "comparison"})
FEWEST_SEGMENTS = 2


def sensitivity(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    checks: Sequence[HealthCheck],
    readouts: Sequence[Readout],
) -> dict[str, str]:
    """Say what would have been decided had one assumption been another."""
    decided = {}
    for name, change in _other_assumptions(experiment).items():
        changed = experiment.model_copy(update=change)
        decided[name] = (
            _decided(changed, evidence)
            if REREAD & change.keys()
            else decide(changed, readouts, checks=checks, evidence=evidence).decision
        )
    worst = worst_segment(experiment, evidence)
    if worst is not None:
        decided[f"only the worst segment ({worst})"] = _decided(experiment, evidence.within(worst))
    return decided


def _other_assumptions(experiment: ExperimentSettings) -> dict[str, dict[str, Any]]:
    """Name each assumption that could have been another, with the settings that make it so."""
    guarded = experiment.guarded
    changes: dict[str, dict[str, Any]] = {
        "significance halved": {"significance": experiment.significance / 2},
        "significance doubled": {"significance": min(0.49, experiment.significance * 2)},
        "cost doubled": {"cost_per_unit": experiment.cost_per_unit * 2},
        "value halved": {"value_per_unit": experiment.value_per_unit / 2},
        "margins halved": {"guardrails": [_with_margin(rule, 0.5) for rule in guarded]},
        "margins doubled": {"guardrails": [_with_margin(rule, 2) for rule in guarded]},
        "no minimum of units": {"minimum_units_per_arm": 2},
        "any evidence may roll out": {"rollout_evidence": [experiment.evidence]},
    }
    if experiment.one_off_cost_per_unit:
        changes["horizon halved"] = _over_horizon(experiment, 0.5)
        changes["horizon doubled"] = _over_horizon(experiment, 2)
    if experiment.can_pair:
        other = _other_comparison(experiment)
        changes[f"decided on: {other}"] = {"comparison": other}
    return changes


def _other_comparison(experiment: ExperimentSettings) -> Comparison:
    is_between = experiment.comparison == Comparison.BETWEEN_USERS
    return Comparison.PAIRED if is_between else Comparison.BETWEEN_USERS


def _with_margin(guardrail: GuardrailSettings, times: float) -> GuardrailSettings:
    margins = {"margin": guardrail.margin, "relative_margin": guardrail.relative_margin}
    return guardrail.model_copy(
        update={name: margin and margin * times for name, margin in margins.items()}
    )


def _over_horizon(experiment: ExperimentSettings, times: float) -> dict[str, float]:
    """Let value and running cost grow with the horizon;
    what is paid once stays. Without it no horizon could change the decision.
    """
    return {
        "value_per_unit": experiment.value_per_unit * times,
        "cost_per_unit": experiment.cost_per_unit * times,
    }


def worst_segment(experiment: ExperimentSettings, evidence: Evidence) -> str | None:
    """Find the segment in which the best treatment does worst on the primary metric;
    None with fewer than two that can be read.
    """
    metric = experiment.metric(experiment.primary_metric)
    if len(evidence.segments) < FEWEST_SEGMENTS or not metric.how.has_segments:
        return None
    effects: dict[str, float] = {}
    for segment in evidence.segments:
        try:
            compared = compare_arms(experiment, evidence.within(segment), metric=metric)
        except NotEnoughDataError:
            continue
        effects[segment] = max(metric.sign * effect.difference for effect in compared.differences)
    return (
        min(effects, key=lambda segment: (effects[segment], segment))
        if len(effects) >= FEWEST_SEGMENTS
        else None
    )


def thresholds(
    experiment: ExperimentSettings,
    readouts: Sequence[Readout],
    *,
    decision: Decision,
    evidence: Evidence,
) -> dict[str, float]:
    """Say where single numbers of the decided arm flip: the cost at which money stops passing,
    the margin that each guardrail needs.
    """
    primary = primary_readout(experiment, readouts, arm=decision.arm)
    limits: dict[str, float] = {}
    belief = profit_belief(experiment, primary, prior=evidence.prior)
    if belief is not None:
        limits["largest cost per unit that still passes"] = _largest_cost(experiment, belief)
    for guardrail in experiment.guarded:
        readout = deciding_readout(experiment, readouts, guardrail.metric, arm=decision.arm)
        worst, _ = ends_of(guardrail, readout)
        if worst is not None:
            name = f"smallest margin that {guardrail.metric} keeps"
            limits[name] = max(0.0, -readout.sign * worst)
    return limits


def _largest_cost(experiment: ExperimentSettings, belief: Belief) -> float:
    """Return the cost per unit at which the profit clears its hurdle just surely enough."""
    worth = (
        belief.mean
        + experiment.whole_cost_per_unit
        - float(special.ndtri(experiment.profit_confidence)) * belief.variance**0.5
    )
    return worth / (1 + experiment.return_hurdle)


def _decided(experiment: ExperimentSettings, evidence: Evidence) -> str:
    checks = examine(experiment, evidence)
    readouts = read_out(experiment, evidence, checks, judged_only=True)
    return decide(experiment, readouts, checks=checks, evidence=evidence).decision
