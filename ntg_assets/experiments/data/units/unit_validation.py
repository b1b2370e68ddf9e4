"""What a table of units cannot be: columns that are missing, texts for numbers, one unit written in
two ways, shares that are none.
"""

from collections.abc import Iterator

import polars as pl

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import SourceError
from ntg_assets.statistics.moments import MICRO

ENDS = ("", "_denominator", "_before", "_denominator_before")


def raise_if_wrong_units(experiment: ExperimentSettings, rows: pl.DataFrame) -> None:
    """Refuse a table that cannot be one of this experiment's units.

    Raises:
        SourceError: with the first thing that is wrong.
    """
    if problem := next(_problems(experiment, rows), None):
        raise SourceError(problem)


def _problems(experiment: ExperimentSettings, rows: pl.DataFrame) -> Iterator[str]:
    for name in _needed(experiment):
        if name not in rows.columns:
            yield f"the unit table has no column {name!r}; it has {', '.join(rows.columns)}."
    for metric in experiment.measured:
        for name in (f"{metric.name}{end}" for end in ENDS):
            if name in rows.columns:
                yield from _number_problems(name, rows)
        yield from _share_problems(metric, rows)
    for name in ("unit_id", "arm"):
        if n := rows[name].null_count():
            yield f"{n:,} of {rows.height:,} rows of the unit table have no {name}."
    yield from _id_problems(rows)


def _needed(experiment: ExperimentSettings) -> Iterator[str]:
    yield from ("unit_id", "arm")
    for metric in experiment.measured:
        yield metric.name
        if metric.how.needs_denominator:
            yield f"{metric.name}_denominator"


def _number_problems(name: str, rows: pl.DataFrame) -> Iterator[str]:
    column = rows[name]
    if not (column.dtype.is_numeric() or column.dtype in {pl.Boolean, pl.Null}):
        yield f"the unit table's column {name!r} holds no numbers: {_no_numbers(column)}."
        return
    values = column.cast(pl.Float64)
    small = values.filter((values != 0) & (values.abs() < 1 / (2 * MICRO)))
    if len(small):
        yield (
            f"the unit table's column {name!r}: {len(small):,} of {rows.height:,} values other than"
            f" 0 are smaller than half a millionth (first: {small[0]:g}), which counts as 0. Give"
            " it in a smaller unit."
        )


def _no_numbers(column: pl.Series) -> str:
    """Say how many values of a column are no numbers, and which is the first."""
    numbers = column.cast(pl.String).cast(pl.Float64, strict=False)
    wrong = column.filter(column.is_not_null() & numbers.is_null())
    if not len(wrong):
        return f"it is text (first: {column.drop_nulls()[0]!r})"
    return f"{len(wrong):,} of {len(column):,} values are none (first: {wrong[0]!r})"


def _share_problems(metric: MetricSettings, rows: pl.DataFrame) -> Iterator[str]:
    if metric.how.unit != "share" or metric.how.needs_denominator:
        return
    values = rows[metric.name].cast(pl.Float64)
    wrong = values.filter(values.is_finite() & (values != 0) & (values != 1))
    if len(wrong):
        yield (
            f"{metric.name} is a {metric.kind}, which is 0 or 1 for each unit; {len(wrong):,} of"
            f" {rows.height:,} values are neither (first: {wrong[0]:g})."
        )


def _id_problems(rows: pl.DataFrame) -> Iterator[str]:
    """Ids that are one but for spaces would be units twice."""
    ids = rows["unit_id"].drop_nulls().unique()
    stripped = ids.str.strip_chars()
    double = ids.filter(stripped.is_duplicated()).sort()
    if len(double):
        yield (
            f"{len(double):,} unit_ids differ from another only in spaces at their ends (first:"
            f" {double[0]!r}). Write each unit in one way."
        )
