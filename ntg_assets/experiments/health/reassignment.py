"""The units of a metric, given their arms again at random."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.statistics.metric_kinds import Arm
from ntg_assets.statistics.moments import PAIRS, VARIABLES, Moments
from ntg_assets.statistics.planning.power import Design, detectable_effect
from ntg_assets.statistics.quantiles import mid_quantiles
from ntg_assets.statistics.samples import adjusted_samples
from ntg_assets.statistics.skewness import Shape

BLOCK = 100  # repetitions at once, which bounds the memory


class MetricUnits(NamedTuple):
    """The units of one metric: their four variables, and how many belong to each arm."""

    columns: Floats
    sizes: Sequence[int]


def units_of_metric(rows: pl.DataFrame, experiment: ExperimentSettings) -> MetricUnits:
    """Read the units in a stated order; a missing denominator is 1, a missing covariate 0."""
    ordered = rows.sort("unit_id", "arm")
    filled = ordered.select(
        "value",
        pl.col("denominator").fill_null(1.0),
        pl.col("covariate").fill_null(0.0),
        pl.col("covariate_denominator").fill_null(1.0),
    )
    counts = dict(ordered.group_by("arm").len().iter_rows())
    return MetricUnits(filled.to_numpy(), [counts.get(arm.name, 0) for arm in experiment.arms])


def reassigned(
    metric: MetricSettings, units: MetricUnits, repetitions: int, rng: np.random.Generator
) -> Iterator[list[Arm]]:
    """Give the units their arms again at random, so many times."""
    again = _reassigned_ranks if metric.how.reads_ranks else _reassigned_sums
    return again(metric, units, repetitions, rng)


def _reassigned_sums(
    metric: MetricSettings, units: MetricUnits, repetitions: int, rng: np.random.Generator
) -> Iterator[list[Arm]]:
    shape = shape_of(metric, units)
    for sums in _shuffled_sums(units, repetitions, rng):
        yield [
            Arm(moments=moments_of(part, n), shape=replace(shape, n=n))
            for part, n in zip(sums, units.sizes, strict=True)
        ]


def _shuffled_sums(
    units: MetricUnits, repetitions: int, rng: np.random.Generator
) -> Iterator[list[Floats]]:
    """Add up the variables of each arm, and their products, once for each re-assignment."""
    products = np.column_stack(
        [units.columns, *(units.columns[:, _AT[a]] * units.columns[:, _AT[b]] for a, b in PAIRS)]
    )
    labels = np.repeat(np.arange(len(units.sizes)), units.sizes)
    for first in range(0, repetitions, BLOCK):
        size = min(BLOCK, repetitions - first)
        drawn = rng.permuted(np.broadcast_to(labels, (size, len(labels))), axis=1)
        sums = [(drawn == arm).astype(np.float64) @ products for arm in range(len(units.sizes))]
        for row in range(size):
            yield [part[row] for part in sums]


def _reassigned_ranks(
    metric: MetricSettings, units: MetricUnits, repetitions: int, rng: np.random.Generator
) -> Iterator[list[Arm]]:
    ends = np.cumsum(units.sizes)[:-1]
    for _ in range(repetitions):
        parts = np.split(rng.permutation(units.columns[:, 0]), ends)
        yield [Arm(ranks=ranks) for ranks in mid_quantiles(parts, metric.quantile)]


_AT = {name: place for place, name in enumerate(VARIABLES)}


def moments_of(sums: Floats, n: int) -> Moments:
    """Make the moments of an arm from sums of its variables and of their products."""
    mean = {name: float(sums[place]) / n for name, place in _AT.items()}
    return Moments(
        n,
        mean,
        {
            (a, b): (float(total) - n * mean[a] * mean[b]) / (n - 1)
            for (a, b), total in zip(PAIRS, sums[len(VARIABLES) :], strict=True)
        },
    )


def shape_of(metric: MetricSettings, units: MetricUnits) -> Shape:
    """Standardise all units as their test sees them, apart from the covariate."""
    value, below = units.columns[:, 0], units.columns[:, 1]
    total = below.sum()
    residuals = value - (value.sum() / total if total else 0.0) * below
    if metric.use_covariate and np.ptp(units.columns[:, 2]) > 0:
        before = units.columns[:, 2] - units.columns[:, 2].mean()
        residuals = residuals - before * (before @ residuals) / (before @ before)
    deviation = residuals.std()
    z = residuals / deviation if deviation > 0 else residuals
    return Shape(len(value), float((z**3).mean()), float((z**4).mean()))


def centre_of(metric: MetricSettings, units: MetricUnits) -> float:
    """Return what all units together have: their mean, ratio or quantile."""
    if metric.how.reads_ranks:
        return mid_quantiles([units.columns[:, 0]], metric.quantile)[0].value
    return float(units.columns[:, 0].sum() / units.columns[:, 1].sum())


def planned_factor(
    experiment: ExperimentSettings, metric: MetricSettings, units: MetricUnits
) -> float | None:
    """Solve for the factor on the treatment's values that the plan promises to find; None where a
    factor makes no sense: shares end at 1, and what lies at zero stays there.
    """
    centre = centre_of(metric, units)
    if metric.how.unit == "share" or centre == 0 or metric.how.reads_ranks:
        return None
    together = [_moments_of_all(units)]
    variance = adjusted_samples(together, use_covariate=metric.use_covariate)[0].variance
    if variance <= 0:
        return None
    return 1 + _promised_effect(experiment, metric, units, variance) / abs(centre)


def _promised_effect(
    experiment: ExperimentSettings, metric: MetricSettings, units: MetricUnits, variance: float
) -> float:
    """Solve for the difference that units of these arms show with the plan's power, the treatment's
    variance growing with it as values do that are multiplied.
    """
    centre = centre_of(metric, units)
    design = Design(
        variance,
        variance,
        ratio=units.sizes[1] / units.sizes[0],
        significance=experiment.significance_of(metric.name),
    )
    effect = 0.0
    for _ in range(25):  # a contraction: the variance grows slowly with the effect
        treated = variance * (1 + effect / abs(centre)) ** 2
        effect = detectable_effect(
            n_control=units.sizes[0],
            design=replace(design, treatment_variance=treated),
            wanted_power=experiment.power,
        )
    return effect


def _moments_of_all(units: MetricUnits) -> Moments:
    products = [units.columns[:, _AT[a]] @ units.columns[:, _AT[b]] for a, b in PAIRS]
    return moments_of(np.concatenate([units.columns.sum(axis=0), products]), len(units.columns))


def with_effect(arms: Sequence[Arm], factor: float) -> list[Arm]:
    """Multiply the values of the first treatment."""
    changed = arms[1]
    if changed.moments is not None:
        times = {"value": factor}
        mean = {name: x * times.get(name, 1.0) for name, x in changed.moments.mean.items()}
        covariance = {
            (a, b): x * times.get(a, 1.0) * times.get(b, 1.0)
            for (a, b), x in changed.moments.covariance.items()
        }
        changed = changed._replace(moments=Moments(changed.moments.n, mean, covariance))
    return [arms[0], changed, *arms[2:]]
