"""Whether the value before is missing for some units of a table."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.registry import health_check


@health_check(131)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Say of how many units it is missing, and what they count as."""
    for metric, n in sorted(evidence.without_past.items()):
        yield HealthCheck(
            f"past_of_every_unit:{metric}",
            n,
            0,
            Verdict.WARNING,
            f"{n:,} of {evidence.n_exposed:,} units have no {metric} before the experiment; they"
            " count at the mean of the others",
        )
