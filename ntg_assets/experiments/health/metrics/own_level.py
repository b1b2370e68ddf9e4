"""Whether the test of each metric keeps its error rate on the metric's own units."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.level import MOST_TIMES, MOST_TIMES_OF_RANKS, Level
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.metric_units import alone
from ntg_assets.experiments.health.registry import health_check

ADVICE = "; cut its values (winsorise_at) or compare the share of units above a value"


@health_check(135)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric that was put to the self-tests. One whose test claims too often where
    nothing differs makes no claim; where only a part of its units was tested, more of them may do
    better, so that is a warning.
    """
    for metric in experiment.measured:
        if (level := evidence.levels.get(metric.name)) is not None:
            n = sum(
                evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name).n
                for arm in experiment.arms
            )
            yield _own_level(experiment, metric, level, n=n)


def _own_level(
    experiment: ExperimentSettings, metric: MetricSettings, level: Level, *, n: int
) -> HealthCheck:
    is_broken = level.is_broken(reads_ranks=metric.how.reads_ranks)
    times = MOST_TIMES_OF_RANKS if metric.how.reads_ranks else MOST_TIMES
    verdict = Verdict.SICK if level.n_units >= n else Verdict.WARNING
    sentence = (
        f"{metric.name}: given their arms again at random {level.n_repetitions:,} times,"
        f" {level.n_units:,} of its {n:,} units show an effect in {level.found:.1%} of them against"
        f" {level.expected:.1%} promised"
    )
    return HealthCheck(
        f"own_level:{metric.name}",
        level.found,
        level.expected * times,
        verdict.when(fault=is_broken),
        f"{sentence}{ADVICE}" if is_broken else sentence,
        alone(experiment, metric),
    )
