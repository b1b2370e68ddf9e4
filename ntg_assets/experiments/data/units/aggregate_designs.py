"""Contrasts of aggregates: one row per cluster, or per stratum and arm."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError, SourceError
from ntg_assets.experiments.data.units.contrast_rows import EVERYBODY, contrasts_frame
from ntg_assets.experiments.data.units.unit_columns import UNKNOWN
from ntg_assets.experiments.data.units.unit_designs import in_words, raise_if_divided_clusters
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.strata_contrasts import (
    stratified_contrasts,
    with_larger_error,
)
from ntg_assets.statistics.designs.units import Contrast, Units
from ntg_assets.statistics.samples import Sample


def contrasts_of_aggregates(
    experiment: ExperimentSettings, rows: pl.DataFrame
) -> pl.DataFrame | None:
    """Compare arms by the clusters or strata of aggregates; None where the experiment names none.

    Raises:
        SourceError: a column is missing, a cluster stands in several arms, or a metric has
            covariates, which aggregates do not hold.
    """
    metrics = [metric for metric in experiment.measured if experiment.is_designed(metric)]
    if not metrics:
        return None
    _raise_if_missing_columns(experiment, metrics, rows)
    if experiment.cluster_id:
        raise_if_divided_clusters(experiment, rows)
    contrasts = [
        (metric.name, arm.name, EVERYBODY, contrast)
        for metric in metrics
        for arm, contrast in zip(
            experiment.treatments, _contrasts(experiment, metric, rows), strict=False
        )
    ]
    return contrasts_frame(experiment, contrasts)


def _raise_if_missing_columns(
    experiment: ExperimentSettings, metrics: Sequence[MetricSettings], rows: pl.DataFrame
) -> None:
    for metric in metrics:
        if metric.covariates:
            raise SourceError(
                f"{metric.name} has the covariate {metric.covariates[0]!r}, which counts, means and"
                " variances do not hold; give a table of units."
            )
    for name in experiment.design_columns:
        if name not in rows.columns:
            raise SourceError(f"aggregates have no column {name!r}, which {experiment.id} names.")


def _contrasts(
    experiment: ExperimentSettings, metric: MetricSettings, rows: pl.DataFrame
) -> Iterator[Contrast]:
    own = rows.filter(pl.col("metric") == metric.name, pl.col("n") > 0)
    units = _as_units(experiment, own)
    try:
        contrasts = (
            contrast_units(units, n_arms=len(experiment.arms))
            if experiment.cluster_id
            else _stratified(experiment, own)
        )
    except NotEnoughDataError:
        return  # the readout finds nothing there, and says so
    method = in_words(
        experiment, metric, units if experiment.cluster_id else units._replace(weights=None)
    )
    yield from (replace(contrast, method=f"{method}{contrast.method}") for contrast in contrasts)


def _as_units(experiment: ExperimentSettings, own: pl.DataFrame) -> Units:
    """Read every row as one unit that counts as many: sums over sizes."""
    names = [arm.name for arm in experiment.arms]
    arms = own["arm"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    n = own["n"].cast(pl.Float64).to_numpy()
    codes = [
        None
        if name is None
        else np.unique(_labels(own, name).to_numpy(), return_inverse=True)[1].astype(np.int64)
        for name in (experiment.cluster_id, experiment.strata)
    ]
    return Units(n * own["mean"].cast(pl.Float64).to_numpy(), arms, n, None, *codes)


def _labels(own: pl.DataFrame, name: str) -> pl.Series:
    return own[name].cast(pl.String).fill_null(UNKNOWN)


def _stratified(experiment: ExperimentSettings, own: pl.DataFrame) -> list[Contrast]:
    strata = _labels(own, str(experiment.strata))
    cells = own.with_columns(stratum=strata)
    parts = [cells.filter(pl.col("arm") == arm.name) for arm in experiment.arms]
    arms, plain = [_by_stratum(part) for part in parts], [_sample(part) for part in parts]
    sizes = dict(cells.group_by("stratum").agg(pl.col("n").sum().cast(pl.Float64)).iter_rows())
    contrasts = stratified_contrasts(arms, plain, weights=sizes)
    return [
        with_larger_error(contrast, (arms[0], treated), (plain[0], sample), weights=sizes)
        for contrast, treated, sample in zip(contrasts, arms[1:], plain[1:], strict=True)
    ]


def _by_stratum(cells: pl.DataFrame) -> dict[str, Sample]:
    """Put the cells of each stratum of an arm together."""
    names = cells["stratum"].unique().sort()
    return {str(name): _sample(cells.filter(pl.col("stratum") == name)) for name in names}


def _sample(rows: pl.DataFrame) -> Sample:
    """Put the rows of days together: within them and between them."""
    n, mean, variance = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("n", "mean", "variance")
    )
    total = float(n.sum())
    centre = float((n * mean).sum() / total) if total else 0.0
    squares = float(((n - 1) * variance + n * (mean - centre) ** 2).sum())
    return Sample(total, centre, squares / (total - 1) if total > 1 else 0.0)
