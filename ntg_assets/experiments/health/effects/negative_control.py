"""Whether the arms differ in what none of them can change."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.balance import no_difference, value_sample
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import health_check


@health_check(150)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric that no arm can change."""
    yield from _negative_controls(experiment, evidence)


def _negative_controls(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    for name in [metric.name for metric in experiment.measured if experiment.is_fixed(metric.name)]:
        control = value_sample(
            evidence.sums_for(Comparison.BETWEEN_USERS, name, experiment.control.name)
        )
        for arm in experiment.treatments:
            treated = value_sample(evidence.sums_for(Comparison.BETWEEN_USERS, name, arm.name))
            yield no_difference(
                f"negative_control:{name}:{arm.name}",
                control,
                treated,
                f"{name}, which no list can have changed,",
            )
