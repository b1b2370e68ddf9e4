"""Files of lists and logs beside the interaction log, read through the same door: whole,
by column name, every line accounted for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_rows
from ntg_assets.sources.accounting.rejected_lines import line_at
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.file_names import GLOB_SIGNS, find_paths
from ntg_assets.sources.files.inspection import inspect_files
from ntg_assets.sources.files.source_files import SourceFile, raise_if_changed
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.reading.typed_rows import typed_rows
from ntg_assets.sources.sources import Place, make_plan, source_reader
from ntg_assets.sql import Query, quote_identifier
from ntg_assets.storage.run import run

SHOWN_CHARACTERS = 80


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
    reached = _reaching(described, place)
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
        _raise_if_unreadable_lines(counts, files)
        rows = run(_rows_of(plan), connection)
    raise_if_changed(files)
    return FileRows(
        _with_file_names(rows, files),
        len(files),
        sum(file.copy_of is not None for file in files),
        sum(count.n_skipped for count in counts.values()),
        _unread(files, described),
    )


def columns_of_files(described: Described, *, place: Place) -> list[str]:
    """Names of the columns that any of the files holds, in order.

    Raises:
        SourceError: as `read_rows`.
    """
    files = _find(described, _reaching(described, place))
    return list(dict.fromkeys(name for file in files for name in file.header))


def _reaching(described: Described, place: Place) -> Place:
    """A place from which what the deployment names may be read, wherever it lies."""
    folders = (_folder(pattern, place.home) for pattern in described.source.files)
    return replace(place, folders=(*place.folders, *folders))


def _with_file_names(rows: pl.DataFrame, files: Sequence[SourceFile]) -> pl.DataFrame:
    """Rows with the name of their file in place of its number."""
    names = pl.DataFrame(
        [(file.number, file.name) for file in files],
        schema={"load_file": pl.Int64, "file_name": pl.String},
        orient="row",
    )
    return rows.join(names, on="load_file", how="left", maintain_order="left").drop("load_file")


def _unread(files: Sequence[SourceFile], described: Described) -> tuple[str, ...]:
    existing = dict.fromkeys(name for file in files for name in file.header)
    return tuple(name for name in existing if name not in described.mapping.values())


def describe_list(key: str, files: Sequence[str], **columns: ColumnName) -> Described:
    """A list whose files are all that is configured of it."""
    return Described(key, FileSource(files=list(files)), columns)


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


def _raise_if_unreadable_lines(
    counts: Mapping[int, FileCounts], files: Sequence[SourceFile]
) -> None:
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
