"""Columns of days or times in files beside the log: the rules that read them, and days where all
of them are midnights.
"""

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.written_values import TimeOptions
from ntg_assets.local_days import first_instants
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.values.columns import (
    FRACTIONS,
    INTEGERS,
    NAIVE_TIMES,
    TEXTS,
    Column,
    unusable,
)
from ntg_assets.sources.values.times import TimeReading, as_instant

MIDNIGHT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?\s*"


def written_time_rules(
    name: str, source: ColumnName, options: TimeOptions, *, zone: str
) -> tuple[tuple[Rule, ...], TimeReading]:
    """Rules of a column of days or times (see `settle_times`), and what they are bound to.

    Args:
        name: Column that is made: instants, naive UTC; `<name>_day` beside it where a time is
            written as a midnight, `<name>_text` where it is none.
        source: Column of the files.
        options: What its texts and numbers mean.
        zone: Zone of days without a time.
    """
    reading = TimeReading.of(options, day_zone=zone)
    column = column_name(source)

    def instant(written: Column) -> str:
        _raise_if_bare_numbers(written, reading)
        return as_instant(written, reading)

    def unreadable(written: Column) -> str:
        return f"case when {as_instant(written, reading)} is null then {as_written(written)} end"

    return (
        Rule(name, column, instant, limits=reading.in_use, is_optional=True),
        Rule(f"{name}_day", column, lambda written: _midnight(written, reading), is_optional=True),
        Rule(f"{name}_text", column, unreadable, is_optional=True),
    ), reading


def settle_times(rows: pl.DataFrame, name: str, *, zone: str) -> pl.DataFrame:
    """Read a column as days where all of it is midnights without an offset: that is how many
    programs write days. A day is its first instant in `zone`.

    Args:
        rows: With `<name>` and `<name>_day`.
        name: Column of times.
        zone: Zone whose midnights begin the days.
    """
    days = rows[f"{name}_day"]
    settled = rows.drop(f"{name}_day")
    if rows.height and not days.null_count():
        settled = settled.with_columns(first_instants(days, zone).alias(name))
    return settled


def as_written(column: Column) -> str:
    """SQL of a column as text, as the file has it."""
    return f"cast({column.expression} as varchar)"


def _raise_if_bare_numbers(column: Column, reading: TimeReading) -> None:
    if reading.unit == "iso" and column.family in INTEGERS | FRACTIONS:
        raise unusable(column, "days or times", "Write ISO days or times, or set `timestamp_unit`")


def _midnight(column: Column, reading: TimeReading) -> str:
    """SQL of the day of a time that is written as a midnight without an offset."""
    if column.family == "DATE":
        return f"cast({column.expression} as date)"
    if column.family in NAIVE_TIMES:
        at = f"cast({column.expression} as timestamp)"
        return f"case when {at} = date_trunc('day', {at}) then cast({at} as date) end"
    if column.family in TEXTS and reading.unit == "iso" and not reading.formats:
        day = f"try_cast(left(trim({column.expression}), 10) as date)"
        return f"case when regexp_full_match({column.expression}, '{MIDNIGHT}') then {day} end"
    return "cast(null as date)"
