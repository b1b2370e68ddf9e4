"""Can the numbers of an experiment be trusted at all? Asked before any effect is looked at;
the sick make no claim.
"""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health import effects, logs, metrics, traffic
from ntg_assets.experiments.health.health_check import HealthCheck
from ntg_assets.experiments.health.registry import HEALTH_CHECKS

for _folder in (traffic, logs, metrics, effects):
    for _file in iter_modules(_folder.__path__):
        import_module(f"{_folder.__name__}.{_file.name}")


def examine(experiment: ExperimentSettings, evidence: Evidence) -> list[HealthCheck]:
    """Check every question, in order."""
    return [check for registered in HEALTH_CHECKS for check in registered.run(experiment, evidence)]


def is_sick(checks: Sequence[HealthCheck]) -> bool:
    """Whether the numbers cannot be trusted, however many there are;
    of one metric, ask the checks that concern it.
    """
    return any(check.verdict == "sick" for check in checks)


def overall(checks: Sequence[HealthCheck]) -> str:
    """Return the worst verdict; `metric` where only the numbers of single metrics cannot be
    trusted. A warning stops nothing.
    """
    sick = [check for check in checks if check.verdict == "sick"]
    if any(check.metric is None for check in sick):
        return "sick"
    if sick:
        return "metric"
    return "thin" if any(check.verdict == "thin" for check in checks) else "healthy"


def of_decision(experiment: ExperimentSettings, checks: Sequence[HealthCheck]) -> list[HealthCheck]:
    """Keep the checks of the whole experiment and of the metrics on which its decision rests."""
    return [
        check
        for check in checks
        if check.metric is None or check.metric in experiment.evaluated_metrics
    ]
