"""Whether windows are over."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LoggedSource
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check

# share of exposed units whose window is not over; above it the readable ones are the early birds
# alone
MOST_LATE = 0.5


@health_check(70)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check how many exposures came too late."""
    if isinstance(experiment.source, LoggedSource) and evidence.arms_in_logs:
        yield _exposures_in_time(experiment.source, evidence.arms_in_logs)


def _exposures_in_time(source: LoggedSource, arms: list[ArmTraffic]) -> HealthCheck:
    n, late = (
        sum(arm.n_exposed for arm in arms),
        sum(arm.n_exposed - (arm.n_in_time or 0) for arm in arms),
    )
    sentence = (
        f"{late:,} of {n:,} exposures came too late: their window of {source.window_days:g} days is"
        " not over, so they are not read"
    )
    verdict = Verdict.THIN.when(fault=late / n > MOST_LATE)
    return HealthCheck("exposures_in_time", late / n, MOST_LATE, verdict, sentence)
