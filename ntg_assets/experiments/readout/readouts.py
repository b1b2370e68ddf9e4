"""What an experiment found: one row per (comparison, metric, treatment arm),
with interval, p, money and what it could have found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.looks import look_of, wait_in_words
from ntg_assets.experiments.health.health_check import HealthCheck, concerning, is_unfit
from ntg_assets.experiments.readout.claims import evaluate_readout, with_money, with_plan
from ntg_assets.experiments.readout.harm import harm_to_date
from ntg_assets.experiments.readout.metric_readouts import read_between, read_pairs
from ntg_assets.experiments.readout.pooled import ROLE, pooled
from ntg_assets.experiments.readout.readout import NUMBERS, Readout, blank_readouts
from ntg_assets.statistics.repeated.multiple_testing import benjamini_hochberg


def read_out(
    experiment: ExperimentSettings,
    evidence: Evidence,
    checks: Sequence[HealthCheck],
    *,
    judged_only: bool = False,
) -> list[Readout]:
    """Compare every treatment arm with the control, between users and, in a replay, in pairs.

    Args:
        experiment: What is compared.
        evidence: What is known.
        checks: Health, without which no readout allows a claim.
        judged_only: Leave out what no decision looks at: other metrics, and plans (units needed,
            detectable difference).
    """
    readouts = _read_apart(experiment, evidence, judged_only=judged_only)
    if not judged_only:
        readouts += _read_pooled(experiment, evidence)
    if not look_of(experiment, evidence).is_reached:
        reason = f"not read yet: {wait_in_words(experiment, evidence)}"
        readouts = [r if r.is_valid else replace(r, verdict=reason) for r in readouts]
    for guardrail in experiment.guardrails:
        if not is_unfit(checks, guardrail.metric):
            readouts += harm_to_date(experiment, evidence, metric=guardrail.metric)
    if not judged_only:
        readouts = [with_plan(readout, experiment) for readout in readouts]
    fit = [_without_unfit(readout, checks) for readout in readouts]
    adjusted = _adjust_secondary(fit, experiment.alpha_weights)
    priced = [with_money(readout, experiment, evidence) for readout in adjusted]
    fewest = experiment.minimum_units_per_arm
    return [evaluate_readout(r, concerning(checks, r.metric), minimum_units=fewest) for r in priced]


def _read_apart(
    experiment: ExperimentSettings, evidence: Evidence, *, judged_only: bool
) -> list[Readout]:
    """Read every metric of each treatment by itself."""
    comparisons = [Comparison.BETWEEN_USERS]
    if experiment.can_pair:
        comparisons.append(Comparison.PAIRED)
    look = look_of(experiment, evidence)
    return [
        replace(readout, look=look.number, n_looks=look.n_looks, significance=own.significance)
        for comparison in comparisons
        for metric in experiment.measured
        if metric.name in experiment.evaluated_metrics or not judged_only
        if comparison == Comparison.BETWEEN_USERS or metric.has_pairs
        for own in [_at_look(experiment, evidence, metric, comparison)]
        for readout in _read_metric(own, evidence, metric=metric, comparison=comparison)
    ]


def _read_pooled(experiment: ExperimentSettings, evidence: Evidence) -> list[Readout]:
    """Read every metric of all treatments together, where that is asked for and sums add up."""
    together = pooled(experiment, evidence)
    if together is None:
        return []
    look, between_users = look_of(experiment, evidence), Comparison.BETWEEN_USERS
    shown: dict[str, Any] = {"role": ROLE, "look": look.number, "n_looks": look.n_looks}
    return [
        replace(readout, **shown, significance=own.significance)
        for metric in experiment.measured
        if not metric.how.reads_ranks
        for own in [_at_look(together[0], evidence, metric, between_users)]
        for readout in _read_metric(own, together[1], metric=metric, comparison=between_users)
    ]


def _at_look(
    experiment: ExperimentSettings,
    evidence: Evidence,
    metric: MetricSettings,
    comparison: Comparison,
) -> ExperimentSettings:
    """Give a metric the error rate that it may use at this look: its share of the experiment's,
    which the treatments of a metric that decides nothing divide among them.
    """
    alpha = experiment.significance_of(metric.name)
    own = experiment.model_copy(update={"significance": alpha, "alpha_weights": {}})
    at_look = look_of(own, evidence).significance
    is_divided = metric.name in experiment.alpha_weights and comparison == Comparison.BETWEEN_USERS
    if is_divided and metric.name != experiment.primary_metric:
        at_look /= len(experiment.treatments)
    return own.model_copy(update={"significance": at_look})


def _without_unfit(readout: Readout, checks: Sequence[HealthCheck]) -> Readout:
    """Take the numbers out of a metric that cannot be trusted,
    so that no rule finds an interval there.
    """
    if not is_unfit(checks, readout.metric):
        return readout
    reasons = "; ".join(
        check.sentence
        for check in checks
        if check.metric == readout.metric and check.verdict == "sick"
    )
    nothing: dict[str, Any] = dict.fromkeys(NUMBERS)
    return replace(readout, **nothing, is_valid=False, verdict=f"no claim (sick): {reasons}")


def _read_metric(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
    comparison: Comparison,
) -> list[Readout]:
    blanks = blank_readouts(experiment, evidence, metric=metric, comparison=comparison)
    try:
        if comparison == Comparison.PAIRED:
            return [read_pairs(blank, experiment, evidence) for blank in blanks]
        return read_between(blanks, experiment, evidence, metric=metric)
    except NotEnoughDataError as reason:
        return [replace(blank, verdict=f"no result: {reason}") for blank in blanks]


def _adjust_secondary(readouts: list[Readout], shares: Mapping[str, float]) -> list[Readout]:
    """Bound the share of false claims among the metrics that decide nothing
    (Benjamini-Hochberg, per comparison); those with a share of the error rate keep to it.
    """
    secondary = [r for r in readouts if r.role == "secondary" and r.p is not None]
    changes: dict[str, dict[str, Any]]
    if shares:
        changes = {r.readout_key: {"adjustment": "share of the error rate"} for r in secondary}
    else:
        changes = {
            key: {"p_adjusted": p, "adjustment": "benjamini-hochberg"}
            for key, p in _bounded_together(secondary).items()
        }
    return [replace(readout, **changes.get(readout.readout_key, {})) for readout in readouts]


def _bounded_together(readouts: Sequence[Readout]) -> dict[str, float]:
    """Adjust p for all readouts of a comparison; by readout."""
    adjusted: dict[str, float] = {}
    for comparison in {readout.comparison for readout in readouts}:
        family = [readout for readout in readouts if readout.comparison == comparison]
        p_values = benjamini_hochberg([r.p for r in family if r.p is not None])
        adjusted |= {r.readout_key: p for r, p in zip(family, p_values, strict=True)}
    return adjusted
