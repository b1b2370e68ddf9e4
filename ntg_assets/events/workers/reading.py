"""The log read by workers: they judge files and write their usable rows; here their sums are held
against each other, and the ledger is kept.

What hangs on all files at once (copies, repeats, the share of bad rows) is asked of what the
workers tell, or of the rows that they wrote, where these lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.engines.kernel import FileWorkers, UserWork
from ntg_assets.errors import EngineError
from ntg_assets.events.duplicates import Fates, keyed, rows_kept, rows_left, weights_table
from ntg_assets.events.validation import (
    EVENTS,
    are_items_asked,
    describe_events,
    rules_of_events,
    with_days,
)
from ntg_assets.events.workers.answers import (
    kept_rows,
    raise_if_refused,
    raise_if_unanswered,
    warn_of,
)
from ntg_assets.events.workers.file_tasks import (
    FileTasks,
    bad_rows_of_files,
    described,
    inspected_files,
    judged_files,
    people_of_files,
    refused_files,
)
from ntg_assets.events.workers.judged_log import JudgedLog, files_asked
from ntg_assets.events.workers.same_files import ends_of
from ntg_assets.events.workers.task_rows import FILE, JUDGED, PEOPLE, PLACED, REASONS, TOLD, Schema
from ntg_assets.sources.accounting.bad_rows import (
    INVALID_SCHEMA,
    LOOKED_AT,
    advice_on,
    with_rejects,
)
from ntg_assets.sources.accounting.quarantine import BadRow, quarantine_table
from ntg_assets.sources.accounting.reconciliation import FileCounts, Span
from ntg_assets.sources.accounting.threshold import Breach, find_breach, raise_too_many
from ntg_assets.sources.files.file_names import Found
from ntg_assets.sources.files.inspection import kinds_of, mark_copies
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.forgotten import blank_forgotten
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.sources import (
    FoundFiles,
    Place,
    ValidatedSource,
    notes_of,
    raise_if_no_rows,
    source_reader,
)
from ntg_assets.sql import Query, Rows, query
from ntg_assets.storage.run import engine_version

Maker = Any  # a function of `file_tasks` that makes the work of a task
MEGABYTE = 1e6


@dataclass(frozen=True)
class LogOfWorkers:
    """A log whose files workers read.

    Attributes:
        workers: They.
        ingest: The source and its rules.
        place: Where the files lie, as it is seen here.
        notes: Is told what they were given, and what was not asked of them.
    """

    workers: FileWorkers
    ingest: IngestSettings
    place: Place
    notes: list[str]

    def find(self, found: Found) -> FoundFiles:
        """Let the files be inspected; see `find_files`.

        Raises:
            SourceError: a file cannot be trusted.
            EngineError: a worker does not see a file as this machine does.
        """
        kinds = kinds_of(found.paths, describe_events(self.ingest), home=self.place.home)
        rows = pl.DataFrame(
            [
                (number, str(path), kinds[path], path.stat().st_size, ends_of(path))
                for number, path in enumerate(found.paths, start=1)
            ],
            schema=["number", "path", "format", "n_bytes", "ends"],
            orient="row",
        )
        changed = {path: path.stat().st_mtime_ns for path in found.paths}
        told, _ = self._ask(inspected_files, rows.sort("n_bytes", descending=True), self._tasks())
        files = [FILE.validate_json(told[number]) for number in sorted(told)]
        seen = mark_copies(replace(file, changed_ns=changed[file.path]) for file in files)
        return FoundFiles(tuple(seen), notes_of(found, self.place))

    def validate(
        self, files: Sequence[SourceFile], *, items: pl.DataFrame, now: datetime | None
    ) -> tuple[ValidatedSource, Query]:
        """Let the rows of the log be judged; see `validate_events`.

        Args:
            files: As of `find`.
            items: Table `items`, for `unknown_items: quarantine`.
            now: See `survey`.
        """
        rules, _ = rules_of_events(self.ingest, now=now)
        judged_log = self._judged(files, Plan((), rules), self._tasks(now=now, items=items))
        raise_if_no_rows(judged_log.counts, files)
        quarantine = self._quarantine(judged_log)
        rows = Rows(kept_rows(self.workers.shared, judged_log.judged))
        span = self._span(rows, judged_log.counts)
        fates = self._fates(rows, judged_log.counts)
        source = ValidatedSource(
            EVENTS,
            judged_log.plan,
            judged_log.files,
            judged_log.counts,
            fates.duplicates,
            quarantine,
            span,
            fates.replaced,
            judged_log.skips,
            fates.n_contradictions,
        )
        return source, with_days(fates.events, self.ingest, now=now)

    def _judged(self, files: Sequence[SourceFile], plan: Plan, tasks: FileTasks) -> JudgedLog:
        """Let workers judge the files, but for copies and for who was forgotten."""
        asked = files_asked(files)
        knowing = replace(tasks, forgotten=self._forgotten(asked, tasks))
        told, _ = self._ask(judged_files, asked, knowing)
        judged = {number: JUDGED.validate_json(text) for number, text in sorted(told.items())}
        answered = pl.col("number").replace_strict(told, return_dtype=pl.String)
        return JudgedLog(tuple(files), plan, knowing, asked.with_columns(judged=answered), judged)

    def _tasks(
        self, *, now: datetime | None = None, items: pl.DataFrame | None = None
    ) -> FileTasks:
        with source_reader(self.place) as connection:
            version = engine_version(connection)
        asked = (
            items.select("item_id") if items is not None and are_items_asked(self.ingest) else None
        )
        place = self.place
        return FileTasks(
            self.ingest,
            place.home,
            place.folders,
            place.engine.memory_limit,
            self.workers.shared,
            now,
            version,
            asked,
        )

    def _ask(
        self,
        maker: Maker,
        files: pl.DataFrame,
        tasks: FileTasks,
        *others: Schema,
    ) -> tuple[dict[int, str], list[pl.DataFrame]]:
        """Give each file a task.

        Args:
            maker: Of what is done with it.
            files: Rows of files, as the task takes them.
            tasks: What every task needs to know.
            others: Schemas of the tables that tasks make beside what they tell.

        Returns:
            What was told of each file by its number, and the other tables.

        Raises:
            SourceError: a worker refused a file; of several the first one is named.
            EngineError: a worker could not do its task, or one of a file is missing.
        """
        schemas = (TOLD, *others)
        work = UserWork(maker, len(schemas), *described(tasks), key="number")
        made = self.workers.by_files(files, work, note=self.notes.append)
        tables = [
            pl.concat([pl.DataFrame(schema=schema), *parts])
            for schema, parts in zip(schemas, made, strict=True)
        ]
        answers = tables[0].sort("number")
        raise_if_refused(answers)
        raise_if_unanswered(answers, files, what=maker.__name__)
        warn_of(answers)
        return dict(answers.select("number", "told").iter_rows()), tables[1:]

    def _forgotten(self, files: pl.DataFrame, tasks: FileTasks) -> tuple[str, ...]:
        """Find by which texts files name people who were forgotten: the key that tells them stays
        here.
        """
        forgotten = self.place.forgotten
        if forgotten is None:
            return ()
        _, [people] = self._ask(people_of_files, files, tasks, PEOPLE)
        return tuple(forgotten.of(people["named"].unique().sort()))

    def _quarantine(self, judged_log: JudgedLog) -> pl.DataFrame:
        """Bad rows of the log; refuses too many of them."""
        counts, share = judged_log.counts, self.ingest.max_bad_share
        if breach := find_breach(counts, judged_log.originals, source=EVENTS, max_bad_share=share):
            self._refuse(breach, judged_log)
        dirty = judged_log.rows_of([number for number, file in counts.items() if file.n_bad])
        placed = pl.DataFrame(schema=PLACED)
        if not dirty.is_empty():
            _, [placed] = self._ask(bad_rows_of_files, dirty, judged_log.tasks, PLACED)
        table = quarantine_table(_bad_rows(placed), judged_log.originals, source=EVENTS)
        return blank_forgotten(table, self.place.forgotten)

    def _refuse(self, breach: Breach, judged_log: JudgedLog) -> NoReturn:
        """Say of a log with too many bad rows why they are bad; see `raise_if_too_many`."""
        _, [placed, invalid, reasons] = self._ask(
            refused_files,
            judged_log.rows_of(breach.files),
            judged_log.tasks,
            PLACED,
            INVALID_SCHEMA,
            REASONS,
        )
        counted = reasons.group_by("column_name", "reason").agg(pl.col("n_rows").sum())
        in_order = counted.sort("n_rows", "column_name", "reason", descending=[True, False, False])
        raise_too_many(
            breach,
            reasons=with_rejects(in_order, judged_log.plan, judged_log.counts, breach.files),
            examples=_bad_rows(placed),
            files=judged_log.originals,
            advice=advice_on(
                judged_log.plan, invalid.sort("load_file", "row_number").head(LOOKED_AT)
            ),
        )

    def _span(self, rows: Rows, counts: Mapping[int, FileCounts]) -> Span:
        """Ask what the usable rows span; refuses rows that are not as many as were counted."""
        n_rows, *span = self.workers.ask(query("events", "load_extent", {"events": rows})).row(0)
        n_valid = sum(file.n_valid for file in counts.values())
        if n_rows != n_valid:
            raise EngineError(
                f"workers counted {n_valid:,} usable events and {n_rows:,} are in what they wrote."
                " engine.storage must show what a worker wrote; run again."
            )
        return Span(*span)

    def _fates(self, rows: Rows, counts: Mapping[int, FileCounts]) -> Fates:
        """Find the rows that occur more than once, where they lie; see `resolve_repeats`."""
        ask, typed = self.workers.ask, {"typed_rows": rows}
        weighed = {**typed, "event_weights": weights_table(self.ingest.events.weights)}
        if self.ingest.events.event_id is not None:
            counted = ask(query("events", "keyed_fates", typed))
            return keyed(query("events", "keyed_events", weighed), counted)
        as_they_come = Fates(query("events", "events", weighed), {}, {})
        if self.ingest.duplicates == "keep":
            return as_they_come
        n_repeated, n_contradicted = ask(query("events.workers", "repeated_keys", typed)).row(0)
        if not n_repeated:
            return as_they_come
        events = query("events", "grouped_events", weighed)
        kept = dict(ask(rows_kept(events)).iter_rows())
        wanted = query("events.workers", "contradicted_rows", typed)
        contradictions = int(ask(wanted).item()) if n_contradicted else 0
        return Fates(events, rows_left(counts, kept), {}, contradictions)


def workers_for(
    workers: FileWorkers | None, paths: Sequence[Path], notes: list[str]
) -> FileWorkers | None:
    """Return the workers where they are worth asking; say where they are not.

    Args:
        workers: They; none: there are none.
        paths: The files of the log.
        notes: Is told.
    """
    n_bytes = sum(path.stat().st_size for path in paths)
    if workers is None or (len(paths) > 1 and n_bytes >= workers.least_bytes):
        return workers
    notes.append(
        f"{len(paths)} file(s) of the log with {n_bytes / MEGABYTE:,.1f} MB are read here: workers"
        f" take several files of together {workers.least_bytes / MEGABYTE:,.1f} MB"
        " (engine.workers_read_from_mb)"
    )
    return None


def _bad_rows(placed: pl.DataFrame) -> list[BadRow]:
    return [BadRow(*row) for row in placed.iter_rows()]
