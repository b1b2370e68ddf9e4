"""Whether there are as many units as a claim needs."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.looks import look_of, wait_in_words
from ntg_assets.experiments.health.health_check import (
    ENOUGH_UNITS,
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.registry import health_check


@health_check(900)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check for the planned look and the smallest arm."""
    yield _enough_units(experiment, evidence)


def _enough_units(experiment: ExperimentSettings, evidence: Evidence) -> HealthCheck:
    look = look_of(experiment, evidence)
    if not look.is_reached:
        wait = wait_in_words(experiment, evidence)
        return HealthCheck(ENOUGH_UNITS, look.n_ready, look.next_at or 0, Verdict.THIN, wait)
    units = [
        evidence.sums_for(experiment.comparison, experiment.primary_metric, arm).n
        for arm in experiment.compared_arms
    ]
    fewest, limit = min(units), experiment.minimum_units_per_arm
    sentence = f"the smallest arm has {fewest:,} units; a claim needs {limit:,}"
    verdict = Verdict.THIN.when(fault=fewest < limit)
    return HealthCheck(ENOUGH_UNITS, fewest, limit, verdict, sentence)
