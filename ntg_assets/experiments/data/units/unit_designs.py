"""How units were randomised and what was known of them before, from the columns of a unit table:
clusters, strata, covariates; and the contrasts that follow from them.
"""

import numpy as np
import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.units.unit_columns import covariates_of, strata_of
from ntg_assets.statistics.designs.units import Units
from ntg_assets.statistics.moments import LARGEST_VALUE


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
    _raise_if_texts(experiment, rows)
    if experiment.cluster_id:
        raise_if_divided_clusters(experiment, rows)
    single = rows.filter(~pl.col("unit_id").is_duplicated())
    return single.select("unit_id", *(pl.col(name).alias(f"design {name}") for name in wanted))


def raise_if_divided_clusters(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
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
    counted = rows.group_by("arm").agg(pl.col(experiment.cluster_id).n_unique().alias("n_clusters"))
    return traffic.join(counted, on="arm", how="left").with_columns(
        pl.col("n_clusters").cast(pl.Int64).fill_null(0)
    )


def units_of(
    experiment: ExperimentSettings,
    metric: MetricSettings,
    units: pl.DataFrame,
    design: pl.DataFrame,
) -> tuple[Units, str]:
    """Read one metric's units in a stated order, and say in words what was done to them."""
    rows = _usable(units, metric).join(design, on="unit_id", how="left").sort("unit_id")
    names = [arm.name for arm in experiment.arms]
    arms = rows["arm"].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    covariates, filled = covariates_of(metric, rows)
    strata, merged = strata_of(experiment, rows, arms, len(names))
    clusters = None
    if experiment.cluster_id:
        labels = rows[f"design {experiment.cluster_id}"].cast(pl.String)
        clusters = np.unique(labels.to_numpy(), return_inverse=True)[1].astype(np.int64)
    below = rows["denominator"].to_numpy() if metric.how.needs_denominator else None
    values = rows["value"].to_numpy().astype(float)
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


def _raise_if_texts(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    for name in sorted(
        {covariate for metric in experiment.measured for covariate in metric.covariates}
    ):
        if not (rows[name].dtype.is_numeric() or rows[name].dtype in {pl.Boolean, pl.Null}):
            raise SourceError(
                f"the covariate {name!r} holds no numbers (first: {rows[name].drop_nulls()[0]!r});"
                " name what it divides units into as strata."
            )
