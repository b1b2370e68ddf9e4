"""What an experiment found: one row per (comparison, metric, treatment arm), with interval, p, money and what it could have found."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.comparisons import compare_arms
from ntg_assets.experiments.evidence import Evidence
from ntg_assets.experiments.health import ENOUGH_UNITS, is_sick
from ntg_assets.experiments.health_check import HealthCheck
from ntg_assets.experiments.looks import look_of
from ntg_assets.experiments.metric_settings import MetricKind, MetricSettings
from ntg_assets.experiments.moments import moments_of
from ntg_assets.experiments.sequential import anytime_factor, anytime_p
from ntg_assets.experiments.settings import Comparison, ExperimentSettings
from ntg_assets.experiments.several_arms import benjamini_hochberg, max_t_critical, max_t_p, shared_control_loadings
from ntg_assets.experiments.two_samples import Difference, Sample, adjusted_samples, compare_pairs

KEY_DIGITS = 16
TO_DATE = "to date"  # everything that has come in, also since the last look
UNPAIRED: tuple[MetricKind, ...] = ("ratio", "quantile")  # the mean of differences is not the difference of ratios or quantiles


@dataclass(frozen=True)
class Readout:
    """One comparison of one treatment arm with the control on one metric; the fields are the columns of `readouts`."""

    readout_key: str
    experiment: str
    comparison: str
    metric: str
    arm: str
    control_arm: str
    source: str
    role: str
    method: str
    n_control: int
    n_treatment: int
    mean_control: float | None = None
    mean_treatment: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    standard_error: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    adjustment: str = "none"
    look: int = 1
    n_looks: int = 1
    significance: float = 0.05
    relative_difference: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    variance_removed_share: float | None = None
    revenue_lift_per_unit: float | None = None
    revenue_lift_per_unit_low: float | None = None
    revenue_lift_per_unit_high: float | None = None
    n_population: int = 0
    revenue_lift_total: float | None = None
    revenue_lift_total_low: float | None = None
    revenue_lift_total_high: float | None = None
    detectable_difference: float | None = None
    units_needed_per_arm: float | None = None
    is_valid: bool = False
    verdict: str = ""


def read_out(
    experiment: ExperimentSettings, evidence: Evidence, checks: Sequence[HealthCheck], *, judged_only: bool = False
) -> list[Readout]:
    """Compare every treatment arm with the control, between users and, in a replay, in pairs.

    Args:
        experiment: What is compared.
        evidence: What is known.
        checks: Health, without which no readout allows a claim.
        judged_only: Leave out what no decision looks at: other metrics, and plans (units needed, detectable difference).
    """
    comparisons: list[Comparison] = ["between users", "paired"] if experiment.can_pair else ["between users"]
    look = look_of(experiment, evidence)
    at_look = experiment.model_copy(update={"significance": look.significance})
    found = [
        replace(readout, look=look.number, n_looks=look.n_looks, significance=look.significance)
        for comparison in comparisons
        for metric in experiment.measured
        if metric.name in experiment.judged_metrics or not judged_only
        if comparison == "between users" or metric.kind not in UNPAIRED
        for readout in _read_metric(at_look, evidence, metric=metric, comparison=comparison)
    ]
    found += [harm for guardrail in experiment.guardrails for harm in harm_to_date(experiment, evidence, metric=guardrail.metric)]
    planned = found if judged_only else [_with_plan(readout, experiment) for readout in found]
    return [
        _judge(_with_money(readout, experiment, evidence), checks, minimum_units=experiment.minimum_units_per_arm)
        for readout in _adjust_secondary(planned)
    ]


def _read_metric(experiment: ExperimentSettings, evidence: Evidence, *, metric: MetricSettings, comparison: Comparison) -> list[Readout]:
    blanks = [_blank(experiment, evidence, metric=metric, comparison=comparison, arm=arm.name) for arm in experiment.treatments]
    try:
        if comparison == "paired":
            return [_read_pairs(blank, experiment, evidence) for blank in blanks]
        return _read_between(blanks, experiment, evidence, metric=metric)
    except NotEnoughDataError as reason:
        return [replace(blank, verdict=f"no result: {reason}") for blank in blanks]


def _blank(experiment: ExperimentSettings, evidence: Evidence, *, metric: MetricSettings, comparison: Comparison, arm: str) -> Readout:
    """Start a readout from what is known before any statistic; its key names the very sums that it rests on."""
    control = evidence.sums_for("between users", metric.name, experiment.control.name)
    treated = evidence.sums_for(comparison, metric.name, arm)
    ranks = [evidence.quantiles.get((metric.name, one)) for one in (experiment.control.name, arm)]
    identity = [experiment.id, comparison, metric.name, arm, experiment.significance, repr(control), repr(treated), repr(ranks)]
    return Readout(
        readout_key=hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:KEY_DIGITS],
        experiment=experiment.id,
        comparison=comparison,
        metric=metric.name,
        arm=arm,
        control_arm=experiment.control.name,
        source=experiment.evidence,
        role=experiment.role_of(metric.name),
        method="",
        n_control=treated.n if comparison == "paired" else control.n,
        n_treatment=treated.n,
    )


def _read_between(
    blanks: Sequence[Readout], experiment: ExperimentSettings, evidence: Evidence, *, metric: MetricSettings
) -> list[Readout]:
    found = compare_arms(experiment, evidence, metric=metric)
    is_joint = experiment.role_of(metric.name) == "primary" and len(found.differences) > 1
    joint = _joint(found.differences, found.samples, experiment=experiment) if is_joint else found.differences
    return [
        replace(
            _fill(blank, shown, control=found.samples[0], treatment=sample),
            method=found.method,
            p=raw.p,
            p_adjusted=shown.p,
            adjustment="largest of correlated t" if is_joint else "none",
            variance_removed_share=found.removed_share,
        )
        for blank, raw, shown, sample in zip(blanks, found.differences, joint, found.samples[1:], strict=True)
    ]


def _read_pairs(blank: Readout, experiment: ExperimentSettings, evidence: Evidence) -> Readout:
    pairs = adjusted_samples([moments_of(evidence.sums_for("paired", blank.metric, blank.arm))], use_covariate=False)[0]
    n_treatments = len(experiment.treatments)
    found = compare_pairs(pairs, confidence=1 - experiment.significance / n_treatments)
    return replace(
        blank,
        method="one-sample t of paired differences",
        difference=found.difference,
        difference_low=found.low,
        difference_high=found.high,
        standard_error=found.standard_error,
        p=found.p,
        p_adjusted=min(1.0, found.p * n_treatments),
        adjustment="bonferroni" if n_treatments > 1 else "none",
        is_valid=True,
    )


def harm_to_date(experiment: ExperimentSettings, evidence: Evidence, *, metric: str) -> list[Readout]:
    """Watch a guardrail on everything that has come in, by intervals that hold at every moment (asymptotic confidence sequences).

    Only where looks are planned: elsewhere the data come all at once. Arms with fewer units than a claim needs are not read.
    """
    if experiment.planned_units is None:
        return []
    chosen, so_far = experiment.metric(metric), evidence.to_date()
    blanks = [_blank(experiment, so_far, metric=chosen, comparison="between users", arm=arm.name) for arm in experiment.treatments]
    try:
        found = compare_arms(experiment, so_far, metric=chosen)
    except NotEnoughDataError:
        return []
    return [
        _any_time(blank, one, experiment=experiment, method=found.method)
        for blank, one in zip(blanks, found.differences, strict=True)
        if min(blank.n_control, blank.n_treatment) >= experiment.minimum_units_per_arm
    ]


def _any_time(blank: Readout, found: Difference, *, experiment: ExperimentSettings, method: str) -> Readout:
    n, alpha = blank.n_control + blank.n_treatment, experiment.significance / len(experiment.treatments)
    tuned_for = float(experiment.planned_units or n)
    reach = anytime_factor(n, alpha=alpha, tuned_for=tuned_for) * found.standard_error
    p = anytime_p(found.difference / found.standard_error, n=n, alpha=alpha, tuned_for=tuned_for)
    return replace(
        blank,
        readout_key=hashlib.sha256(f"{TO_DATE}:{blank.readout_key}".encode()).hexdigest()[:KEY_DIGITS],
        comparison=TO_DATE,
        method=f"{method}, confidence sequence",
        difference=found.difference,
        difference_low=found.difference - reach,
        difference_high=found.difference + reach,
        standard_error=found.standard_error,
        p=p,
        p_adjusted=p,
        significance=alpha,
        is_valid=True,
    )


def _joint(differences: Sequence[Difference], samples: Sequence[Sample], *, experiment: ExperimentSettings) -> list[Difference]:
    """Widen intervals and p-values so that they hold for all treatment arms together."""
    loadings = shared_control_loadings(samples[0], samples[1:])
    df = min(one.degrees_of_freedom for one in differences)  # the smallest is the cautious choice when arms differ
    critical = max_t_critical(loadings, significance=experiment.significance, degrees_of_freedom=df)
    return [
        replace(
            one,
            low=one.difference - critical * one.standard_error,
            high=one.difference + critical * one.standard_error,
            p=max_t_p(one.difference / one.standard_error, loadings, degrees_of_freedom=df),
        )
        for one in differences
    ]


def _fill(blank: Readout, found: Difference, *, control: Sample, treatment: Sample) -> Readout:
    return replace(
        blank,
        mean_control=control.mean,
        mean_treatment=treatment.mean,
        difference=found.difference,
        difference_low=found.low,
        difference_high=found.high,
        standard_error=found.standard_error,
        relative_difference=found.relative,
        relative_low=found.relative_low,
        relative_high=found.relative_high,
        is_valid=True,
    )


def _with_plan(readout: Readout, experiment: ExperimentSettings) -> Readout:
    """Say what these units could have found, and how many the effect in question needs, at the same shares of the traffic."""
    if readout.standard_error is None or readout.difference is None:
        return readout
    tail = experiment.significance / 2 / len(experiment.treatments)
    reach = float(special.ndtri(experiment.power) - special.ndtri(tail)) * readout.standard_error
    effect = experiment.effect_in_question(readout.metric) or abs(readout.difference)
    needed = readout.n_treatment * (reach / effect) ** 2 if effect else None
    return replace(readout, detectable_difference=reach, units_needed_per_arm=needed)


def _adjust_secondary(readouts: list[Readout]) -> list[Readout]:
    """Bound the share of false claims among the metrics that decide nothing (Benjamini-Hochberg, per comparison)."""
    adjusted: dict[str, float] = {}
    for comparison in {readout.comparison for readout in readouts}:
        family = [one for one in readouts if one.comparison == comparison and one.role == "secondary" and one.p is not None]
        p_values = benjamini_hochberg([one.p for one in family if one.p is not None])
        adjusted |= {one.readout_key: p for one, p in zip(family, p_values, strict=True)}
    return [
        replace(one, p_adjusted=adjusted[one.readout_key], adjustment="benjamini-hochberg") if one.readout_key in adjusted else one
        for one in readouts
    ]


def _with_money(readout: Readout, experiment: ExperimentSettings, evidence: Evidence) -> Readout:
    """Put the primary metric's difference into the unit of value, per unit and for everyone who would have been exposed."""
    if readout.role != "primary" or readout.difference is None or readout.difference_low is None or readout.difference_high is None:
        return readout
    start, end = experiment.layer_range
    population = round(evidence.n_exposed / (end - start))
    worth = experiment.value_per_unit
    return replace(
        readout,
        revenue_lift_per_unit=worth * readout.difference,
        revenue_lift_per_unit_low=worth * readout.difference_low,
        revenue_lift_per_unit_high=worth * readout.difference_high,
        n_population=population,
        revenue_lift_total=worth * readout.difference * population,
        revenue_lift_total_low=worth * readout.difference_low * population,
        revenue_lift_total_high=worth * readout.difference_high * population,
    )


def _judge(readout: Readout, checks: Sequence[HealthCheck], *, minimum_units: int) -> Readout:
    """Say what the numbers allow; a sick or thin experiment makes no claim, whatever its p."""
    if not readout.is_valid:
        return readout
    if is_sick(checks):
        reasons = "; ".join(check.sentence for check in checks if check.verdict == "sick")
        return replace(readout, is_valid=False, verdict=f"no claim (sick): {reasons}")
    if thin := [check.sentence for check in checks if check.verdict == "thin" and not _has_own_units(readout, check)]:
        return replace(readout, is_valid=False, verdict=f"no claim (thin): {'; '.join(thin)}")
    if (fewest := min(readout.n_control, readout.n_treatment)) < minimum_units:
        return replace(readout, is_valid=False, verdict=f"no claim (thin): {fewest:,} units, a claim needs {minimum_units:,}")
    if readout.role == "negative control":
        return replace(readout, verdict="negative control: any difference is chance")
    return replace(readout, verdict=_claim(readout))


def _has_own_units(readout: Readout, check: HealthCheck) -> bool:
    """Whether a thin experiment is not thin here: pairs and data to date have other units, and harm needs no minimum of days."""
    return check.check == ENOUGH_UNITS or readout.comparison == TO_DATE


def _claim(readout: Readout) -> str:
    if readout.difference_low is not None and readout.difference_low > 0:
        return "higher than the control"
    if readout.difference_high is not None and readout.difference_high < 0:
        return "lower than the control"
    return "no difference shown"
