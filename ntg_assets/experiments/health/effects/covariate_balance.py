"""Whether the arms differ in the covariates that narrow intervals."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence, known_before
from ntg_assets.experiments.health.balance import no_difference_of
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import health_check


@health_check(145)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every covariate that could be compared: one that the treatment changed takes the effect
    with it, and the interval is narrow about a wrong number.
    """
    for column in experiment.covariate_columns:
        for arm in experiment.treatments:
            contrast = evidence.contrasts.get((known_before(column), arm.name, ""))
            if contrast is not None:
                yield no_difference_of(
                    f"covariate_balance:{column}:{arm.name}",
                    contrast.at(0.95).p,
                    f"the covariate {column}, which no arm can have changed,",
                    concerns=_only_user(experiment, column),
                )


def _only_user(experiment: ExperimentSettings, column: str) -> str | None:
    """Name the one metric beside the primary that rests on a covariate; None: it is not one."""
    users = [metric.name for metric in experiment.measured if column in metric.covariates]
    return None if len(users) > 1 or experiment.primary_metric in users else users[0]
