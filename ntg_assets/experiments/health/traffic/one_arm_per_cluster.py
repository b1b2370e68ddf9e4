"""Whether clusters were given their arm as a whole."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.experiments.health.traffic.share_check import share_check


@health_check(35)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check how many clusters of a log have units in several arms."""
    arms = [arm for arm in evidence.traffic.values() if arm.n_clusters_in_several_arms is not None]
    if arms:
        yield share_check(
            "one_arm_per_cluster",
            max(arm.n_clusters_in_several_arms or 0 for arm in arms),
            max(arm.n_clusters or 0 for arm in arms),
            "clusters of an arm have units in another; all units of such clusters are left out",
        )
