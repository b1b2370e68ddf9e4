"""What is known of one source (the log, or the item table) before and after its rows were
judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.errors import SourceError
from ntg_assets.history.forgets import Forgotten
from ntg_assets.sources.accounting.reconciliation import FileCounts, Span, reading
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.file_names import (
    Found,
    describe_folders,
    describe_passed_over,
    find_paths,
)
from ntg_assets.sources.files.inspection import inspect_files
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.files.staging.staged_files import staging_folder
from ntg_assets.sources.reading.filters import filters_of
from ntg_assets.sources.reading.forgotten import without_forgotten
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.readers import find_layouts
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.sql import Source
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

SHOWN_NAMES = 3
LAST_LINES = "the line stands below the records (skip_last_lines)"


@dataclass(frozen=True)
class Place:
    """Where source files lie and what may be used to read them.

    Attributes:
        home: Project folder; file names are relative to it.
        folders: Further folders that files may lie in.
        engine: Limits of the engine.
        scratch: Folder for what does not fit into memory.
        forgotten: Whose records are left out of everything that is read.
    """

    home: Path
    folders: tuple[Path, ...] = ()
    engine: EngineSettings = field(default_factory=EngineSettings)
    scratch: Path | None = None
    forgotten: Forgotten | None = None

    @property
    def allowed(self) -> list[Path]:
        """Folders that the engine may read."""
        return [self.home, *self.folders, staging_folder(self.scratch)]


@dataclass(frozen=True)
class ValidatedSource:
    """One source whose every row has its fate.

    Attributes:
        name: `events` or `items`.
        plan: Files (copies left out) and rules.
        files: All files, copies included.
        counts: By file number, copies left out.
        duplicates: Rows of a file that an accepted row stands for, by file number (missing: none).
        replaced: Rows of a file that a later row with the same key has replaced, likewise.
        skips: Rows that a filter has left out, by file number and reason.
        n_contradictions: Rows that differ from another one in the value only.
        quarantine: Rows of the quarantine contract.
        span: What the usable rows of the log span; none for other sources.
    """

    name: str
    plan: Plan
    files: tuple[SourceFile, ...]
    counts: Mapping[int, FileCounts]
    duplicates: Mapping[int, int]
    quarantine: pl.DataFrame
    span: Span | None = None
    replaced: Mapping[int, int] = field(default_factory=dict)
    skips: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    n_contradictions: int = 0


@dataclass(frozen=True)
class FoundFiles:
    """Files of a source, and what is worth saying of how they were found."""

    files: tuple[SourceFile, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def misnamed(self) -> tuple[str, ...]:
        """Which files are not what their names promise, and how they were read."""
        return tuple(f"{file.name} {file.misnamed}" for file in self.files if file.misnamed)


def find_files(
    described: Described, place: Place, *, first_number: int, mixed: bool = False
) -> FoundFiles:
    """Find and inspect the files of a source."""
    result = find_paths(described.source.files, home=place.home, roots=place.folders)
    files = inspect_files(
        result.paths,
        described,
        home=place.home,
        scratch=place.scratch,
        first_number=first_number,
        mixed=mixed,
    )
    return FoundFiles(tuple(files), notes_of(result, place))


def notes_of(found: Found, place: Place) -> tuple[str, ...]:
    """Say what was passed over where files were looked for."""
    return tuple(
        tell(paths, home=place.home)
        for tell, paths in (
            (describe_passed_over, found.passed_over),
            (describe_folders, found.folders),
        )
        if paths
    )


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    described: Described,
    rules: Sequence[Rule],
    *,
    parameters: Mapping[str, Any] | None = None,
    tables: Mapping[str, Source] | None = None,
    forgotten: Forgotten | None = None,
) -> Plan:
    """Lay out the files of a source, copies left out, and say how their rows are made.

    Args:
        connection: Sandboxed, may read the files.
        files: All files of the source.
        described: What the configuration says of them.
        rules: How each column is made.
        parameters: Values of the rules' expressions.
        tables: Tables that they read.
        forgotten: Whose records are left out.
    """
    originals = [file for file in files if file.copy_of is None]
    plan = Plan(
        find_layouts(connection, originals, described),
        tuple(rules),
        filters_of(described, repeats_header=any(file.repeats_header for file in originals)),
        tuple(described.source.null_words),
        parameters or {},
        tables or {},
    )
    return without_forgotten(connection, plan, forgotten)


def count_skips(
    connection: duckdb.DuckDBPyConnection, plan: Plan, counts: Mapping[int, FileCounts]
) -> dict[int, dict[str, int]]:
    """Rows that each filter left out, by file number and reason."""
    matches = {
        number: {LAST_LINES: file.n_last_lines}
        for number, file in counts.items()
        if file.n_last_lines
    }
    if any(file.n_skipped > file.n_last_lines for file in counts.values()):
        skipped = run(
            over_typed_rows(plan, "skip_reasons", package="sources.accounting"), connection
        )
        for number, skip_number, n_rows in skipped.iter_rows():
            matches.setdefault(number, {})[plan.filters[skip_number - 1].reason] = n_rows
    return matches


def raise_if_no_rows(counts: Mapping[int, FileCounts], files: Sequence[SourceFile]) -> None:
    """Raise when no file of a source has a row."""
    if not any(file.n_rows > file.n_last_lines for file in counts.values()):
        names = ", ".join(file.name for file in files[:SHOWN_NAMES])
        raise SourceError(
            f"{names}: no row in {len(files)} file(s), only headers. Deliver a file with rows."
        )


@contextmanager
def source_reader(place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection of its own for one source: DuckDB keeps the rejects of all readings of a
    connection together.
    """
    if place.scratch is not None:
        place.scratch.mkdir(parents=True, exist_ok=True)
    staging_folder(place.scratch).mkdir(parents=True, exist_ok=True)
    with (
        reading(place.home),
        connect(engine=place.engine, scratch=place.scratch, allowed=place.allowed) as connection,
    ):
        yield connection
