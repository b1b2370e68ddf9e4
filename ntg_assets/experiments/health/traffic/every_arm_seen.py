"""Whether anybody saw each arm."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import asks


@asks(10)
def ask(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask whether every arm was seen."""
    yield _every_arm_seen(experiment, evidence)


def _every_arm_seen(experiment: ExperimentSettings, evidence: Evidence) -> HealthCheck:
    seen = {
        arm.name: evidence.traffic[arm.name].n_exposed if arm.name in evidence.traffic else 0
        for arm in experiment.arms
    }
    unseen = [name for name, n in seen.items() if n == 0]
    sentence = f"nobody saw {', '.join(unseen)}" if unseen else f"all {len(seen)} arms were seen"
    return HealthCheck(
        "every_arm_seen", len(unseen), 0, Verdict.SICK if unseen else Verdict.HEALTHY, sentence
    )
