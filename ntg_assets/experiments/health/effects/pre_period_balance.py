"""Whether the arms differed before."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.balance import covariate_sample, no_difference
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import asks


@asks(140)
def ask(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask every treatment."""
    yield from _pre_period_balance(experiment, evidence)


def _pre_period_balance(
    experiment: ExperimentSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    metric = experiment.primary_metric
    control = covariate_sample(evidence.sums_for("between users", metric, experiment.control.name))
    for arm in experiment.treatments:
        treated = covariate_sample(evidence.sums_for("between users", metric, arm.name))
        yield no_difference(
            f"pre_period_balance:{arm.name}", control, treated, f"{metric} before the experiment"
        )
