"""Whether units saw the arm that they were given."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
)
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.experiments.health.traffic.share_check import share_check


@health_check(40)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check how many units saw another arm than theirs."""
    yield share_check(
        "assigned_arm_seen",
        sum(arm.units_not_assigned for arm in evidence.traffic.values()),
        evidence.n_exposed,
        "units saw an arm that they were not given",
    )
