"""Whether the log holds what each metric counts."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.logs.log_rules import EXPOSURES
from ntg_assets.experiments.health.health_check import HealthCheck, Verdict
from ntg_assets.experiments.health.metric_units import alone, sums_of_arms
from ntg_assets.experiments.health.registry import health_check

MOST_NAMED = 5


@health_check(100)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric."""
    for metric in experiment.measured:
        yield from _counted_events(experiment, metric, evidence)


def _counted_events(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    """Check whether the log holds what the metric counts: a type that never occurs is misspelled or
    not logged, and zero is no finding.
    """
    if not evidence.logs:
        return
    in_log = _events_by_type(evidence)
    wanted = metric.event_types or sorted(in_log)
    missing = [name for name in wanted if name not in in_log]
    n = sum(in_log.get(name, 0) for name in wanted)
    where = _where(experiment, metric, evidence) if n else ""
    sentence = f"{metric.name} counts {n:,} events of the log{where}"
    if missing:
        sentence += _missing_in_words(missing, sorted(in_log))
    elif n == 0:
        sentence += ": the log is empty"
    is_odd = missing or _is_nowhere(experiment, metric, evidence)
    verdict = Verdict.SICK if n == 0 else Verdict.WARNING if is_odd else Verdict.HEALTHY
    yield HealthCheck(
        f"counted_events:{metric.name}", n, 1, verdict, sentence, alone(experiment, metric)
    )


def _events_by_type(evidence: Evidence) -> dict[str, int]:
    return {
        content.event_type or "": content.n_rows
        for content in evidence.logs
        if content.log != EXPOSURES and content.n_rows
    }


def _missing_in_words(missing: Sequence[str], in_log: Sequence[str]) -> str:
    types = ", ".join(repr(name) for name in missing)
    return f"; the log holds none of type {types}: {_advice(missing[0], in_log)}"


def _advice(missing: str, in_log: Sequence[str]) -> str:
    nearest = get_close_matches(missing, in_log, n=1, cutoff=0.5)
    held = (
        f"it holds {', '.join(in_log[:MOST_NAMED])}{', ...' if len(in_log) > MOST_NAMED else ''}"
        if in_log
        else "it is empty"
    )
    return f"did you mean {nearest[0]!r}? ({held})" if nearest else held


def _is_nowhere(experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence) -> bool:
    arm_sums = sums_of_arms(experiment, metric, evidence)
    return any(sums.n for sums in arm_sums) and not any(sums.largest for sums in arm_sums)


def _where(experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence) -> str:
    n = sum(sums.n for sums in sums_of_arms(experiment, metric, evidence))
    return (
        f", none of which gives any of the {n:,} units a value in its window"
        if _is_nowhere(experiment, metric, evidence)
        else ""
    )
