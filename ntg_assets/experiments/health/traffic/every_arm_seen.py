"""Whether anybody saw each arm."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check


@health_check(10)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check whether every arm was seen."""
    yield _every_arm_seen(experiment, evidence)


def _every_arm_seen(experiment: ExperimentSettings, evidence: Evidence) -> HealthCheck:
    seen = {name for name, arm in evidence.traffic.items() if arm.n_exposed}
    unseen = [arm.name for arm in experiment.arms if arm.name not in seen]
    everything = f"all {len(experiment.arms)} arms were seen"
    sentence = f"nobody saw {', '.join(unseen)}" if unseen else everything
    verdict = Verdict.SICK.when(fault=bool(unseen))
    return HealthCheck("every_arm_seen", len(unseen), 0, verdict, sentence)
