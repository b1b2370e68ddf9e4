"""Whether values are missing, or more of them in one arm."""

from collections.abc import Iterator, Sequence

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import (
    FAULT_P,
    HealthCheck,
    Verdict,
)
from ntg_assets.experiments.health.metric_units import alone, arms_with_sums, sums_of_arms
from ntg_assets.experiments.health.registry import health_check
from ntg_assets.statistics.shares.proportions import Count, equal_shares_p

# share of an arm's units without a value; more than that and the missing ones may differ from the
# rest
MOST_NULLS = 0.01


@health_check(110)
def check(experiment: ExperimentSettings, evidence: Evidence) -> Iterator[HealthCheck]:
    """Check every metric."""
    for metric in experiment.measured:
        yield _complete_values(experiment, metric, evidence)


def _complete_values(
    experiment: ExperimentSettings, metric: MetricSettings, evidence: Evidence
) -> HealthCheck:
    """Check whether values are missing: too many in an arm,
    or more in one arm than in another, say what the rest cannot.
    """
    arm_sums = sums_of_arms(experiment, metric, evidence)
    counts = [Count(sums.n_null, sums.n + sums.n_null + sums.n_unusable) for sums in arm_sums]
    n_unusable = sum(sums.n_unusable for sums in arm_sums)
    with_units = [count for count in counts if count.n]
    share = max((count.share for count in with_units), default=0.0)
    p = equal_shares_p(with_units)
    sentence = f"{metric.name}: {_in_words(counts, n_unusable)}"
    if share > 0:
        sentence += f" (no value: {_by_arm(arms_with_sums(experiment, metric), counts, p=p)})"
    is_sick = share > MOST_NULLS or p < FAULT_P or n_unusable > 0
    return HealthCheck(
        f"complete_values:{metric.name}",
        share,
        MOST_NULLS,
        Verdict.SICK.when(fault=is_sick),
        sentence,
        alone(experiment, metric),
    )


def _in_words(counts: Sequence[Count], n_unusable: int) -> str:
    n_all = sum(count.n for count in counts)
    n_null = sum(count.successes for count in counts)
    return (
        f"of {n_all:,} units {n_null:,} have no value and {n_unusable:,} an infinite or impossible"
        " one"
    )


def _by_arm(arms: Sequence[str], counts: Sequence[Count], *, p: float) -> str:
    """Say of each arm how many units have no value, and whether the arms differ in it."""
    shares = ", ".join(
        f"{arm} {count.successes:,} of {count.n:,}" for arm, count in zip(arms, counts, strict=True)
    )
    return f"{shares}; the arms differ, p = {p:.2g}" if p < FAULT_P else shares
