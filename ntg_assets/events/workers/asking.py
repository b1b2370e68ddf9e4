"""Files given to workers: whether that is worth it, and what they tell of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.engines.kernel import FileWorkers, UserWork
from ntg_assets.events.workers.answers import raise_if_refused, raise_if_unanswered, warn_of
from ntg_assets.events.workers.file_tasks import FileTasks, described
from ntg_assets.events.workers.task_rows import TOLD, Schema

Maker = Any  # a function of `file_tasks` that makes the work of a task
MEGABYTE = 1e6


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


def ask_of_files(
    workers: FileWorkers,
    maker: Maker,
    files: pl.DataFrame,
    tasks: FileTasks,
    *,
    others: tuple[Schema, ...],
    notes: list[str],
) -> tuple[dict[int, str], list[pl.DataFrame]]:
    """Give each file a task.

    Args:
        workers: They.
        maker: Of what is done with it.
        files: Rows of files, as the task takes them.
        tasks: What every task needs to know.
        others: Schemas of the tables that tasks make beside what they tell.
        notes: Is told what they were given.

    Returns:
        What was told of each file by its number, and the other tables.

    Raises:
        SourceError: a worker refused a file; of several the first one is named.
        EngineError: a worker could not do its task, or one of a file is missing.
    """
    schemas = (TOLD, *others)
    work = UserWork(maker, len(schemas), *described(tasks), key="number")
    made = workers.by_files(files, work, note=notes.append)
    tables = [
        pl.concat([pl.DataFrame(schema=schema), *parts])
        for schema, parts in zip(schemas, made, strict=True)
    ]
    answers = tables[0].sort("number")
    raise_if_refused(answers)
    raise_if_unanswered(answers, files, what=maker.__name__)
    warn_of(answers)
    return dict(answers.select("number", "told").iter_rows()), tables[1:]
