"""Contrasts of units in clusters, strata and with covariates, as rows of a table."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data.evidence import ALL_TREATMENTS, before, known_before
from ntg_assets.experiments.data.units.unit_designs import in_words, units_of
from ntg_assets.statistics.designs.contrasts import contrast_alike, contrast_units
from ntg_assets.statistics.designs.units import Contrast, Units

EVERYBODY = ""  # no segment
TYPES = {"int": pl.Int64, "float": pl.Float64, "str": pl.String}
CONTRAST_TYPES: dict[str, Any] = {
    **dict.fromkeys(("experiment", "comparison", "metric", "arm", "segment"), pl.String),
    **{
        field.name: pl.String
        if field.name == "method"
        else pl.Boolean
        if field.name.startswith("has_")
        else pl.Int64
        if field.name.startswith("n_")
        else pl.Float64
        for field in fields(Contrast)
    },
}


def metric_contrasts(
    experiment: ExperimentSettings,
    units: pl.DataFrame,
    design: pl.DataFrame,
    *,
    comparison: Comparison = Comparison.BETWEEN_USERS,
) -> pl.DataFrame:
    """Compare the arms of every metric as its design asks, in all and within segments.

    Args:
        experiment: Its design.
        units: `unit_metrics`, winsorised where metrics are.
        design: See `design_columns`.
        comparison: Which units these are: those of the look, or all to date.

    Returns:
        One row per (metric, treatment, segment) that can be compared; segment "" is everybody.
    """
    rows = [
        row
        for metric in experiment.measured
        if experiment.is_designed(metric)
        for row in _rows_of(experiment, metric, units, design)
    ]
    rows += _covariate_rows(experiment, units, design)
    return contrasts_frame(experiment, rows, comparison=comparison)


def contrasts_frame(
    experiment: ExperimentSettings,
    rows: list[tuple[str, str, str, Contrast]],
    *,
    comparison: Comparison = Comparison.BETWEEN_USERS,
) -> pl.DataFrame:
    """Lay contrasts out as a table."""
    return pl.DataFrame(
        [
            (experiment.id, comparison.value, metric, arm, segment, *asdict(contrast).values())
            for metric, arm, segment, contrast in rows
        ],
        schema=CONTRAST_TYPES,
        orient="row",
    )


def _rows_of(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    rows: pl.DataFrame,
    design: pl.DataFrame,
) -> Iterator[tuple[str, str, str, Contrast]]:
    own = rows.filter(pl.col("metric") == metric.name)
    names = [arm.name for arm in experiment.treatments]
    segments = sorted(own["segment"].unique()) if metric.how.has_segments else []
    parts = [(EVERYBODY, own)]
    if len(segments) > 1:
        parts += [(name, own.filter(pl.col("segment") == name)) for name in segments]
    for segment, part in parts:
        units, remarks = units_of(experiment, metric, part, design)
        method = in_words(experiment, metric, units, remarks)
        yield from _named(metric.name, names, segment, units, method)
        if experiment.pool_treatments and len(names) > 1:
            together = units._replace(arms=np.minimum(units.arms, 1))
            yield from _named(metric.name, [ALL_TREATMENTS], segment, together, method)
    yield from _balance_rows(experiment, metric, own, design)


def _balance_rows(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    own: pl.DataFrame,
    design: pl.DataFrame,
) -> Iterator[tuple[str, str, str, Contrast]]:
    """Compare what units did before, where it is told or narrows an interval, as they were
    randomised.
    """
    past = own.filter(pl.col("covariate").is_not_null())
    is_primary = metric.name == experiment.primary_metric
    if (is_primary or metric.is_narrowed) and past.height:
        plain = metric.model_copy(update={"covariates": [], "use_covariate": False})
        then = past.with_columns(value="covariate", denominator="covariate_denominator")
        units, _ = units_of(experiment, plain, then, design)
        yield from _balance(before(metric.name), _arms(experiment), units, "before")


def _covariate_rows(
    experiment: ExperimentSettings, rows: pl.DataFrame, design: pl.DataFrame
) -> Iterator[tuple[str, str, str, Contrast]]:
    """Compare each covariate that is known of units, as these were randomised."""
    name = experiment.primary_metric
    plain = MetricSettings(name=name, use_covariate=False)
    primary = rows.filter(pl.col("metric") == name).join(design, on="unit_id", how="left")
    for column in experiment.covariate_columns:
        number = pl.col(f"design {column}").cast(pl.Float64).fill_nan(None)
        known = primary.with_columns(value=number).select(rows.columns)
        units, _ = units_of(experiment, plain, known, design)
        yield from _balance(known_before(column), _arms(experiment), units, "covariate")


def _balance(
    name: str, arms: list[str], units: Units, method: str
) -> Iterator[tuple[str, str, str, Contrast]]:
    """Compare what no arm can have changed: single units with one variance, since their own would
    take a skewed value in a small arm for a fault.
    """
    contrast = contrast_units if units.needs_jackknife else contrast_alike
    yield from _named(name, arms, EVERYBODY, units, method, contrast=contrast)


def _arms(experiment: ExperimentSettings) -> list[str]:
    return [arm.name for arm in experiment.treatments]


def _named(
    metric: str,
    arms: list[str],
    segment: str,
    units: Units,
    method: str,
    *,
    contrast: Callable[..., list[Contrast]] = contrast_units,
) -> Iterator[tuple[str, str, str, Contrast]]:
    try:
        contrasts = contrast(units, n_arms=len(arms) + 1)
    except NotEnoughDataError:
        return  # the readout finds nothing there, and says so
    for arm, found in zip(arms, contrasts, strict=True):
        yield metric, arm, segment, replace(found, method=f"{method}{found.method}")
