"""Aggregates as analysts have them, one row per arm and metric (and segment or day), as the sums of
the statistics: `arm`, `metric`, `n`, `mean`, `variance`.
"""

from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.units.unit_designs import with_clusters
from ntg_assets.experiments.data.units.unit_tables import (
    ALL,
    raise_if_unknown_arms,
    traffic_of_counts,
)
from ntg_assets.statistics.metric_kinds import KINDS
from ntg_assets.statistics.moments import LARGEST_VALUE, MICRO, PAIRS, VARIABLES

AGGREGATE = ("arm", "metric", "n", "mean", "variance")


def sums_of_aggregates(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Turn counts, means and variances into `metric_sums`; rows of days add up.

    Raises:
        SourceError: a column is missing, an arm or metric is not of the experiment, or a number
            cannot be one.
    """
    metrics = {metric.name for metric in experiment.measured}
    _raise_if_other_rows(experiment, rows)
    _raise_if_odd_numbers(rows)
    _raise_if_repeated_rows(rows)
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


def _raise_if_other_rows(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    """Raise where a column, an arm or a metric is missing, or cannot come from aggregates."""
    missing = [name for name in AGGREGATE if name not in rows.columns]
    if missing:
        raise SourceError(
            f"aggregates have no column {missing[0]!r}; they have {', '.join(rows.columns)}."
        )
    raise_if_unknown_arms(experiment, rows)
    metrics = {metric.name: metric for metric in experiment.measured}
    unread = [name for name, metric in metrics.items() if not _can_be_added(metric.kind)]
    if unread:
        raise SourceError(
            f"{unread[0]} is a {metrics[unread[0]].kind}, which counts, means and variances do not"
            " hold; give a table of units."
        )
    if missing := [name for name in metrics if name not in set(rows["metric"])]:
        raise SourceError(f"aggregates have no rows of metric {missing[0]!r}.")


def traffic_of_aggregates(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame:
    """Count the units of each arm by the primary metric."""
    primary = rows.filter(pl.col("metric") == experiment.primary_metric)
    units_of_arm = dict(primary.group_by("arm").agg(pl.col("n").sum()).iter_rows())
    traffic = traffic_of_counts(experiment, {arm: (int(n), 0) for arm, n in units_of_arm.items()})
    return with_clusters(traffic, experiment, primary)


def _can_be_added(kind: str) -> bool:
    return not KINDS[kind].reads_ranks and not KINDS[kind].needs_denominator


def _raise_if_odd_numbers(rows: pl.DataFrame) -> None:
    """Refuse texts and parts of a unit."""
    for name in ("n", "mean", "variance"):
        if not (rows[name].dtype.is_numeric() or rows[name].dtype == pl.Null):
            first = rows[name].drop_nulls()[0]
            raise SourceError(f"aggregates: {name} holds no numbers (first: {first!r}).")
    parts = rows.filter(pl.col("n") != pl.col("n").floor())
    if parts.height:
        raise SourceError(
            f"aggregates: in {parts.height:,} of {rows.height:,} rows n is no whole number of units"
            f" (first: {parts['n'][0]:g})."
        )


def _raise_if_repeated_rows(rows: pl.DataFrame) -> None:
    """Refuse rows that stand twice (days and segments differ)."""
    twice = rows.filter(rows.is_duplicated())
    if twice.height:
        first = twice.row(0, named=True)
        raise SourceError(
            f"aggregates: {twice.height:,} of {rows.height:,} rows are equal to another one (first:"
            f" {first['metric']} in arm {first['arm']}, n {first['n']:,}); rows add up, so these"
            " would count twice. Name the day or the segment that tells them apart."
        )


def _sums(experiment: ExperimentSettings, row: dict[str, Any], segment: str) -> dict[str, Any]:
    """Make the row of `metric_sums` that a row of aggregates is the short form of."""
    _raise_if_impossible(experiment, row)
    n, mean, variance = row["n"], row["mean"], row["variance"]
    squares = round(((n - 1) * variance + n * mean**2) * MICRO**2)
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
        **_sums_without_past(n, total=round(n * mean * MICRO), squares=squares),
        "largest": 0,
    }


def _raise_if_impossible(experiment: ExperimentSettings, row: dict[str, Any]) -> None:
    """Raise where count, mean and variance are those of no metric."""
    n, mean, variance = row["n"], row["mean"], row["variance"]
    if n is None or n < 0 or mean is None or variance is None or not variance >= 0:
        raise SourceError(
            f"aggregates of {row['metric']} in arm {row['arm']}: n {n}, mean {mean} and variance"
            f" {variance} cannot be."
        )
    if experiment.metric(row["metric"]).how.unit == "share" and not 0 <= mean <= 1:
        raise SourceError(
            f"aggregates of {row['metric']} in arm {row['arm']}: a mean of {mean:g} is no share of"
            " units (0 to 1)."
        )
    if not abs(mean) <= LARGEST_VALUE:
        raise SourceError(f"aggregates of {row['metric']}: a mean of {mean:g} cannot be true.")


def _sums_without_past(n: int, *, total: int, squares: int) -> dict[str, int]:
    """Add up a plain mean: a denominator of 1 for each unit, a covariate of 0.

    Args:
        n: Units.
        total: Sum of the values, in millionths.
        squares: Sum of their squares, in millionths of millionths.
    """
    constants = ("denominator", "covariate_denominator")
    first = dict.fromkeys(VARIABLES, 0) | {"value": total} | dict.fromkeys(constants, n * MICRO)
    second = dict.fromkeys(PAIRS, 0) | {("value", "value"): squares}
    for pair in PAIRS:
        if set(pair) <= set(constants):
            second[pair] = n * MICRO**2
        elif pair[0] == "value" and pair[1] in constants:
            second[pair] = total * MICRO
    return {**first, **{"_".join(pair): product for pair, product in second.items()}}
