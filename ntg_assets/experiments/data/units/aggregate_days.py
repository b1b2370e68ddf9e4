"""Aggregates that have a day (a date): when units came, and the primary metric by day and week."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.log_tables import MOST_DAILY_COHORTS
from ntg_assets.statistics.over_time.trends import MILLI

DAY, WEEK_DAYS = "day", 7
COHORT_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "arm": pl.String,
    "cohort_kind": pl.String,
    "cohort": pl.String,
    "day": pl.Int64,
    "n": pl.Int64,
    "exposed_from_at": pl.Datetime("us"),
    "value": pl.Decimal(38, 0),
    "value_value": pl.Decimal(38, 0),
}


def traffic_of_days(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame | None:
    """Count the units of each arm by day, as `traffic_by_day`; None where aggregates have no day.

    Raises:
        SourceError: a day is none.
    """
    if (primary := _with_days(experiment, rows)) is None:
        return None
    counts = primary.group_by("arm", DAY).agg(pl.col("n").sum().cast(pl.Int64).alias("n_units"))
    return counts.filter(pl.col("n_units") > 0).select(
        pl.lit(experiment.id).alias("experiment"), "arm", pl.col(DAY).alias("exposed_on"), "n_units"
    )


def cohorts_of_days(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame | None:
    """Add up the primary metric by week of the experiment, and by day where there are few, as
    `daily_sums` does; None where aggregates have no day or come in clusters.
    """
    primary = _with_days(experiment, rows)
    if primary is None or experiment.cluster_id:
        return None
    days = primary[DAY].drop_nulls()
    first, last = days.min(), days.max()
    if not (isinstance(first, date) and isinstance(last, date)):
        return None
    kinds = {"week": WEEK_DAYS} | ({"day": 1} if (last - first).days < MOST_DAILY_COHORTS else {})
    cells = sorted(_cells(primary, first, kinds).items())
    cohort_rows = [_cohort_row(experiment, *key, *sums) for key, sums in cells if sums[0]]
    return pl.DataFrame(cohort_rows, schema=COHORT_TYPES, orient="row")


def _cohort_row(
    experiment: ExperimentSettings, arm: str, kind: str, at: date, *sums: int
) -> tuple[object, ...]:
    """Lay the sums of a cohort (n, value, value squared) out as a row of `daily_sums`."""
    n, value, squares = sums
    starts_at = datetime(at.year, at.month, at.day)
    return experiment.id, arm, kind, str(at), None, n, starts_at, value, squares


def _cells(
    primary: pl.DataFrame, first: date, kinds: Mapping[str, int]
) -> dict[tuple[str, str, date], list[int]]:
    """Add up units, values and squares by (arm, kind of cohort, its first day)."""
    cells: dict[tuple[str, str, date], list[int]] = {}
    for row in primary.iter_rows(named=True):
        for kind, length in kinds.items():
            start = first + timedelta(days=(row[DAY] - first).days // length * length)
            sums = cells.setdefault((row["arm"], kind, start), [0, 0, 0])
            for place, part in enumerate(_sums(row)):
                sums[place] += part
    return cells


def _with_days(experiment: ExperimentSettings, rows: pl.DataFrame) -> pl.DataFrame | None:
    if DAY not in rows.columns or rows[DAY].dtype.is_numeric():
        return None  # days that are only counted have no date
    primary = rows.filter(pl.col("metric") == experiment.primary_metric)
    days = primary[DAY].cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if n := days.null_count():
        first = primary.filter(days.is_null())[DAY][0]
        raise SourceError(
            f"aggregates: {n:,} of {primary.height:,} rows of {experiment.primary_metric} have no"
            f" day (first: {first!r}). Write days as 2026-01-31."
        )
    return primary.with_columns(days.alias(DAY))


def _sums(row: dict[str, Any]) -> tuple[int, int, int]:
    """Units, the sum of their values and of their squares, in thousandths."""
    n, mean = int(row["n"]), row["mean"]
    squares = (n - 1) * row["variance"] + n * mean**2 if n else 0.0
    return n, round(n * mean * MILLI), round(squares * MILLI**2)
