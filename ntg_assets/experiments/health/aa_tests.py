"""Why anyone should trust the intervals: what is in force, on its own data, where the truth is
known because we made it.

The units of an experiment are given their arms again at random, as many to each arm as there are:
the same metric, the same estimator with its covariate, the same arm sizes, the same correction for
several treatments as in the readout. Nothing differs then between the arms but chance.

- *A/A*: 5% of the tests may say that something does.
- *coverage*: the treatment's values are multiplied by a known factor; 95% of the intervals must
  hold what that adds.
- *power*: the factor is the one that the plan promises to find; it must be found as often.

Where the A/A test claims clearly more often than promised, the metric makes no claim. Each rate
comes with its Monte Carlo error.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy

from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.level import A_A
from ntg_assets.experiments.health.aa_of_designs import is_joint, p_of_designs
from ntg_assets.experiments.health.reassignment import (
    MetricUnits,
    centre_of,
    planned_factor,
    reassigned,
    units_of_metric,
    with_effect,
)
from ntg_assets.experiments.health.self_test import SelfTest, self_test_of
from ntg_assets.experiments.health.tails import examine_tails
from ntg_assets.randomness import random_stream
from ntg_assets.statistics.designs.units import Units
from ntg_assets.statistics.joint_comparison import widened
from ntg_assets.statistics.metric_kinds import Arm, Compared, Terms
from ntg_assets.statistics.two_samples import Difference

REPETITIONS = 1_000  # a rate of 5% is then known to 0.7 points
# where each costs an integral (several treatments) or a sort (quantiles), and of metrics that
# decide nothing, which are asked for their false positives alone
FEWER_REPETITIONS = 250
FEWEST_UNITS = 8  # two arms of four: with fewer, re-assignment has almost nothing to shuffle


class _Trial(NamedTuple):
    """One re-assignment, compared: each treatment's difference, and its value of no effect."""

    differences: Sequence[Difference]
    control_mean: float


def run_self_tests(
    experiment: ExperimentSettings,
    unit_values: pl.DataFrame,
    *,
    seed: int,
    designed: Mapping[str, Units] | None = None,
) -> list[SelfTest]:
    """Put every metric of an experiment to its tests.

    Args:
        experiment: The experiment.
        unit_values: `self_test_units`: the units of every arm.
        seed: Of the project.
        designed: By metric, the units of one that is compared by clusters, strata or covariates;
            such a metric without them is not tested, and has no readout either.
    """
    own_units = unit_values.filter(pl.col("experiment") == experiment.id)
    return [
        *examine_tails(experiment, own_units),
        *_promises(experiment, own_units, seed=seed, designed=designed or {}),
    ]


def _promises(
    experiment: ExperimentSettings,
    own_units: pl.DataFrame,
    *,
    seed: int,
    designed: Mapping[str, Units],
) -> list[SelfTest]:
    """Test what the statistics of every metric promise."""
    return [
        result
        for metric in experiment.measured
        for rng in [random_stream(seed, f"self-test:{experiment.id}:{metric.name}")]
        for result in (
            _test_design(experiment, metric, designed.get(metric.name), rng=rng)
            if experiment.is_designed(metric)
            else _test_metric(
                experiment,
                metric,
                units_of_metric(own_units.filter(pl.col("metric") == metric.name), experiment),
                rng=rng,
            )
        )
    ]


def _test_design(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    units: Units | None,
    *,
    rng: np.random.Generator,
) -> Iterator[SelfTest]:
    if units is None or _nothing_to_shuffle(units.values):
        return
    is_costly = is_joint(experiment, metric) or units.covariates is not None
    repetitions = _repetitions(experiment, metric, is_costly=is_costly)
    p = p_of_designs(experiment, metric, units, repetitions=repetitions, rng=rng)
    if len(p):
        yield _false_positives(experiment, metric, p, n_units=len(units.values))


def _nothing_to_shuffle(values: Floats) -> bool:
    return len(values) < FEWEST_UNITS or bool(np.ptp(values) == 0)


def _repetitions(experiment: ExperimentSettings, metric: MetricSettings, *, is_costly: bool) -> int:
    is_brief = is_costly or metric.name not in experiment.evaluated_metrics
    return FEWER_REPETITIONS if is_brief else REPETITIONS


def _false_positives(
    experiment: ExperimentSettings, metric: MetricSettings, p: Floats, *, n_units: int
) -> SelfTest:
    """Hold how often a test claims what is not there against the error rate; where one p stands for
    one comparison, say whether they are uniform, too.
    """
    alpha = experiment.significance_of(metric.name)
    joint = is_joint(experiment, metric)
    uniform = None if joint else float(scipy.stats.kstest(p, "uniform").pvalue)
    counts = {"n_units": n_units, "n_repetitions": len(p)}
    return self_test_of(experiment, metric, A_A, alpha, p < alpha, uniform_p=uniform, **counts)


def _test_metric(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    units: MetricUnits,
    *,
    rng: np.random.Generator,
) -> Iterator[SelfTest]:
    if _nothing_to_shuffle(units.columns[:, 0]) or min(units.sizes) < FEWEST_UNITS // 2:
        return
    joint = is_joint(experiment, metric)
    repetitions = _repetitions(experiment, metric, is_costly=joint or metric.how.reads_ranks)
    factor = planned_factor(experiment, metric, units)
    shuffled = reassigned(metric, units, repetitions, rng)
    trials = _trials(experiment, metric, shuffled, is_joint=joint)
    if not trials:
        return
    p = np.array([min(effect.p for effect in trial.differences) for trial in trials])
    yield _false_positives(experiment, metric, p, n_units=len(units.columns))
    if factor is not None and metric.name in experiment.evaluated_metrics:
        shuffled = reassigned(metric, units, len(trials), rng)
        changed = _trials(experiment, metric, (with_effect(arms, factor) for arms in shuffled))
        gain = (factor - 1) * centre_of(metric, units)
        yield from _test_effect(experiment, metric, changed, gain=gain, n_units=len(units.columns))


def _trials(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    shuffled: Iterable[Sequence[Arm]],
    *,
    is_joint: bool = False,
) -> list[_Trial]:
    """Compare every re-assignment that gives a result."""
    compared = (_compare(experiment, metric, arms, is_joint=is_joint) for arms in shuffled)
    return [trial for trial in compared if trial]


def _test_effect(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    changed: Sequence[_Trial],
    *,
    gain: float,
    n_units: int,
) -> Iterator[SelfTest]:
    """Hold the intervals and claims against a known effect.

    Args:
        experiment: Whose promises are held.
        metric: Its metric.
        changed: Re-assignments whose treatment was changed.
        gain: What the change adds to the mean of a unit.
        n_units: Units of all arms.
    """
    alpha = experiment.significance_of(metric.name)
    first = [trial.differences[0] for trial in changed]
    held = np.array([effect.low <= gain <= effect.high for effect in first])
    claimed = np.array([effect.p < alpha for effect in first])
    counts = {"n_units": n_units, "n_repetitions": len(changed)}
    yield self_test_of(experiment, metric, "coverage", 1 - alpha, held, **counts)
    yield self_test_of(experiment, metric, "power", experiment.power, claimed, **counts)


def _compare(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    arms: Sequence[Arm],
    *,
    is_joint: bool = False,
) -> _Trial | None:
    """Compare as the readout does; None where the readout would give no result."""
    terms = Terms(
        1 - experiment.significance_of(metric.name), metric.use_covariate, metric.quantile
    )
    try:
        compared: Compared = metric.how.compare(arms, terms)
    except NotEnoughDataError:
        return None
    together = widened(metric.how.compare, arms, terms, compared) if is_joint else compared
    differences = together.differences if is_joint else together.differences[:1]
    return _Trial(differences, compared.samples[0].mean)
