"""Whether one unit carries the variance of an arm."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.metric_units import alone
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.moments import Sums

MOST_IN_ONE_UNIT = 0.5  # of an arm's variance; beyond it the largest value decides, not the arm
ENOUGH_FOR_OUTLIERS = 100  # units; among fewer one unit always carries much


@health_check(120)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric."""
    for metric in experiment.measured:
        yield from _no_huge_outlier(experiment, metric, evidence)


def _no_huge_outlier(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    """Check whether one unit carries the variance: then the interval speaks of that unit alone."""
    shares = _shares_of_the_largest(experiment, metric, evidence)
    if "no_huge_outlier" in metric.how.checks and shares:
        largest, limit = max(shares), MOST_IN_ONE_UNIT
        is_huge = largest > limit
        advice = "; cut it (winsorise_at: 0.999) or find out what it is" if is_huge else ""
        yield HealthCheck(
            f"no_huge_outlier:{metric.name}",
            largest,
            limit,
            Verdict.THIN.when(fault=is_huge),
            f"{metric.name}: the largest value of an arm carries {largest:.0%} of its variance"
            f"{advice}",
            alone(experiment, metric),
        )


def _shares_of_the_largest(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> list[float]:
    """Return that share of every arm that has one."""
    arm_sums = (
        evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name)
        for arm in experiment.arms
    )
    shares = (_share_of_the_largest(sums) for sums in arm_sums)
    return [share for share in shares if share is not None]


def _share_of_the_largest(sums: Sums) -> float | None:
    """Return the share of the squared deviations that the largest value has;
    None with few units, where one is always much.
    """
    if sums.n < ENOUGH_FOR_OUTLIERS or sums.largest == 0:
        return None
    squares = sums.n * sums.second["value", "value"] - sums.first["value"] ** 2
    deviation = (sums.n * sums.largest - abs(sums.first["value"])) ** 2 / sums.n
    return deviation / squares if squares > 0 else None
