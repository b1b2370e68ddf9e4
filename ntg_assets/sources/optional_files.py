"""Files of lists and logs beside the interaction log, read through the same door: whole,
by column name, every line accounted for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName, column_name
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import TimeOptions
from ntg_assets.errors import SourceError
from ntg_assets.local_days import first_instants
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_rows, line_at
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.file_names import GLOB_SIGNS, find_paths
from ntg_assets.sources.files.inspection import inspect_files
from ntg_assets.sources.files.source_files import SourceFile, refuse_changed
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.reading.typed_rows import typed_rows
from ntg_assets.sources.sources import Place, make_plan, source_reader
from ntg_assets.sources.values.columns import (
    FRACTIONS,
    INTEGERS,
    NAIVE_TIMES,
    TEXTS,
    Column,
    unusable,
)
from ntg_assets.sources.values.times import TimeReading, as_instant
from ntg_assets.sql import Query, quote_identifier
from ntg_assets.storage.run import run

SHOWN_CHARACTERS = 80
MIDNIGHT = r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?\s*"


class FileRows(NamedTuple):
    """What the files of one list or log hold.

    Attributes:
        rows: One column per rule, and `file_name`; a file whose content came before is left out,
            and what the filters leave out.
        n_files: Files that were read.
        n_copies: Files that were left out because another one has the same content.
        n_skipped: Records that the filters left out.
        unread: Columns of CSV and JSON files that nothing is asked of.
    """

    rows: pl.DataFrame
    n_files: int
    n_copies: int
    n_skipped: int = 0
    unread: tuple[str, ...] = ()


def read_rows(
    described: Described,
    rules: Sequence[Rule],
    *,
    place: Place,
    parameters: Mapping[str, Any] | None = None,
) -> FileRows | None:
    """Read optional files, of several formats and packings together.

    Args:
        described: Files, as the configuration describes them; files outside the project folder may
            be named too.
        rules: How each column is made; every rule is optional.
        place: Where names start, and how much the reader may use.
        parameters: Values of the rules' expressions.

    Returns:
        The rows; None when there are only globs, and nothing matches them yet.

    Raises:
        SourceError: a named file is missing; a file is empty, damaged, not of its encoding, lacks a
            column or has a line that cannot be read.
    """
    patterns = described.source.files
    reached = replace(
        place, folders=(*place.folders, *(_folder(pattern, place.home) for pattern in patterns))
    )
    files = _find(described, reached)
    if not files:
        return None
    with source_reader(reached) as connection:
        plan = make_plan(
            connection,
            files,
            described,
            rules,
            parameters=parameters,
            forgotten=place.forgotten,
        )
        counts = count_rows(connection, plan)
        _refuse_unreadable_lines(counts, files)
        rows = run(_rows_of(plan), connection)
    refuse_changed(files)
    names = pl.DataFrame(
        [(file.number, file.name) for file in files],
        schema={"load_file": pl.Int64, "file_name": pl.String},
        orient="row",
    )
    named = rows.join(names, on="load_file", how="left", maintain_order="left").drop("load_file")
    return FileRows(
        named,
        len(files),
        sum(file.copy_of is not None for file in files),
        sum(count.n_skipped for count in counts.values()),
        _unread(files, described),
    )


def _unread(files: Sequence[SourceFile], described: Described) -> tuple[str, ...]:
    existing = dict.fromkeys(name for file in files for name in file.header)
    return tuple(name for name in existing if name not in described.mapping.values())


def describe_list(key: str, files: Sequence[str], **columns: ColumnName) -> Described:
    """A list whose files are all that is configured of it."""
    return Described(key, FileSource(files=list(files)), columns)


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
        _refuse_bare_numbers(written, reading)
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


def _refuse_bare_numbers(column: Column, reading: TimeReading) -> None:
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


def _rows_of(plan: Plan) -> Query:
    """Query of the rows that the filters keep; its columns are those of the rules."""
    names = ", ".join(quote_identifier(rule.name) for rule in plan.rules)
    kept = f"select load_file, {names} from typed_rows where skip_number is null"  # noqa: S608  # our own text, values are bound
    return Query(f"with typed_rows as (\n{typed_rows(plan)}\n)\n{kept}", plan.tables, plan.bound)


def _folder(pattern: str, home: Path) -> Path:
    """The folder that a pattern stands in, before its first glob sign: what the deployment names
    may be read.
    """
    parts = Path(pattern).parts
    plain = next(
        (place for place, part in enumerate(parts) if any(sign in part for sign in GLOB_SIGNS)),
        len(parts) - 1,
    )
    return (home / Path(*parts[:plain])).resolve()


def _find(described: Described, place: Place) -> list[SourceFile]:
    matches: dict[Path, None] = {}
    for pattern in described.source.files:
        try:
            matched = find_paths([pattern], home=place.home, roots=place.folders)
            matches |= dict.fromkeys(matched.paths)
        except SourceError:
            if not any(sign in pattern for sign in GLOB_SIGNS):
                raise
    return inspect_files(
        sorted(matches),
        described,
        home=place.home,
        scratch=place.scratch,
        first_number=1,
        mixed=True,
    )


def _refuse_unreadable_lines(counts: Mapping[int, FileCounts], files: Sequence[SourceFile]) -> None:
    for file in files:
        counted = counts.get(file.number)
        if counted is None or not counted.n_bad:
            continue
        if not counted.rejects:
            raise SourceError(
                f"{file.name}: {counted.n_invalid:,} of {counted.n_rows:,} records are no JSON"
                " objects. Mend the file."
            )
        first = counted.rejects[0]
        sentence = (
            f"line {line_at(file, first.offset)} {first.reason}: {first.text[:SHOWN_CHARACTERS]!r}"
        )
        raise SourceError(
            f"{file.name}: {len(counted.rejects):,} of {counted.n_rows:,} lines cannot be"
            f" read (first: {sentence}). Mend the file, or say how it is written (`delimiter`,"
            " `quote`)."
        )
