"""Whether the test of each metric keeps its error rate on the metric's own units."""

from collections.abc import Iterator

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.level import MOST_TIMES, MOST_TIMES_OF_RANKS
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.metric_units import alone
from ntg_assets.experiments.health.registry import asks


@asks(135)
def ask(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask every metric that was put to the self-tests. One whose test claims too often where
    nothing differs makes no claim; where only a part of its units was tested, more of them may do
    better, so that is a warning.
    """
    for metric in experiment.measured:
        level = evidence.levels.get(metric.name)
        if level is None:
            continue
        n = sum(
            evidence.sums_for(Comparison.BETWEEN_USERS, metric.name, arm.name).n
            for arm in experiment.arms
        )
        is_broken = level.is_broken(reads_ranks=metric.how.reads_ranks)
        is_whole = level.n_units >= n
        times = MOST_TIMES_OF_RANKS if metric.how.reads_ranks else MOST_TIMES
        verdict = Verdict.SICK if is_whole else Verdict.WARNING
        sentence = (
            f"{metric.name}: given their arms again at random {level.n_repetitions:,} times,"
            f" {level.n_units:,} of its {n:,} units show an effect in {level.found:.1%} of them"
            f" against {level.expected:.1%} promised"
        )
        advice = "; cut its values (winsorise_at) or compare the share of units above a value"
        yield HealthCheck(
            f"own_level:{metric.name}",
            level.found,
            level.expected * times,
            verdict if is_broken else Verdict.HEALTHY,
            f"{sentence}{advice}" if is_broken else sentence,
            alone(experiment, metric),
        )
