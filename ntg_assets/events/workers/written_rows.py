"""Usable rows that workers wrote, where they lie: which files of them count, what they span, which
of them occur more than once.
"""

from collections.abc import Mapping
from pathlib import Path

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.engines.folders import unwatched
from ntg_assets.engines.kernel import FileWorkers
from ntg_assets.errors import EngineError
from ntg_assets.events.duplicates import Fates, keyed, rows_kept, rows_left, weights_table
from ntg_assets.events.workers.task_rows import JudgedFile
from ntg_assets.sources.accounting.reconciliation import FileCounts, Span
from ntg_assets.sql import Rows, query


@unwatched
def kept_rows(shared: Path, judged: Mapping[int, JudgedFile]) -> Path:
    """Put the rows that count into a folder of their own: a task that was lost, or done twice, has
    left others beside them.

    Raises:
        EngineError: a file is not as its worker left it.
    """
    folder = shared / "rows"
    folder.mkdir()
    for file in judged.values():
        written = shared / file.rows
        n_there = written.stat().st_size if written.is_file() else 0
        if n_there != file.n_bytes:
            raise EngineError(
                f"{written}: a worker wrote {file.n_bytes:,} bytes, and {n_there:,} are seen here."
                " engine.storage must show here what a worker wrote; run again."
            )
        written.rename(folder / file.rows)
    return folder


def span_of(rows: Rows, counts: Mapping[int, FileCounts], *, workers: FileWorkers) -> Span:
    """Ask what the usable rows span.

    Args:
        rows: The files that count; see `kept_rows`.
        counts: What the workers counted, by file.
        workers: They.

    Raises:
        EngineError: there are not as many rows as were counted.
    """
    n_rows, *span = workers.ask(query("events", "load_extent", {"events": rows})).row(0)
    n_valid = sum(file.n_valid for file in counts.values())
    if n_rows != n_valid:
        raise EngineError(
            f"workers counted {n_valid:,} usable events and {n_rows:,} are in what they wrote."
            " engine.storage must show what a worker wrote; run again."
        )
    return Span(*span)


def fates_of(
    rows: Rows, counts: Mapping[int, FileCounts], *, ingest: IngestSettings, workers: FileWorkers
) -> Fates:
    """Find the rows that occur more than once, where they lie; see `resolve_repeats`.

    Args:
        rows: The files that count; see `kept_rows`.
        counts: What the workers counted, by file.
        ingest: The source and its rules.
        workers: They.
    """
    ask, typed = workers.ask, {"typed_rows": rows}
    weighed = {**typed, "event_weights": weights_table(ingest.events.weights)}
    if ingest.events.event_id is not None:
        counted = ask(query("events", "keyed_fates", typed))
        return keyed(query("events", "keyed_events", weighed), counted)
    as_they_come = Fates(query("events", "events", weighed), {}, {})
    if ingest.duplicates == "keep":
        return as_they_come
    n_repeated, n_contradicted = ask(query("events.workers", "repeated_keys", typed)).row(0)
    if not n_repeated:
        return as_they_come
    events = query("events", "grouped_events", weighed)
    kept = dict(ask(rows_kept(events)).iter_rows())
    wanted = query("events.workers", "contradicted_rows", typed)
    contradictions = int(ask(wanted).item()) if n_contradicted else 0
    return Fates(events, rows_left(counts, kept), {}, contradictions)
