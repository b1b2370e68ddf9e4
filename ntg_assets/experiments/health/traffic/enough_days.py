"""Whether exposures cover whole weeks."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check


@health_check(180)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check a running experiment."""
    yield from _enough_days(experiment, evidence)


def _enough_days(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check a running experiment for whole weeks: weekends and first days are not like the rest."""
    if not experiment.is_replay:
        days, limit = evidence.days, experiment.minimum_days
        covered = "exposures cover"
        if experiment.assigned_at_once:
            days, covered = (
                experiment.window_days,
                "all units were given their arm at once, and their windows cover",
            )
        verdict = Verdict.THIN.when(fault=days < limit)
        yield HealthCheck(
            "enough_days", days, limit, verdict, f"{covered} {days:,} days; a claim needs {limit:,}"
        )
