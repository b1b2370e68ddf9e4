"""Whether units saw one arm only."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
)
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.experiments.health.traffic.share_check import share_check


@health_check(30)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check how many units saw several arms."""
    yield share_check(
        "one_arm_per_unit",
        sum(arm.units_in_several_arms for arm in evidence.traffic.values()),
        evidence.n_exposed,
        "units saw several arms; they are left out",
    )
