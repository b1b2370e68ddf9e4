"""Experiments as analysts have them: a table of units without times, or aggregates per arm.

A unit table has one row per unit: `unit_id`, `arm`, a column for each metric (null: no value),
`<metric>_before` for its covariate, `<metric>_denominator` for a ratio, and a `segment` if there is
one. Aggregates have one row per arm and metric (and segment or day): `arm`, `metric`, `n`, `mean`,
`variance`.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.unit_designs import with_clusters
from ntg_assets.randomness import bucket_of
from ntg_assets.statistics.metric_kinds import KINDS
from ntg_assets.statistics.moments import LARGEST_VALUE, MICRO, PAIRS, VARIABLES

ALL = "all"
AGGREGATE = ("arm", "metric", "n", "mean", "variance")


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
    _refuse_wrong_columns(experiment, rows)
    _refuse_unknown_arms(experiment, rows)
    twice = rows.filter(pl.struct("unit_id", "arm").is_duplicated())
    if twice.height:
        raise SourceError(
            f"{twice.height:,} of {rows.height:,} rows are of a unit that stands in its arm more"
            f" than once (first: {twice['unit_id'][0]}). A unit table has one row per unit."
        )
    single = rows.filter(~pl.col("unit_id").is_duplicated())
    segment = pl.col("segment").fill_null(ALL) if "segment" in rows.columns else pl.lit(ALL)
    return pl.concat(
        [
            single.select(
                experiment=pl.lit(experiment.id),
                unit_id="unit_id",
                arm="arm",
                metric=pl.lit(metric.name),
                source=pl.lit(experiment.evidence),
                is_assigned=pl.lit(value=True),
                is_in_look=pl.lit(value=True),
                segment=segment,
                value=_above(metric.name, metric.smallest),
                denominator=_column(rows, f"{metric.name}_denominator"),
                covariate=_column(rows, f"{metric.name}_before"),
                covariate_denominator=_column(rows, f"{metric.name}_denominator_before"),
            )
            for metric in experiment.measured
        ]
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
    return with_clusters(_traffic(experiment, counts), experiment, rows)


def assignments_of_units(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Give each unit the bucket by which the self-tests choose among them."""
    salt = experiment.salt or experiment.id
    ids = rows["unit_id"].unique().sort()
    return pl.DataFrame(
        {
            "experiment": [experiment.id] * len(ids),
            "unit_id": ids,
            "bucket": [float(bucket_of(salt, one)) for one in ids],
        }
    )


def sums_of_aggregates(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Turn counts, means and variances into `metric_sums`; rows of days add up.

    Raises:
        SourceError: a column is missing, an arm or metric is not of the experiment, or a number
            cannot be one.
    """
    missing = [name for name in AGGREGATE if name not in rows.columns]
    if missing:
        raise SourceError(
            f"aggregates have no column {missing[0]!r}; they have {', '.join(rows.columns)}."
        )
    _refuse_unknown_arms(experiment, rows)
    metrics = {metric.name: metric for metric in experiment.measured}
    unread = [name for name, metric in metrics.items() if not _can_be_added(metric.kind)]
    if unread:
        raise SourceError(
            f"{unread[0]} is a {metrics[unread[0]].kind}, which counts, means and variances do not"
            " hold; give a table of units."
        )
    if missing := [name for name in metrics if name not in set(rows["metric"])]:
        raise SourceError(f"aggregates have no rows of metric {missing[0]!r}.")
    segment = rows["segment"] if "segment" in rows.columns else [ALL] * rows.height
    parts = [
        _sums(experiment, row, part or ALL)
        for row, part in zip(rows.iter_rows(named=True), segment, strict=True)
        if row["metric"] in metrics
    ]
    keys = ["experiment", "comparison", "metric", "arm", "segment", "source"]
    columns = [name for name in parts[0] if name not in {*keys, "largest"}]
    frame = pl.DataFrame(parts, infer_schema_length=None).with_columns(
        pl.col([*columns, "largest"]).cast(pl.Decimal(38, 0))
    )
    return frame.group_by(keys, maintain_order=True).agg(
        *(pl.col(name).sum() for name in columns), pl.col("largest").max()
    )


def traffic_of_aggregates(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Count the units of each arm by the primary metric."""
    primary = rows.filter(pl.col("metric") == experiment.primary_metric)
    found = dict(primary.group_by("arm").agg(pl.col("n").sum()).iter_rows())
    traffic = _traffic(experiment, {arm: (int(n), 0) for arm, n in found.items()})
    return with_clusters(traffic, experiment, primary)


def _can_be_added(kind: str) -> bool:
    return not KINDS[kind].reads_ranks and not KINDS[kind].needs_denominator


def _sums(experiment: ExperimentSettings, row: dict[str, Any], segment: str) -> dict[str, Any]:
    n, mean, variance = row["n"], row["mean"], row["variance"]
    if n is None or n < 0 or mean is None or variance is None or not variance >= 0:
        raise SourceError(
            f"aggregates of {row['metric']} in arm {row['arm']}: n {n}, mean {mean} and variance"
            f" {variance} cannot be."
        )
    if not abs(mean) <= LARGEST_VALUE:
        raise SourceError(f"aggregates of {row['metric']}: a mean of {mean:g} cannot be true.")
    total = round(n * mean * MICRO)
    squares = round(((n - 1) * variance + n * mean**2) * MICRO**2)
    first = dict.fromkeys(VARIABLES, 0) | {
        "value": total,
        "denominator": n * MICRO,
        "covariate_denominator": n * MICRO,
    }
    constant = {"denominator", "covariate_denominator"}
    second = {
        "_".join(pair): (
            squares
            if pair == ("value", "value")
            else total * MICRO
            if pair[0] == "value" and pair[1] in constant
            else n * MICRO**2
            if set(pair) <= constant
            else 0
        )
        for pair in PAIRS
    }
    return {
        "experiment": experiment.id,
        "comparison": Comparison.BETWEEN_USERS,
        "metric": row["metric"],
        "arm": row["arm"],
        "segment": segment,
        "source": experiment.evidence,
        "n": int(n),
        "n_null": 0,
        "n_unusable": 0,
        "n_nonzero": int(n) if mean else 0,
        **first,
        **second,
        "largest": 0,
    }


def _traffic(experiment: ExperimentSettings, counts: dict[str, tuple[int, int]]) -> pl.DataFrame:
    rows = [
        (experiment.id, arm.name, arm.weight, n, n, several, 0, None, None)
        for arm in experiment.arms
        for n, several in [counts.get(arm.name, (0, 0))]
    ]
    return pl.DataFrame(
        rows,
        schema={
            "experiment": pl.String,
            "arm": pl.String,
            "weight": pl.Float64,
            "n_assigned": pl.Int64,
            "n_exposed": pl.Int64,
            "n_in_several_arms": pl.Int64,
            "n_not_assigned": pl.Int64,
            "first_exposed_at": pl.Datetime("us"),
            "last_exposed_at": pl.Datetime("us"),
        },
        orient="row",
    )


def _column(rows: pl.DataFrame, name: str) -> pl.Expr:
    if name not in rows.columns:
        return pl.lit(None, dtype=pl.Float64)
    return pl.col(name).cast(pl.Float64)


def _above(name: str, smallest: float | None) -> pl.Expr:
    """Make a value below the smallest that can be true unusable, as the logs' SQL does."""
    value = pl.col(name).cast(pl.Float64)
    if smallest is None:
        return value
    return pl.when(value < smallest).then(-float("inf")).otherwise(value)


def _refuse_wrong_columns(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    wanted = ["unit_id", "arm", *(metric.name for metric in experiment.measured)]
    wanted += [
        f"{metric.name}_denominator"
        for metric in experiment.measured
        if metric.how.needs_denominator
    ]
    for name in wanted:
        if name not in rows.columns:
            raise SourceError(
                f"the unit table has no column {name!r}; it has {', '.join(rows.columns)}."
            )
    numbers = [name for name in _value_columns(experiment) if name in rows.columns]
    for name in numbers:
        if not (rows[name].dtype.is_numeric() or rows[name].dtype in {pl.Boolean, pl.Null}):
            wrong = rows.filter(
                pl.col(name).is_not_null()
                & pl.col(name).cast(pl.String).cast(pl.Float64, strict=False).is_null()
            )
            first = wrong[name][0] if wrong.height else rows[name][0]
            raise SourceError(
                f"the unit table's column {name!r} holds no numbers: {wrong.height:,} of"
                f" {rows.height:,} values are none (first: {first!r})."
            )
    for name in ("unit_id", "arm"):
        if n := rows[name].null_count():
            raise SourceError(f"{n:,} of {rows.height:,} rows of the unit table have no {name}.")


def _value_columns(experiment: ExperimentSettings) -> Sequence[str]:
    ends = ("", "_denominator", "_before", "_denominator_before")
    return [f"{metric.name}{end}" for metric in experiment.measured for end in ends]


def _refuse_unknown_arms(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    known = [arm.name for arm in experiment.arms]
    strange = rows.filter(~pl.col("arm").is_in(known))
    if strange.height:
        raise SourceError(
            f"{strange.height:,} of {rows.height:,} rows are of an arm that {experiment.id} does"
            f" not have (first: {strange['arm'][0]!r}); it has {', '.join(known)}."
        )
