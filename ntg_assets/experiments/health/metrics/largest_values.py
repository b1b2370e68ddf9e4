"""Whether an arm has its share of the largest values."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.tail import Tail
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.experiments.health.registry import health_check


@health_check(137)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every treatment whose largest values were counted."""
    for arm in experiment.treatments:
        if (tail := evidence.tails.get(arm.name)) is not None:
            yield _judged(experiment, tail, arm=arm.name)


def _judged(experiment: ExperimentSettings, tail: Tail, *, arm: str) -> HealthCheck:
    fault = Verdict.THIN if experiment.largest_values == "block" else Verdict.WARNING
    advice = (
        ": who is left in the log differs, or heavy users alone are moved; look for a filter, a"
        " rule against bots or lost rows (largest_values: warn where there are none)"
    )
    return HealthCheck(
        f"largest_values:{arm}",
        tail.p,
        FAULT_P,
        fault.when(fault=tail.is_uneven),
        f"{arm} has {tail.found:.1%} of the largest {tail.n_largest:,} values of"
        f" {experiment.primary_metric} and {tail.expected:.1%} of those below (p = {tail.p:.2g})"
        f"{advice if tail.is_uneven else ''}",
    )
