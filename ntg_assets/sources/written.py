"""Columns read as they are written, and judged afterwards row by row: times, amounts, words.

For small tables beside the log, whose every fault is to be told with the row's own text.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.errors import SourceError
from ntg_assets.local_days import first_instants
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id
from ntg_assets.sources.values.numbers import as_program_text
from ntg_assets.sources.values.times import TimeReading, as_instant
from ntg_assets.sources.written_times import as_written, written_time_rules
from ntg_assets.sql import Query
from ntg_assets.storage.run import run


def read_written(  # noqa: PLR0913  # what is wanted of files, one name each
    source: FileSource,
    columns: Mapping[str, ColumnName | None],
    *,
    ids: Sequence[str],
    times: Sequence[str],
    numbers: Sequence[str] = (),
    called: Mapping[str, str] | None = None,
    options: TimeOptions,
    key: str,
    place: Place,
    zone: str,
) -> FileRows:
    """Read files whole; blanks are null.

    Args:
        source: Files.
        columns: Column of the files behind each name that is wanted; none: null in every row.
        ids: Names that are ids (whole floats are whole numbers).
        times: Names that are days or times: instants (naive UTC) in `<name>_at`, and in
            `<name>_text` what is written where that is none. The others are texts.
        numbers: Names that are numbers: texts still, written as programs write them.
        called: What the setting of a name is called where it is not that name.
        options: What times and numbers mean.
        key: Configuration key, for messages.
        place: Where files may lie.
        zone: Zone whose midnights begin the days.

    Raises:
        SourceError: no file is there, or one is damaged or lacks a column.
    """
    rules = _rules(columns, ids=ids, times=times, options=options, zone=zone)
    settings = {name: (called or {}).get(name, name) for name in columns}
    named_columns = {settings[name]: named for name, named in columns.items() if named}
    described = Described(key, source, named_columns)
    is_timed = any(map(columns.get, times))
    bound = TimeReading.of(options, day_zone=zone).parameters if is_timed else {}
    read = read_rows(described, rules, place=place, parameters=bound)
    if read is None:
        raise SourceError(f"no file matches {', '.join(source.files)}. Correct {key}.files.")
    rows = read.rows
    for name in times:
        rows = _with_time(rows, name, is_named=columns[name] is not None, zone=zone)
    texts = [name for name in columns if name not in (*ids, *times)]
    rows = rows.with_columns(_stripped(name) for name in texts)
    return read._replace(rows=_with_program_numbers(rows, numbers, options))


def _with_program_numbers(
    rows: pl.DataFrame, numbers: Sequence[str], options: TimeOptions
) -> pl.DataFrame:
    """Write the texts of some columns as programs write numbers, where `options` say how."""
    if not isinstance(options, NumberOptions):
        return rows
    return rows.with_columns(as_program_text(pl.col(name), options).alias(name) for name in numbers)


def _rules(
    columns: Mapping[str, ColumnName | None],
    *,
    ids: Sequence[str],
    times: Sequence[str],
    options: TimeOptions,
    zone: str,
) -> list[Rule]:
    """How each wanted column is read (see `read_written`)."""
    rules: list[Rule] = []
    for name, named in columns.items():
        if name in times and named is not None:
            rules += written_time_rules(f"{name}_at", named, options, zone=zone)[0]
        elif name not in times:
            convert = _nothing if named is None else as_listed_id if name in ids else as_written
            column = None if named is None else column_name(named)
            rules.append(Rule(name, column, convert, is_optional=True))
    return rules


def instants_of(texts: pl.Series, *, zone: str, reading: TimeReading | None = None) -> pl.Series:
    """Read days and times as instants (naive UTC); null where a text is neither.

    Args:
        texts: As written.
        zone: Zone of times that carry none, whose midnights begin the days.
        reading: How they are written; None: in ISO.
    """
    reading = reading or TimeReading(zone=zone, day_zone=zone)
    instant = as_instant(Column("told", "VARCHAR"), reading)
    rows = pl.DataFrame({"told": texts.cast(pl.String)}).with_row_index("place")
    text = f"select place, {instant} as instant from told_rows"  # noqa: S608  # our own text
    used = {name: value for name, value in reading.parameters.items() if f"${name}" in text}
    read = run(Query(text, {"told_rows": rows}, used))
    return read.sort("place")["instant"].cast(pl.Datetime("us")).alias(texts.name)


def as_iso_times(texts: pl.Series, *, options: TimeOptions, zone: str) -> pl.Series:
    """Write times in ISO that are written as `options` say; others stay as they are.

    Args:
        texts: As written.
        options: Formats, or a unit.
        zone: Zone whose midnights begin the days.
    """
    reading = TimeReading.of(options, day_zone=zone)
    if not reading.formats and reading.unit == "iso":
        return texts
    instants = instants_of(texts, zone=zone, reading=reading)
    iso = instants.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    return iso.fill_null(texts).alias(texts.name)


def _with_time(rows: pl.DataFrame, name: str, *, is_named: bool, zone: str) -> pl.DataFrame:
    """Read a column of midnights without an offset as days: so many programs write them."""
    if not is_named:
        return rows.with_columns(
            pl.lit(None, pl.Datetime("us")).alias(f"{name}_at"),
            pl.lit(None, pl.String).alias(f"{name}_text"),
        )
    day, at = pl.col(f"{name}_at_day"), pl.col(f"{name}_at")
    if rows.select((day.is_not_null() | at.is_null()).all()).item():
        instants = first_instants(rows[f"{name}_at_day"], zone)
        rows = rows.with_columns(instants.alias(f"{name}_at"))
    return (
        rows.drop(f"{name}_at_day")
        .rename({f"{name}_at_text": f"{name}_text"})
        .with_columns(_stripped(f"{name}_text"))
    )


def _stripped(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def _nothing(_: Column) -> str:
    return "cast(null as varchar)"
