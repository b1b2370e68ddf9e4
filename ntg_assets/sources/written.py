"""Columns read as they are written, and judged afterwards row by row: times, amounts, words.

For small tables beside the log, whose every fault is to be told with the row's own text.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.local_days import UTC_ZONE, first_instants, written_instants
from ntg_assets.sources.conversion import Column
from ntg_assets.sources.ids import as_listed_id
from ntg_assets.sources.optional_files import FileRows, RowQuery, read_rows
from ntg_assets.sources.rules import Rule
from ntg_assets.sources.sources import Place

NAIVE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"
MIDNIGHT = r"^\d{4}-\d{2}-\d{2}([T ]00:00(:00(\.0+)?)?)?$"


def read_written(
    patterns: Sequence[str],
    columns: Mapping[str, str | None],
    *,
    ids: Sequence[str],
    asked: tuple[str, str],
    key: str,
    place: Place,
) -> FileRows:
    """Read files whole, every column as text; blanks are null.

    Args:
        patterns: Names or globs.
        columns: Column of the files behind each name that is wanted; none: null in every row.
        ids: Names that are ids (whole floats are whole numbers).
        asked: Package and name of the SQL file that lists the names.
        key: Configuration key, for messages.
        place: Where files may lie.

    Raises:
        SourceError: no file is there, or one is damaged or lacks a column.
    """
    rules = tuple(
        Rule(
            name,
            source,
            _nothing if source is None else as_listed_id if name in ids else _as_written,
            is_optional=True,
        )
        for name, source in columns.items()
    )
    read = read_rows(patterns, RowQuery(*asked, rules), key=key, place=place)
    if read is None:
        raise SourceError(f"no file matches {', '.join(patterns)}. Correct {key}.files.")
    texts = [
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name).str.strip_chars())
        for name in columns
        if name not in ids
    ]
    return read._replace(
        rows=read.rows.with_columns(**dict(zip(_others(columns, ids), texts, strict=True)))
    )


def instants_of(texts: pl.Series, *, timezone: str, day_zone: str) -> pl.Series:
    """Read days and times as instants (naive UTC); null where a text is neither.

    Args:
        texts: As written.
        timezone: Zone of times that carry none.
        day_zone: Zone whose midnights begin the days; a column whose times are all midnight holds
            days.
    """
    told = texts.drop_nulls()
    read = written_instants(texts, day_zone)
    if timezone == UTC_ZONE or told.str.contains(MIDNIGHT).all():
        return read
    clocks = (
        texts.str.replace(r"^(\d{4}-\d{2}-\d{2}) ", "${1}T")
        .str.replace(r"(T\d{2}:\d{2})$", "${1}:00")
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    )
    is_naive = texts.str.contains(NAIVE_TIME).fill_null(value=False)
    return first_instants(clocks, timezone).zip_with(is_naive, read).alias(texts.name)


def _others(columns: Mapping[str, str | None], ids: Sequence[str]) -> list[str]:
    return [name for name in columns if name not in ids]


def _as_written(column: Column) -> str:
    return f"cast({column.expression} as varchar)"


def _nothing(_: Column) -> str:
    return "cast(null as varchar)"
