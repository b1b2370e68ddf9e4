"""Whether the arms differed before."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence, before
from ntg_assets.experiments.health.balance import covariate_sample, no_difference, no_difference_of
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import health_check


@health_check(140)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every treatment."""
    yield from _pre_period_balance(experiment, evidence)


def _pre_period_balance(
    experiment: ExperimentSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    metric = experiment.primary_metric
    if experiment.is_designed(experiment.metric(metric)):
        yield from _by_design(experiment, evidence)
        return
    control = covariate_sample(
        evidence.sums_for(Comparison.BETWEEN_USERS, metric, experiment.control.name)
    )
    for arm in experiment.treatments:
        treated = covariate_sample(evidence.sums_for(Comparison.BETWEEN_USERS, metric, arm.name))
        yield no_difference(
            f"pre_period_balance:{arm.name}", control, treated, f"{metric} before the experiment"
        )


def _by_design(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check as the units were randomised: clusters differ by chance more than their units say."""
    metric = experiment.primary_metric
    for arm in experiment.treatments:
        contrast = evidence.contrasts.get((before(metric), arm.name, ""))
        yield no_difference_of(
            f"pre_period_balance:{arm.name}",
            None if contrast is None else contrast.at(0.95).p,
            f"{metric} before the experiment",
        )
