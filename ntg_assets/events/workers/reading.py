"""The log read by workers: they judge files and write their usable rows; here their sums are held
against each other, and the ledger is kept.

What hangs on all files at once (copies, repeats, the share of bad rows) is asked of what the
workers tell, or of the rows that they wrote, where these lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.engines.kernel import FileWorkers
from ntg_assets.events.validation import (
    EVENTS,
    are_items_asked,
    describe_events,
    rules_of_events,
    with_days,
)
from ntg_assets.events.workers.asking import Maker, ask_of_files
from ntg_assets.events.workers.file_tasks import (
    FileTasks,
    bad_rows_of_files,
    inspected_files,
    judged_files,
    people_of_files,
    refused_files,
)
from ntg_assets.events.workers.judged_log import JudgedLog, files_asked
from ntg_assets.events.workers.same_files import ends_of
from ntg_assets.events.workers.task_rows import FILE, JUDGED, PEOPLE, PLACED, REASONS, Schema
from ntg_assets.events.workers.written_rows import fates_of, kept_rows, span_of
from ntg_assets.sources.accounting.bad_rows import (
    INVALID_SCHEMA,
    LOOKED_AT,
    advice_on,
    with_rejects,
)
from ntg_assets.sources.accounting.quarantine import BadRow, quarantine_table
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
from ntg_assets.sql import Query, Rows
from ntg_assets.storage.run import engine_version


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
        span = span_of(rows, judged_log.counts, workers=self.workers)
        fates = fates_of(rows, judged_log.counts, ingest=self.ingest, workers=self.workers)
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
        self, maker: Maker, files: pl.DataFrame, tasks: FileTasks, *others: Schema
    ) -> tuple[dict[int, str], list[pl.DataFrame]]:
        """Give each file a task; see `ask_of_files`."""
        return ask_of_files(self.workers, maker, files, tasks, others=others, notes=self.notes)

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


def _bad_rows(placed: pl.DataFrame) -> list[BadRow]:
    return [BadRow(*row) for row in placed.iter_rows()]
