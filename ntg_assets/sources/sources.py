"""What is known of one source (the log, or the item table) before and after its rows were
judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.events import EventSourceSettings, ItemSourceSettings
from ntg_assets.errors import SourceError
from ntg_assets.sources.file_names import find_paths, tell_passed_over
from ntg_assets.sources.files import SourceFile, inspect_files
from ntg_assets.sources.readers import Layout, find_layouts
from ntg_assets.sources.reconciliation import FileCounts, Span, reading
from ntg_assets.sources.typed_rows import Plan
from ntg_assets.storage.connection import connect

SHOWN_NAMES = 3


@dataclass(frozen=True)
class Place:
    """Where source files lie and what may be used to read them.

    Attributes:
        home: Project folder; file names are relative to it.
        folders: Further folders that files may lie in.
        engine: Limits of the engine.
        scratch: Folder for what does not fit into memory.
    """

    home: Path
    folders: tuple[Path, ...] = ()
    engine: EngineSettings = field(default_factory=EngineSettings)
    scratch: Path | None = None

    @property
    def allowed(self) -> list[Path]:
        """Folders that the engine may read."""
        return [self.home, *self.folders]


@dataclass(frozen=True)
class JudgedSource:
    """One source whose every row has its fate.

    Attributes:
        name: `events` or `items`.
        plan: Files (copies left out) and rules.
        files: All files, copies included.
        counts: By file number, copies left out.
        duplicates: Rows of a file that an accepted row stands for, by file number (missing: none).
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
    source: EventSourceSettings | ItemSourceSettings, place: Place, *, first_number: int
) -> FoundFiles:
    """Find and inspect the files of a source."""
    found = find_paths(source.files, home=place.home, roots=place.folders)
    files = inspect_files(
        found.paths,
        home=place.home,
        format_=source.format,
        delimiter=source.delimiter,
        first_number=first_number,
    )
    return FoundFiles(
        tuple(files),
        (tell_passed_over(found.passed_over, home=place.home),) if found.passed_over else (),
    )


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[SourceFile],
    source: EventSourceSettings | ItemSourceSettings,
    *,
    name: str,
    columns: Sequence[str],
) -> tuple[Layout, ...]:
    """Find the layouts of a source's files, copies left out.

    Args:
        connection: Sandboxed, may read the files.
        files: All files of the source.
        source: Its settings.
        name: `events` or `items`.
        columns: Settings that name a column of the files, if they are set.
    """
    mapping = {
        f"ingest.{name}.{key}": column for key in columns if (column := getattr(source, key))
    }
    originals = [file for file in files if file.copy_of is None]
    return tuple(find_layouts(connection, originals, mapping=mapping, delimiter=source.delimiter))


def refuse_no_rows(counts: Mapping[int, FileCounts], files: Sequence[SourceFile]) -> None:
    """Raise when no file of a source has a row."""
    if not any(file.n_rows for file in counts.values()):
        names = ", ".join(file.name for file in files[:SHOWN_NAMES])
        raise SourceError(
            f"{names}: no row in {len(files)} file(s), only headers. Deliver a file with rows."
        )


def ledger_of(source: JudgedSource) -> pl.DataFrame:
    """Rows of the ledger contract for one source."""
    return pl.DataFrame([_ledger_row(source, file) for file in source.files])


def _ledger_row(source: JudgedSource, file: SourceFile) -> dict[str, object]:
    counts, is_copy = source.counts[file.copy_of or file.number], file.copy_of is not None
    n_quarantined = 0 if is_copy else counts.n_bad
    n_duplicates = counts.n_rows if is_copy else source.duplicates.get(file.number, 0)
    return {
        "load_file": file.number,
        "source": source.name,
        "file_name": file.name,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "n_lines": file.n_lines if file.format == "csv" else counts.n_rows,
        "n_rows": counts.n_rows,
        "n_accepted": counts.n_rows - n_quarantined - n_duplicates,
        "n_quarantined": n_quarantined,
        "n_duplicates": n_duplicates,
        "is_copy": is_copy,
    }


@contextmanager
def source_reader(place: Place) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connection of its own for one source: DuckDB keeps the rejects of all readings of a
    connection together.
    """
    if place.scratch is not None:
        place.scratch.mkdir(parents=True, exist_ok=True)
    with (
        reading(place.home),
        connect(engine=place.engine, scratch=place.scratch, allowed=place.allowed) as connection,
    ):
        yield connection
