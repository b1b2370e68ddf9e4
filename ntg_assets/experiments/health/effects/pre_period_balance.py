"""Whether the arms differed before."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence, before
from ntg_assets.experiments.health.balance import covariate_sample, no_difference, no_difference_of
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.metric_units import alone
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.metric_kinds.kind import tells_anything
from ntg_assets.statistics.moments import MINIMUM_UNITS, moments_of


@health_check(140)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every treatment on the primary metric, and on each other one whose interval the time
    before narrows: what differed before would be taken off its effect.
    """
    for metric in experiment.measured:
        compare = _by_design if experiment.is_designed(metric) else _between_units
        if metric.name == experiment.primary_metric or _is_narrowed(experiment, metric, evidence):
            yield from compare(experiment, metric, evidence)


def _is_narrowed(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> bool:
    """Whether the interval of a metric rests on what units did before: it is known in every arm."""
    if experiment.is_designed(metric):
        return metric.is_narrowed and any(
            key[0] == before(metric.name) for key in evidence.contrasts
        )
    arms = [
        evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name)
        for arm in experiment.arms
    ]
    return (
        metric.is_narrowed
        and all(arm.n >= MINIMUM_UNITS for arm in arms)
        and tells_anything([moments_of(arm) for arm in arms])
    )


def _between_units(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    control, *treated = (
        covariate_sample(evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name))
        for arm in experiment.arms
    )
    for arm, sample in zip(experiment.treatments, treated, strict=True):
        yield no_difference(
            _name(experiment, metric, arm.name),
            control,
            sample,
            _what(metric),
            concerns=alone(experiment, metric),
        )


def _by_design(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    """Check as the units were randomised: clusters differ by chance more than their units say."""
    for arm in experiment.treatments:
        contrast = evidence.contrasts.get((before(metric.name), arm.name, ""))
        yield no_difference_of(
            _name(experiment, metric, arm.name),
            None if contrast is None else contrast.at(0.95).p,
            _what(metric),
            concerns=alone(experiment, metric),
        )


def _name(experiment: ExperimentSettings, metric: MetricSettings, arm: str) -> str:
    own = "" if metric.name == experiment.primary_metric else f"{metric.name}:"
    return f"pre_period_balance:{own}{arm}"


def _what(metric: MetricSettings) -> str:
    return f"{metric.name} before the experiment"
