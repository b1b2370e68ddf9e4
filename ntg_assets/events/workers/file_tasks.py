"""What a worker does with one source file of the log: what this process does with it otherwise, by
the same functions, where the worker sees the file.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.engines.kernel import OnUsers
from ntg_assets.events.validation import describe_events, plan_of_events
from ntg_assets.events.workers.same_files import (
    raise_if_other_content,
    raise_if_other_file,
    raise_if_other_version,
)
from ntg_assets.events.workers.task_rows import (
    FILE,
    JUDGED,
    PEOPLE,
    PLACED,
    REASONS,
    JudgedFile,
    worked,
)
from ntg_assets.sources.accounting.bad_rows import INVALID_SCHEMA, LOOKED_AT, invalid_rows
from ntg_assets.sources.accounting.quarantine import place_rows
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_events
from ntg_assets.sources.accounting.threshold import SHOWN_EXAMPLES
from ntg_assets.sources.files.inspection import inspect_file
from ntg_assets.sources.files.manifests import Manifests
from ntg_assets.sources.reading.forgotten import leave_out, people_named
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.sources.sources import Place, count_skips, source_reader
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run, write_rows

KNOWN_ITEMS = "known_items"  # name of the frame


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
