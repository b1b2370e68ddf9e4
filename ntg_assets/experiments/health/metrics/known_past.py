"""Whether the time before the exposure is known where it was asked for."""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.metric_units import sums_of_arms
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.moments import Sums


@health_check(130)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check all metrics with a covariate."""
    yield from _known_past(experiment, evidence)


def _known_past(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Say which metrics are read without the time before the exposure,
    though it was asked for: no unit did anything in it.
    """
    with_past = [metric for metric in experiment.measured if metric.is_narrowed]
    if not experiment.has_pre_period or not with_past or not evidence.n_exposed:
        return
    new = [
        metric.name
        for metric in with_past
        if _has_no_past(sums_of_arms(experiment, metric, evidence))
    ]
    sentence = "the time before the exposure is known"
    if new:
        sentence = (
            f"no unit has a past of {', '.join(new)}: read without a covariate (pre_period_days: 0"
            " says that there is none)"
        )
    verdict = Verdict.WARNING.when(fault=bool(new))
    yield HealthCheck("known_past", len(new), 0, verdict, sentence)


def _has_no_past(arm_sums: Sequence[Sums]) -> bool:
    has_units = any(of_arm.n for of_arm in arm_sums)
    return has_units and not any(of_arm.first["covariate"] for of_arm in arm_sums)
