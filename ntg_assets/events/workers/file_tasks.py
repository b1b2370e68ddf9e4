"""What a worker does with one source file of the log: what this process does with it otherwise, by
the same functions, where the worker sees the file.

A task ends with one row that tells what came of it: JSON of what was asked, or the sentence by
which the load is refused. So whoever asked says it as if the file had been read there.
"""

import hashlib
import logging
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
from pydantic import TypeAdapter

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.engines.kernel import OnUsers
from ntg_assets.errors import EngineError, NtgError, SourceError
from ntg_assets.events.validation import describe_events, plan_of_events
from ntg_assets.sources.accounting.bad_rows import INVALID_SCHEMA, LOOKED_AT, invalid_rows
from ntg_assets.sources.accounting.quarantine import place_rows
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_events
from ntg_assets.sources.accounting.threshold import SHOWN_EXAMPLES
from ntg_assets.sources.files.inspection import inspect_file, sha256_of
from ntg_assets.sources.files.manifests import Manifests
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.forgotten import leave_out, people_named
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.sources.sources import Place, count_skips, source_reader
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import engine_version, run, write_rows

Schema = dict[str, pl.DataType | type[pl.DataType]]
TOLD: Schema = {
    "number": pl.Int64,
    "told": pl.String,
    "refused": pl.String,
    "is_of_source": pl.Boolean,
    "warnings": pl.List(pl.String),
}
PEOPLE: Schema = {"named": pl.String}
PLACED: Schema = {
    "load_file": pl.Int64,
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "raw_text": pl.String,
}
REASONS: Schema = {"column_name": pl.String, "reason": pl.String, "n_rows": pl.Int64}
KNOWN_ITEMS = "known_items"  # name of the frame
END_BYTES = 65_536  # of the beginning and of the end of a file, by which both sides know it

FILE = TypeAdapter(SourceFile)


@dataclass(frozen=True)
class JudgedFile:
    """What a worker found in a file.

    Attributes:
        counts: Its rows, accounted for.
        skips: Rows that a filter has left out, by reason.
        rows: File of its usable rows, in the shared folder.
        n_bytes: Of that file.
    """

    counts: FileCounts
    skips: Mapping[str, int]
    rows: str
    n_bytes: int


JUDGED = TypeAdapter(JudgedFile)
Step = tuple[pl.DataFrame, ...]


@dataclass(frozen=True)
class FileTasks:
    """What every task needs to know.

    Attributes:
        ingest: The source and its rules.
        home: Folder that names of files are relative to.
        folders: Further folders that files may lie in.
        memory_limit: Of the reader.
        shared: Folder that both sides see.
        now: See `survey`.
        items: `item_id` of the item table, where events are held against it.
        forgotten: Texts by which records name people who were forgotten.
        version: Of the reader, on the side that asks.
    """

    ingest: IngestSettings
    home: Path
    folders: tuple[Path, ...]
    memory_limit: str
    shared: Path
    now: datetime | None
    version: str
    items: pl.DataFrame | None = None
    forgotten: tuple[str, ...] = ()

    def inspect(self, row: Mapping[str, Any]) -> tuple[str]:
        """Look at the bytes of a file that is the one that is seen there."""
        path, number = Path(row["path"]), row["number"]
        raise_if_other_file(path, n_bytes=row["n_bytes"], ends=row["ends"])
        file = inspect_file(
            path,
            describe_events(self.ingest),
            Manifests(self.home),
            number=number,
            format_=row["format"],
            scratch=self.shared,
        )
        return (FILE.dump_json(file).decode(),)

    def people(self, row: Mapping[str, Any]) -> tuple[str, pl.DataFrame]:
        """Find every text by which a file names a person."""
        with self._reading(row) as (connection, plan):
            return "", pl.DataFrame({"named": people_named(connection, plan)})

    def judge(self, row: Mapping[str, Any]) -> tuple[str]:
        """Account for every row of a file, and write the usable ones into the shared folder."""
        with self._reading(row) as (connection, plan):
            counts, _ = count_events(connection, plan)
            skips = count_skips(connection, plan, counts)
            [(number, counted)] = counts.items()
            file = self.shared / f"rows-{uuid4().hex}.parquet"
            wanted = "usable_keyed_rows" if self.ingest.events.event_id else "usable_rows"
            rows = over_typed_rows(plan, wanted, package="events.workers")
            write_rows(rows, connection, file)
        judged = JudgedFile(counted, skips.get(number, {}), file.name, file.stat().st_size)
        return (JUDGED.dump_json(judged).decode(),)

    def place(self, row: Mapping[str, Any]) -> tuple[str, pl.DataFrame]:
        """Find the bad rows of a file in it."""
        judged = JUDGED.validate_json(row["judged"])
        counts = {row["number"]: judged.counts}
        with self._reading(row) as (connection, plan):
            invalid = invalid_rows(connection, plan, counts, max_rows=judged.counts.n_bad)
            return "", placed_rows(plan, invalid, counts)

    def explain(
        self, row: Mapping[str, Any]
    ) -> tuple[str, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Find the first bad rows of a file, with why rows of it are bad."""
        counts = {row["number"]: JUDGED.validate_json(row["judged"]).counts}
        with self._reading(row) as (connection, plan):
            invalid = invalid_rows(connection, plan, counts, max_rows=LOOKED_AT)
            wanted = over_typed_rows(plan, "bad_reasons", package="sources.accounting")
            reasons = run(wanted, connection).select(*REASONS).cast(pl.Schema(REASONS))
            return "", placed_rows(plan, invalid, counts).head(SHOWN_EXAMPLES), invalid, reasons

    @contextmanager
    def _reading(self, row: Mapping[str, Any]) -> Iterator[tuple[Connection, Plan]]:
        """Read a file that is the one that was inspected."""
        file = FILE.validate_json(row["file"])
        raise_if_other_content(file)
        with (
            tempfile.TemporaryDirectory(prefix="ntg-") as scratch,
            source_reader(self._place(Path(scratch))) as connection,
        ):
            raise_if_other_version(connection, self.version)
            items = pl.DataFrame() if self.items is None else self.items
            plan = plan_of_events(connection, self.ingest, [file], items=items, now=self.now)
            yield connection, leave_out(plan, self.forgotten)

    def _place(self, scratch: Path) -> Place:
        """Where a worker reads, with one thread: the cluster counts its cores itself."""
        engine = EngineSettings(memory_limit=self.memory_limit, threads=1)
        return Place(self.home, (*self.folders, self.shared), engine, scratch)


def placed_rows(
    plan: Plan, invalid: pl.DataFrame, counts: Mapping[int, FileCounts]
) -> pl.DataFrame:
    """Find bad rows in their files; see `place_rows`."""
    rejects = {number: file.rejects for number, file in counts.items()}
    return pl.DataFrame(place_rows(plan, invalid, rejects), schema=PLACED, orient="row")


def ends_of(path: Path) -> str:
    """Name the beginning and the end of a file: what is read of it here, where workers read it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(END_BYTES))
        file.seek(max(0, path.stat().st_size - END_BYTES))
        digest.update(file.read(END_BYTES))
    return digest.hexdigest()


def raise_if_other_file(path: Path, *, n_bytes: int, ends: str) -> None:
    """Raise when a worker does not see the file that whoever asks sees.

    Raises:
        EngineError: it sees none, one that it may not read, or another one.
    """
    advice = (
        "With engine.workers_see_files every worker must see the files of ingest.events by the"
        " same path; set it to false where they lie on one machine alone."
    )
    try:
        is_same = path.stat().st_size == n_bytes and ends_of(path) == ends
    except OSError as error:
        raise EngineError(f"{path}: a worker cannot read it ({error.strerror}). {advice}") from None
    if not is_same:
        raise EngineError(f"{path}: a worker sees another file there than this machine. {advice}")


def raise_if_other_content(file: SourceFile) -> None:
    """Raise when a worker does not read what another one has inspected.

    Raises:
        EngineError: it sees none, or another one.
    """
    try:
        is_same = sha256_of(file.path) == file.sha256
    except OSError:
        is_same = False
    if not is_same:
        raise EngineError(
            f"{file.name}: a worker sees other bytes than another worker did (SHA-256"
            f" {file.sha256[:12]}). Was it written meanwhile? Let the writer finish, and run again."
        )


def raise_if_other_version(connection: Connection, version: str) -> None:
    """Raise when a worker's reader is of another version: it could divide lines, or hash rows, in
    another way.
    """
    if (own := engine_version(connection)) != version:
        raise EngineError(
            f"a worker has DuckDB {own}, this machine {version}: the same files could be read"
            " differently. Install what requirements-spark.lock names on the workers."
        )


def tasks_of(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> FileTasks:
    """Read what tasks need from what was written for a worker (see `described`)."""
    return FileTasks(
        IngestSettings.model_validate(facts["ingest"]),
        Path(facts["home"]),
        tuple(map(Path, facts["folders"])),
        facts["memory_limit"],
        Path(facts["shared"]),
        datetime.fromisoformat(facts["now"]) if facts["now"] else None,
        facts["version"],
        frames.get(KNOWN_ITEMS),
        tuple(facts["forgotten"]),
    )


def described(tasks: FileTasks) -> tuple[dict[str, pl.DataFrame], dict[str, Any]]:
    """Write what tasks need as frames and facts."""
    frames = {} if tasks.items is None else {KNOWN_ITEMS: tasks.items}
    return frames, {
        "ingest": tasks.ingest.model_dump(mode="json"),
        "home": str(tasks.home),
        "folders": [str(folder) for folder in tasks.folders],
        "memory_limit": tasks.memory_limit,
        "shared": str(tasks.shared),
        "now": tasks.now.isoformat() if tasks.now else None,
        "version": tasks.version,
        "forgotten": list(tasks.forgotten),
    }


def inspected_files(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make what inspects files: tells of each its `SourceFile`."""
    return partial(worked, tasks_of(frames, facts).inspect)


def people_of_files(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make what finds whom files name; the second table is theirs."""
    return partial(worked, tasks_of(frames, facts).people, others=(PEOPLE,))


def judged_files(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make what judges files: tells of each its `JudgedFile`."""
    return partial(worked, tasks_of(frames, facts).judge)


def bad_rows_of_files(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make what finds the bad rows of files; the second table is theirs."""
    return partial(worked, tasks_of(frames, facts).place, others=(PLACED,))


def refused_files(frames: Mapping[str, pl.DataFrame], facts: Mapping[str, Any]) -> OnUsers:
    """Make what says why rows of files are bad: examples, rows as they are read, reasons."""
    others = (PLACED, INVALID_SCHEMA, REASONS)
    return partial(worked, tasks_of(frames, facts).explain, others=others)


def worked(
    act: Callable[[Mapping[str, Any]], tuple[Any, ...]],
    files: pl.DataFrame,
    *,
    others: tuple[Schema, ...] = (),
) -> Iterator[Step]:
    """Do a task for each file, and tell what came of it.

    Args:
        act: The task.
        files: Rows of files.
        others: Schemas of the tables that the task makes beside what it tells.
    """
    for row in files.iter_rows(named=True):
        with said_by_the_reader() as warnings:
            told, refused, is_of_source, made = "", None, False, None
            try:
                told, *made = act(row)
            except NtgError as error:
                refused, is_of_source = str(error), isinstance(error, SourceError)
        line = (row["number"], told, refused, is_of_source, list(warnings))
        tables = made or [pl.DataFrame(schema=schema) for schema in others]
        yield pl.DataFrame([line], schema=TOLD, orient="row"), *tables


@contextmanager
def said_by_the_reader() -> Iterator[list[str]]:
    """Collect what the reader warns of in the block: nobody looks at a worker's log."""
    said: list[str] = []
    handler = _Collecting(said)
    logger = logging.getLogger("ntg_assets")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)


class _Collecting(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.said, self.thread = said, threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:  # Sail's workers are threads of one process
            self.said.append(record.getMessage())
