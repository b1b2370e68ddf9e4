"""Whether each metric has as many units with something to count as it asks for."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.metric_units import alone
from ntg_assets.experiments.health.registry import health_check


@health_check(105)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric that names a minimum: a metric of its own is sick without, the primary one
    waits.
    """
    for metric in experiment.measured:
        if metric.minimum_events:
            yield _enough_events(experiment, metric, evidence, minimum=metric.minimum_events)


def _enough_events(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence, *, minimum: int
) -> HealthCheck:
    counts = {
        arm.name: evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name).n_nonzero
        for arm in experiment.arms
    }
    fewest = min(counts.values())
    short = Verdict.THIN if metric.name == experiment.primary_metric else Verdict.SICK
    shown = ", ".join(f"{arm} {n:,}" for arm, n in counts.items())
    return HealthCheck(
        f"enough_events:{metric.name}",
        fewest,
        minimum,
        short.when(fault=fewest < minimum),
        f"{metric.name}: units with a value other than zero: {shown}; a claim needs {minimum:,} in"
        " each arm",
        alone(experiment, metric),
    )
