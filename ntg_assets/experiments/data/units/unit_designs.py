"""How units were randomised and what was known of them before, from the columns of a unit table:
clusters, strata, covariates; and the contrasts that follow from them.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError, SourceError
from ntg_assets.experiments.data.evidence import ALL_TREATMENTS, before
from ntg_assets.experiments.data.units.unit_columns import covariates_of, strata_of
from ntg_assets.statistics.designs.contrasts import contrast_units
from ntg_assets.statistics.designs.units import Contrast, Units
from ntg_assets.statistics.moments import LARGEST_VALUE

EVERYBODY = ""  # no segment
TYPES = {"int": pl.Int64, "float": pl.Float64, "str": pl.String}
CONTRAST_TYPES: dict[str, Any] = {
    **dict.fromkeys(("experiment", "comparison", "metric", "arm", "segment"), pl.String),
    **{
        one.name: pl.String
        if one.name == "method"
        else pl.Int64
        if one.name.startswith("n_")
        else pl.Float64
        for one in fields(Contrast)
    },
}


def design_columns(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Take the columns that a design names out of a unit table; one row per unit.

    Raises:
        SourceError: a column is missing or no number, a unit has no cluster, or a cluster stands in
            several arms.
    """
    wanted = experiment.design_columns
    if missing := [name for name in wanted if name not in rows.columns]:
        raise SourceError(
            f"the unit table has no column {missing[0]!r}, which {experiment.id} names as"
            f" {_use_of(missing[0], experiment)}; it has {', '.join(rows.columns)}."
        )
    _refuse_texts(experiment, rows)
    if experiment.cluster_id:
        refuse_divided_clusters(experiment, rows)
    single = rows.filter(~pl.col("unit_id").is_duplicated())
    return single.select("unit_id", *(pl.col(name).alias(f"design {name}") for name in wanted))


def refuse_divided_clusters(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    """Refuse clusters that were not randomised as a whole.

    Raises:
        SourceError: a row has no cluster, or a cluster stands in several arms.
    """
    name = str(experiment.cluster_id)
    if n := rows[name].null_count():
        raise SourceError(f"{n:,} of {rows.height:,} rows have no {name}, the cluster.")
    arms = rows.group_by(name).agg(pl.col("arm").n_unique()).sort(name)
    divided = arms.filter(pl.col("arm") > 1)
    if divided.height:
        raise SourceError(
            f"{divided.height:,} of {arms.height:,} clusters stand in several arms (first: {name}"
            f" {divided[name][0]}). What was randomised within clusters needs no cluster_id; name"
            " the clusters as strata."
        )


def with_clusters(
    traffic: pl.DataFrame, experiment: ExperimentSettings, rows: pl.DataFrame
) -> pl.DataFrame:
    """Add the clusters of each arm to its traffic, where they were randomised as a whole."""
    if not experiment.cluster_id or experiment.cluster_id not in rows.columns:
        return traffic
    found = rows.group_by("arm").agg(pl.col(experiment.cluster_id).n_unique().alias("n_clusters"))
    return traffic.join(found, on="arm", how="left").with_columns(
        pl.col("n_clusters").cast(pl.Int64).fill_null(0)
    )


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
            (experiment.id, comparison.value, metric, arm, segment, *asdict(one).values())
            for metric, arm, segment, one in rows
        ],
        schema=CONTRAST_TYPES,
        orient="row",
    )


def units_of(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    units: pl.DataFrame,
    design: pl.DataFrame,
) -> tuple[Units, str]:
    """Read one metric's units in a stated order, and say in words what was done to them."""
    found = _usable(units, metric).join(design, on="unit_id", how="left").sort("unit_id")
    names = [arm.name for arm in experiment.arms]
    arms = found["arm"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    covariates, filled = covariates_of(metric, found)
    strata, merged = strata_of(experiment, found, arms, len(names))
    clusters = None
    if experiment.cluster_id:
        labels = found[f"design {experiment.cluster_id}"].cast(pl.String)
        clusters = np.unique(labels.to_numpy(), return_inverse=True)[1].astype(np.int64)
    below = found["denominator"].to_numpy() if metric.how.needs_denominator else None
    values = found["value"].to_numpy().astype(float)
    return Units(values, arms, below, covariates, clusters, strata), f"{merged}{filled}"


def in_words(
    experiment: ExperimentSettings, metric: MetricSettings, units: Units, remarks: str = ""
) -> str:
    """Name the estimator of a design."""
    what = "ratio of sums" if metric.how.needs_denominator else "mean"
    n_strata = 0 if units.strata is None else int(units.strata.max()) + 1
    n_slopes = 0 if units.covariates is None else units.covariates.shape[1]
    if units.clusters is not None:
        n = len(np.unique(units.clusters))
        base = f"{what} over {n:,} clusters of {experiment.cluster_id} (jackknife)"
    elif units.needs_jackknife:
        base = f"{what} (jackknife)"
    elif n_slopes:
        base = f"{what} by regression (HC2)"
    else:
        base = f"{what} post-stratified"
    parts = [f"{n_strata} strata of {experiment.strata}"] if n_strata else []
    parts += [f"{n_slopes} covariate{'s' if n_slopes > 1 else ''}"] if n_slopes else []
    return ", ".join([base, *parts]) + remarks


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
    parts += [(one, own.filter(pl.col("segment") == one)) for one in segments if len(segments) > 1]
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
    """Compare what the primary metric's units did before, as they were randomised."""
    past = own.filter(pl.col("covariate").is_not_null())
    if metric.name == experiment.primary_metric and past.height:
        plain = metric.model_copy(update={"covariates": [], "use_covariate": False})
        then = past.with_columns(value="covariate", denominator="covariate_denominator")
        units, _ = units_of(experiment, plain, then, design)
        names = [arm.name for arm in experiment.treatments]
        yield from _named(before(metric.name), names, EVERYBODY, units, "before")


def _named(
    metric: str, arms: list[str], segment: str, units: Units, method: str
) -> Iterator[tuple[str, str, str, Contrast]]:
    try:
        found = contrast_units(units, n_arms=len(arms) + 1)
    except NotEnoughDataError:
        return  # the readout finds nothing there, and says so
    for arm, one in zip(arms, found, strict=True):
        yield metric, arm, segment, replace(one, method=method)


def _usable(units: pl.DataFrame, metric: MetricSettings) -> pl.DataFrame:
    """Leave out units without a value, and with one that cannot be true, as the sums do."""
    needed = ["value", *(["denominator"] if metric.how.needs_denominator else [])]
    return units.filter(
        pl.col("metric") == metric.name,
        *(pl.col(name).is_not_null() & (pl.col(name).abs() < LARGEST_VALUE) for name in needed),
    )


def _use_of(name: str, experiment: ExperimentSettings) -> str:
    uses = {experiment.cluster_id: "cluster_id", experiment.strata: "strata"}
    return uses.get(name, "a covariate")


def _refuse_texts(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    for name in sorted({one for metric in experiment.measured for one in metric.covariates}):
        if not (rows[name].dtype.is_numeric() or rows[name].dtype in {pl.Boolean, pl.Null}):
            raise SourceError(
                f"the covariate {name!r} holds no numbers (first: {rows[name].drop_nulls()[0]!r});"
                " name what it divides units into as strata."
            )
