"""Files of lists and logs beside the interaction log, read through the same door: whole,
by column name, every line accounted for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.sources.file_kinds import Format, is_whole_parquet
from ntg_assets.sources.file_names import GLOB_SIGNS, resolve_files
from ntg_assets.sources.files import SourceFile, inspect_files, refuse_changed
from ntg_assets.sources.readers import Layout, find_layouts
from ntg_assets.sources.reconciliation import FileCounts, count_rows, line_at
from ntg_assets.sources.rules import Rule
from ntg_assets.sources.sources import Place, source_reader
from ntg_assets.sources.typed_rows import Plan, over_typed_rows
from ntg_assets.storage.run import run

DELIMITER = ","
SHOWN_CHARACTERS = 80


class FileRows(NamedTuple):
    """What the files of one list or log hold.

    Attributes:
        rows: Columns of the query, and `file_name`; a file whose content came before is left out.
        n_files: Files that were read.
        n_copies: Files that were left out because another one has the same content.
    """

    rows: pl.DataFrame
    n_files: int
    n_copies: int


class RowQuery(NamedTuple):
    """What is asked of the files: `<name>.sql` of a stage folder over the columns that the rules
    make.
    """

    package: str
    name: str
    rules: tuple[Rule, ...]


def read_rows(
    patterns: Sequence[str], asked: RowQuery, *, key: str, place: Place
) -> FileRows | None:
    """Read optional files, CSV (also packed) or Parquet by their first bytes, else by their names.

    Args:
        patterns: Names or globs, relative to the project folder; files outside it may be named too.
        asked: Rules and query; every rule is optional, the query returns `load_file`.
        key: Configuration key, for messages.
        place: Where names start, and how much the reader may use.

    Returns:
        The rows; None when there are only globs, and nothing matches them yet.

    Raises:
        SourceError: a named file is missing; a file is empty, damaged, no UTF-8, lacks a column or
            has a line that cannot be read.
    """
    reached = replace(
        place, folders=(*place.folders, *(_folder(pattern, place.home) for pattern in patterns))
    )
    files = _find(patterns, reached)
    if not files:
        return None
    with source_reader(reached) as connection:
        layouts = _lay_out(connection, files, asked.rules, key=key)
        plan = Plan(layouts, asked.rules)
        _refuse_unreadable_lines(count_rows(connection, plan), files)
        rows = run(over_typed_rows(plan, asked.name, package=asked.package), connection)
    refuse_changed(files)
    names = pl.DataFrame(
        [(file.number, file.name) for file in files],
        schema={"load_file": pl.Int64, "file_name": pl.String},
        orient="row",
    )
    named = rows.join(names, on="load_file", how="left", maintain_order="left").drop("load_file")
    return FileRows(named, len(files), sum(file.copy_of is not None for file in files))


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


def _find(patterns: Sequence[str], place: Place) -> list[SourceFile]:
    found: dict[Path, None] = {}
    for pattern in patterns:
        try:
            found |= dict.fromkeys(resolve_files([pattern], home=place.home, roots=place.folders))
        except SourceError:
            if not any(sign in pattern for sign in GLOB_SIGNS):
                raise
    files: list[SourceFile] = []
    for kind in ("csv", "parquet"):
        paths = [path for path in sorted(found) if _kind(path) == kind]
        files += inspect_files(
            paths, home=place.home, format_=kind, delimiter=DELIMITER, first_number=len(files) + 1
        )
    return files


def _kind(path: Path) -> Format:
    return "parquet" if path.name.lower().endswith(".parquet") or is_whole_parquet(path) else "csv"


def _lay_out(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    rules: Sequence[Rule],
    *,
    key: str,
) -> tuple[Layout, ...]:
    mapping: Mapping[str, str] = {
        f"{key}: {rule.name}": rule.source for rule in rules if rule.source
    }
    originals = [file for file in files if file.copy_of is None]
    by_kind = [
        find_layouts(connection, same, mapping=mapping, delimiter=DELIMITER)
        for kind in ("csv", "parquet")
        if (same := [file for file in originals if file.format == kind])
    ]
    return tuple(
        replace(layout, index=index)
        for index, layout in enumerate(layout for some in by_kind for layout in some)
    )


def _refuse_unreadable_lines(counts: Mapping[int, FileCounts], files: Sequence[SourceFile]) -> None:
    for file in files:
        rejects = counts[file.number].rejects if file.number in counts else ()
        if rejects:
            first = rejects[0]
            told = (
                f"line {line_at(file, first.offset)} {first.reason}:"
                f" {first.text[:SHOWN_CHARACTERS]!r}"
            )
            raise SourceError(
                f"{file.name}: {len(rejects):,} of {counts[file.number].n_rows:,} lines cannot be"
                f" read (first: {told}). Mend the file, or write it as CSV with commas."
            )
