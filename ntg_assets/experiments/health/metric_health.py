"""Whether each metric that is read out has numbers at all,
and numbers that can be true; one that has not makes no claim.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.data.log_rules import EXPOSURES
from ntg_assets.experiments.health.health_check import FAULT_P, HealthCheck, Verdict
from ntg_assets.statistics.moments import Sums
from ntg_assets.statistics.proportions import Count, equal_shares_p

# share of an arm's units without a value; more than that and the missing ones may differ from the
# rest
MOST_NULLS = 0.01
MOST_IN_ONE_UNIT = 0.5  # of an arm's variance; beyond it the largest value decides, not the arm
ENOUGH_FOR_OUTLIERS = 100  # units; among fewer one unit always carries much
MOST_NAMED = 5


def examine_metrics(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Ask every metric that is read out, whatever it is for."""
    for metric in experiment.measured:
        yield from _counted_events(experiment, metric, evidence)
    for metric in experiment.measured:
        yield _complete_values(experiment, metric, evidence)
    for metric in experiment.measured:
        yield from _no_huge_outlier(experiment, metric, evidence)
    yield from _known_past(experiment, evidence)


def _counted_events(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    """Ask whether the log holds what the metric counts: a type that never occurs is misspelled or
    not logged, and zero is no finding.
    """
    known = {
        content.event_type or "": content.n_rows
        for content in evidence.logs
        if content.log != EXPOSURES and content.n_rows
    }
    if not evidence.logs:
        return
    wanted = metric.event_types or sorted(known)
    missing = [name for name in wanted if name not in known]
    n = sum(known.get(name, 0) for name in wanted)
    verdict: Verdict = (
        "sick"
        if n == 0
        else "warning"
        if missing or _is_nowhere(experiment, metric, evidence)
        else "healthy"
    )
    sentence = (
        f"{metric.name} counts {n:,} events of the"
        f" log{_where(experiment, metric, evidence) if n else ''}"
    )
    if missing:
        sentence += (
            f"; the log holds none of type {', '.join(repr(name) for name in missing)}:"
            f" {_advice(missing[0], sorted(known))}"
        )
    elif n == 0:
        sentence += ": the log is empty"
    yield HealthCheck(
        f"counted_events:{metric.name}", n, 1, verdict, sentence, _only(experiment, metric)
    )


def _advice(missing: str, known: Sequence[str]) -> str:
    nearest = get_close_matches(missing, known, n=1, cutoff=0.5)
    held = (
        f"it holds {', '.join(known[:MOST_NAMED])}{', ...' if len(known) > MOST_NAMED else ''}"
        if known
        else "it is empty"
    )
    return f"did you mean {nearest[0]!r}? ({held})" if nearest else held


def _is_nowhere(experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence) -> bool:
    found = _sums(experiment, metric, evidence)
    return any(one.n for one in found) and not any(one.largest for one in found)


def _where(experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence) -> str:
    n = sum(one.n for one in _sums(experiment, metric, evidence))
    return (
        f", none of which gives any of the {n:,} units a value in its window"
        if _is_nowhere(experiment, metric, evidence)
        else ""
    )


def _complete_values(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> HealthCheck:
    """Ask whether values are missing: too many in an arm,
    or more in one arm than in another, say what the rest cannot.
    """
    found = _sums(experiment, metric, evidence)
    sizes = [one.n + one.n_null + one.n_unusable for one in found]
    n_all, n_null, n_unusable = (
        sum(sizes),
        sum(one.n_null for one in found),
        sum(one.n_unusable for one in found),
    )
    share = max(
        (one.n_null / size for one, size in zip(found, sizes, strict=True) if size), default=0.0
    )
    counts = [Count(one.n_null, size) for one, size in zip(found, sizes, strict=True) if size]
    p = equal_shares_p(counts) if 0 < n_null < n_all and len(counts) > 1 else 1.0
    is_sick = share > MOST_NULLS or p < FAULT_P or n_unusable > 0
    sentence = (
        f"{metric.name}: of {n_all:,} units {n_null:,} have no value and {n_unusable:,} an infinite"
        " or impossible one"
    )
    if n_null:
        arms = _arms(experiment, metric)
        told = ", ".join(
            f"{arm} {one.n_null:,} of {size:,}"
            for arm, one, size in zip(arms, found, sizes, strict=True)
        )
        sentence += f" (no value: {told}{f'; the arms differ, p = {p:.2g}' if p < FAULT_P else ''})"
    return HealthCheck(
        f"complete_values:{metric.name}",
        share,
        MOST_NULLS,
        "sick" if is_sick else "healthy",
        sentence,
        _only(experiment, metric),
    )


def _only(experiment: ExperimentSettings, metric: MetricSettings) -> str | None:
    """Name the metric that alone a check is about; without the primary one nothing is claimed."""
    return None if metric.name == experiment.primary_metric else metric.name


def _arms(experiment: ExperimentSettings, metric: MetricSettings) -> list[str]:
    """Name the arms that have sums of their own: pairs have none for the control,
    and some metrics have no pairs.
    """
    return experiment.compared_arms if metric.has_pairs else [arm.name for arm in experiment.arms]


def _sums(experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence) -> list[Sums]:
    comparison = experiment.comparison if metric.has_pairs else "between users"
    return [evidence.sums_for(comparison, metric.name, arm) for arm in _arms(experiment, metric)]


def _no_huge_outlier(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> Iterator[HealthCheck]:
    """Ask whether one unit carries the variance: then the interval speaks of that unit alone."""
    found = [evidence.sums_for("between users", metric.name, arm.name) for arm in experiment.arms]
    shares = [share for sums in found if (share := _share_of_the_largest(sums)) is not None]
    if "no_huge_outlier" in metric.how.checks and shares:
        largest, limit = max(shares), MOST_IN_ONE_UNIT
        told = f"{metric.name}: the largest value of an arm carries {largest:.0%} of its variance"
        advice = (
            f"{told}; cut it (winsorise_at: 0.999) or find out what it is"
            if largest > limit
            else told
        )
        verdict: Verdict = "thin" if largest > limit else "healthy"
        yield HealthCheck(
            f"no_huge_outlier:{metric.name}",
            largest,
            limit,
            verdict,
            advice,
            _only(experiment, metric),
        )


def _share_of_the_largest(sums: Sums) -> float | None:
    """Return the share of the squared deviations that the largest value has;
    None with few units, where one is always much.
    """
    if sums.n < ENOUGH_FOR_OUTLIERS or sums.largest == 0:
        return None
    squares = sums.n * sums.second["value", "value"] - sums.first["value"] ** 2
    deviation = (sums.n * sums.largest - abs(sums.first["value"])) ** 2 / sums.n
    return deviation / squares if squares > 0 else None


def _known_past(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Say which metrics are read without the time before the exposure,
    though it was asked for: no unit did anything in it.
    """
    asked = [
        metric
        for metric in experiment.measured
        if metric.use_covariate and metric.how.has_covariate
    ]
    if not experiment.has_pre_period or not asked or not evidence.n_exposed:
        return
    sums = {metric.name: _sums(experiment, metric, evidence) for metric in asked}
    new = [
        name
        for name, found in sums.items()
        if any(one.n for one in found) and not any(one.first["covariate"] for one in found)
    ]
    told = "the time before the exposure is known"
    if new:
        told = (
            f"no unit has a past of {', '.join(new)}: read without a covariate (pre_period_days: 0"
            " says that there is none)"
        )
    yield HealthCheck("known_past", len(new), 0, "warning" if new else "healthy", told)
