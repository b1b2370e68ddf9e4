"""Whether the outcomes know the exposed units."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LoggedSource
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.health.health_check import (
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check

# share of exposed units that the interaction log knows; below it the ids are hardly the same
FEWEST_KNOWN = 0.05


@health_check(60)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check whether the ids are the same in both logs."""
    if isinstance(experiment.source, LoggedSource) and evidence.arms_in_logs:
        yield _exposed_units_known(experiment.source, evidence.arms_in_logs)


def _exposed_units_known(source: LoggedSource, arms: list[ArmTraffic]) -> HealthCheck:
    n, n_known = sum(arm.n_exposed for arm in arms), sum(arm.n_known or 0 for arm in arms)
    # an outcome log may hold the few that bought
    log, limit = (
        ("interaction log", FEWEST_KNOWN) if source.outcomes is None else ("outcome log", 0.0)
    )
    is_strange = n_known / n < limit or n_known == 0
    advice = ": are the ids the same in both?" if is_strange else ""
    sentence = f"{n_known:,} of {n:,} exposed units appear in the {log}{advice}"
    verdict = Verdict.SICK.when(fault=is_strange)
    return HealthCheck("exposed_units_known", n_known / n, limit, verdict, sentence)
