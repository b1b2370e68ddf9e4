"""The treatments of an experiment against its control, between users, as the metric's kind asks."""

from collections.abc import Sequence
from dataclasses import replace

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.statistics.joint_comparison import Compare
from ntg_assets.statistics.metric_kinds import Arm, Compared, Terms
from ntg_assets.statistics.metric_kinds.kind import compare_designed, moments_in, tells_anything
from ntg_assets.statistics.moments import moments_of


def compare_arms(
    experiment: ExperimentSettings,
    evidence: Evidence,
    *,
    metric: MetricSettings,
    confidence: float | None = None,
) -> Compared:
    """Compare every treatment with the control by the test that the metric's kind asks for.

    Args:
        experiment: What is compared.
        evidence: What is known.
        metric: On what.
        confidence: Of the intervals; None: as the experiment's significance says.

    Raises:
        NotEnoughDataError: an arm has too few units, or no unit differs from another.
    """
    arms = arms_of(experiment, evidence, metric)
    alpha = experiment.significance_of(metric.name)
    terms = terms_of(metric, confidence=1 - alpha if confidence is None else confidence)
    compared = test_of(experiment, metric)(arms, terms)
    remarks = _remarks(experiment, metric, arms)
    return replace(compared, method=f"{compared.method}{remarks}")


def test_of(experiment: ExperimentSettings, metric: MetricSettings) -> Compare:
    """Choose the test: by the kind of the metric, unless the design of the experiment says more."""
    return compare_designed if experiment.is_designed(metric) else metric.how.compare


def arms_of(
    experiment: ExperimentSettings, evidence: Evidence, metric: MetricSettings
) -> list[Arm]:
    """Gather what is known of one metric in every arm, control first.

    Raises:
        NotEnoughDataError: fewer than two units of an arm have a value, or the design rests on
            columns that no log has.
    """
    if not experiment.is_designed(metric):
        return [arm_numbers(evidence, metric, arm.name) for arm in experiment.arms]
    if not evidence.contrasts:
        raise NotEnoughDataError(
            f"nothing is known here by {', '.join(experiment.design_columns)}: there are too few"
            " units or clusters in an arm."
        )
    return [
        arm_numbers(evidence, metric, arm.name)._replace(
            contrast=evidence.contrasts.get((metric.name, arm.name, ""))
        )
        for arm in experiment.arms
    ]


def terms_of(metric: MetricSettings, *, confidence: float = 0.95) -> Terms:
    """Say how a metric is to be compared."""
    return Terms(confidence, metric.use_covariate, metric.quantile)


def arm_numbers(evidence: Evidence, metric: MetricSettings, arm: str) -> Arm:
    """Gather what is known of one metric in one arm.

    Raises:
        NotEnoughDataError: fewer than two units have a value.
    """
    if metric.how.reads_ranks:
        return Arm(ranks=evidence.quantiles.get((metric.name, arm)))
    sums = evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm)
    return Arm(moments=moments_of(sums), shape=evidence.shapes.get((metric.name, arm)))


def _remarks(experiment: ExperimentSettings, metric: MetricSettings, arms: Sequence[Arm]) -> str:
    """Say what was done to the values, and why the configured past narrows nothing."""
    ends = (("winsorised at", metric.winsorise_at), ("winsorised below", metric.winsorise_below))
    cut = "".join(f", {what} {at:g}" for what, at in ends if at)
    asks_for_past = metric.how.has_covariate and metric.use_covariate and experiment.has_pre_period
    if experiment.is_designed(metric) or not asks_for_past:
        return cut
    return f"{_why_no_past(arms)}{cut}"


def _why_no_past(arms: Sequence[Arm]) -> str:
    moments = moments_in(arms)
    if tells_anything(moments):
        return ""
    is_new = all(arm.mean["covariate"] == 0 for arm in moments)
    why = "no unit has a past" if is_new else "the past of an arm sums to zero or does not vary"
    return f", no covariate: {why}"
