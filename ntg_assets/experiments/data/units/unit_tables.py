"""Experiments as analysts have them: a table of units without times, or aggregates per arm.

A unit table has one row per unit: `unit_id`, `arm`, a column for each metric (null: no value),
`<metric>_before` for its covariate, `<metric>_denominator` for a ratio, and a `segment` if there is
one. Aggregates have one row per arm and metric (and segment or day): `arm`, `metric`, `n`, `mean`,
`variance`.
"""

from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.units.unit_designs import with_clusters
from ntg_assets.experiments.data.units.unit_validation import raise_if_wrong_units
from ntg_assets.randomness import bucket_of

ALL = "all"
TRAFFIC_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "arm": pl.String,
    "weight": pl.Float64,
    "n_assigned": pl.Int64,
    "n_exposed": pl.Int64,
    "n_in_several_arms": pl.Int64,
    "n_not_assigned": pl.Int64,
    "first_exposed_at": pl.Datetime("us"),
    "last_exposed_at": pl.Datetime("us"),
}


def as_written(rows: pl.DataFrame) -> pl.DataFrame:
    """Take ids, arms, metrics and segments as text, however a file types them."""
    texts = [name for name in ("unit_id", "arm", "metric", "segment") if name in rows.columns]
    return rows.with_columns(pl.col(name).cast(pl.String) for name in texts)


def unit_metrics_of(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Lay a unit table out as `unit_metrics`; units that are in several arms are in none.

    Raises:
        SourceError: a column is missing or no number, an arm is not of the experiment, or a unit
            stands in one arm twice.
    """
    raise_if_wrong_units(experiment, rows)
    raise_if_unknown_arms(experiment, rows)
    _raise_if_repeated_units(rows)
    single = rows.filter(~pl.col("unit_id").is_duplicated())
    columns = (_columns_of(experiment, metric, rows) for metric in experiment.measured)
    return pl.concat(single.select(**columns_of_metric) for columns_of_metric in columns)


def _columns_of(
    experiment: ExperimentSettings, metric: MetricSettings, rows: pl.DataFrame
) -> dict[str, str | pl.Expr]:
    """Read the columns of `unit_metrics` off a unit table, for one of its metrics."""
    return {
        "experiment": pl.lit(experiment.id),
        "unit_id": "unit_id",
        "arm": "arm",
        "metric": pl.lit(metric.name),
        "source": pl.lit(experiment.evidence),
        "is_assigned": pl.lit(value=True),
        "is_in_look": pl.lit(value=True),
        "segment": pl.col("segment").fill_null(ALL) if "segment" in rows.columns else pl.lit(ALL),
        "value": _value(metric),
        "denominator": _denominator(metric, rows),
        "covariate": _past(rows, f"{metric.name}_before"),
        "covariate_denominator": _past(rows, f"{metric.name}_denominator_before"),
    }


def _raise_if_repeated_units(rows: pl.DataFrame) -> None:
    twice = rows.filter(pl.struct("unit_id", "arm").is_duplicated())
    if twice.height:
        raise SourceError(
            f"{twice.height:,} of {rows.height:,} rows are of a unit that stands in its arm more"
            f" than once (first: {twice['unit_id'][0]}). A unit table has one row per unit."
        )


def traffic_of_units(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Count the units of each arm, and those that are in several."""
    marked = rows.select("arm", is_in_several=pl.col("unit_id").is_duplicated())
    counts = {
        arm: (n, n_several)
        for arm, n, n_several in marked.group_by("arm")
        .agg(pl.len(), pl.col("is_in_several").sum().alias("n_several"))
        .iter_rows()
    }
    return with_clusters(traffic_of_counts(experiment, counts), experiment, rows)


def assignments_of_units(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Give each unit the bucket by which the self-tests choose among them."""
    salt = experiment.salt or experiment.id
    ids = rows["unit_id"].unique().sort()
    return pl.DataFrame(
        {
            "experiment": [experiment.id] * len(ids),
            "unit_id": ids,
            "bucket": [float(bucket_of(salt, unit_id)) for unit_id in ids],
        }
    )


def traffic_of_counts(
    experiment: ExperimentSettings, counts: dict[str, tuple[int, int]]
) -> pl.DataFrame:
    """Lay counts of units out as `arm_traffic`.

    Args:
        experiment: Whose arms.
        counts: By arm: its units, and those that are in several arms.
    """
    rows = [
        (experiment.id, arm.name, arm.weight, n, n, several, 0, None, None)
        for arm in experiment.arms
        for n, several in [counts.get(arm.name, (0, 0))]
    ]
    return pl.DataFrame(rows, schema=TRAFFIC_TYPES, orient="row")


def missing_pasts(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Count the units whose value before is missing while that of others is known; one row per
    metric of which there are some.
    """
    gaps = {
        metric.name: rows[f"{metric.name}_before"].cast(pl.Float64).null_count()
        for metric in experiment.measured
        if f"{metric.name}_before" in rows.columns and not experiment.is_designed(metric)
    }
    some = [(experiment.id, name, n) for name, n in gaps.items() if 0 < n < rows.height]
    types = {"experiment": pl.String, "metric": pl.String, "n_units": pl.Int64}
    return pl.DataFrame(some, schema=types, orient="row")


def _past(rows: pl.DataFrame, name: str) -> pl.Expr:
    """Read a value before; a missing one counts at the mean of all arms, which no arm changed."""
    values = _column(rows, name)
    return values.fill_null(values.filter(values.is_finite()).mean())


def _column(rows: pl.DataFrame, name: str) -> pl.Expr:
    if name not in rows.columns:
        return pl.lit(None, dtype=pl.Float64)
    return pl.col(name).cast(pl.Float64)


def _value(metric: MetricSettings) -> pl.Expr:
    """Make a value below the smallest that can be true unusable, as the logs' SQL does; a ratio of
    which a part is missing has none.
    """
    value = pl.col(metric.name).cast(pl.Float64)
    if metric.how.needs_denominator:
        value = pl.when(pl.col(f"{metric.name}_denominator").is_not_null()).then(value)
    if metric.smallest is None:
        return value
    return pl.when(value < metric.smallest).then(-float("inf")).otherwise(value)


def _denominator(metric: MetricSettings, rows: pl.DataFrame) -> pl.Expr:
    """Read what a ratio divides by; below zero it cannot be true."""
    below = _column(rows, f"{metric.name}_denominator")
    return pl.when(below < 0).then(-float("inf")).otherwise(below)


def raise_if_unknown_arms(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    """Refuse rows of arms that the experiment does not have.

    Raises:
        SourceError: there are some.
    """
    arm_names = [arm.name for arm in experiment.arms]
    strange = rows.filter(~pl.col("arm").is_in(arm_names))
    if strange.height:
        raise SourceError(
            f"{strange.height:,} of {rows.height:,} rows are of an arm that {experiment.id} does"
            f" not have (first: {strange['arm'][0]!r}); it has {', '.join(arm_names)}."
        )
