"""Whether the log files stood still while they were read."""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.logs.log_files import LogFile
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check


@health_check(50)
def check(_: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check whether a log changed while it was read."""
    yield from examine_log_files(evidence.files)


def examine_log_files(files: Sequence[LogFile]) -> Iterator[HealthCheck]:
    """Refuse every claim when a log changed while it was read: rows may hold what came before and
    after.
    """
    changed = [file.file_name for file in files if not file.stood_still]
    if changed:
        sentence = (
            f"{len(changed)} of {len(files)} log files changed while they were read ({changed[0]});"
            " run again when they stand still"
        )
        yield HealthCheck("logs_stand_still", len(changed), 0, Verdict.SICK, sentence)
