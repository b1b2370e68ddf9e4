"""Whether the time before the exposure is known where it was asked for."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.metric_units import sums_of_arms
from ntg_assets.experiments.health.registry import asks


@asks(130)
def ask(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask all metrics with a covariate."""
    yield from _known_past(experiment, evidence)


def _known_past(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Say which metrics are read without the time before the exposure,
    though it was asked for: no unit did anything in it.
    """
    asked = [
        metric
        for metric in experiment.measured
        if metric.use_covariate and metric.how.has_covariate
    ]
    if not experiment.has_pre_period or not asked or not evidence.n_exposed:
        return
    sums = {metric.name: sums_of_arms(experiment, metric, evidence) for metric in asked}
    new = [
        name
        for name, found in sums.items()
        if any(one.n for one in found) and not any(one.first["covariate"] for one in found)
    ]
    told = "the time before the exposure is known"
    if new:
        told = (
            f"no unit has a past of {', '.join(new)}: read without a covariate (pre_period_days: 0"
            " says that there is none)"
        )
    yield HealthCheck("known_past", len(new), 0, Verdict.WARNING if new else Verdict.HEALTHY, told)
