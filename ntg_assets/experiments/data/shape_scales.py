"""In which arms skewness can break Welch's test, and on which scale their values are looked at."""

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.metric_kinds import Terms
from ntg_assets.statistics.metric_kinds.kind import narrows
from ntg_assets.statistics.moments import NOTHING, Moments, Sums, moments_of, sums_of
from ntg_assets.statistics.samples import Sample, adjusted_samples, pooled_theta
from ntg_assets.statistics.skewness import FEWEST_TIMES

SCALE_TYPES = {
    "experiment": pl.String,
    "metric": pl.String,
    "arm": pl.String,
    "mean": pl.Float64,
    "denominator": pl.Float64,
    "theta": pl.Float64,
    "covariate": pl.Float64,
    "covariate_denominator": pl.Float64,
    "deviation": pl.Float64,
}


def scales_frame(
    definitions: Sequence[ExperimentSettings], metric_sums: pl.DataFrame
) -> pl.DataFrame:
    """List the means, slopes and standard deviations with which values are standardised;
    one row per (experiment, metric, arm) in which skewness can matter.
    """
    between = metric_sums.filter(pl.col("comparison") == Comparison.BETWEEN_USERS)
    sums: dict[tuple[str, str, str], Sums] = {}
    for row in between.iter_rows(named=True):
        key = (row["experiment"], row["metric"], row["arm"])
        sums[key] = sums.get(key, NOTHING) + sums_of(row)
    rows = [
        row
        for experiment in definitions
        for metric in experiment.measured
        if metric.how.reads_shape
        for row in _scales(experiment, metric, sums)
    ]
    return pl.DataFrame(rows, schema=SCALE_TYPES, orient="row")


def _scales(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    sums: dict[tuple[str, str, str], Sums],
) -> Iterator[tuple[Any, ...]]:
    names = [arm.name for arm in experiment.arms]
    arm_sums = [sums.get((experiment.id, metric.name, name), NOTHING) for name in names]
    sizes = [sums_of_arm.n for sums_of_arm in arm_sums]
    if max(sizes) < FEWEST_TIMES * min(sizes):
        return
    try:
        arms = [moments_of(sums_of_arm) for sums_of_arm in arm_sums]
        is_narrowed = narrows(arms, Terms(use_covariate=metric.use_covariate))
        samples = adjusted_samples(arms, use_covariate=is_narrowed)
    except NotEnoughDataError:
        return  # nothing is compared either, and the readout says why
    theta = pooled_theta(arms) if is_narrowed else 0.0
    for name, arm, sample in zip(names, arms, samples, strict=True):
        if sample.variance > 0:
            yield experiment.id, metric.name, name, *_scale(arm, sample, theta)


def _scale(arm: Moments, sample: Sample, theta: float) -> tuple[float, ...]:
    """Say by what the values of an arm's units are standardised, as their test sees them."""
    below = arm.mean["covariate_denominator"] or 1.0
    return (
        arm.mean["value"] / arm.mean["denominator"],
        arm.mean["denominator"],
        theta,
        arm.mean["covariate"] / below,
        below,
        sqrt(sample.variance),
    )
