"""What workers told of files: that each was told of, what they refused, which rows count."""

import logging
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ntg_assets.engines.folders import unwatched
from ntg_assets.errors import EngineError, SourceError
from ntg_assets.events.workers.task_rows import JudgedFile

log = logging.getLogger(__name__)


def raise_if_refused(answers: pl.DataFrame) -> None:
    """Raise what a worker refused, as whoever reads here raises it; of several files the first."""
    refused = answers.filter(pl.col("refused").is_not_null()).head(1)
    for sentence, is_of_source in refused.select("refused", "is_of_source").iter_rows():
        raise (SourceError if is_of_source else EngineError)(sentence)


def warn_of(answers: pl.DataFrame) -> None:
    """Warn of what the reader of a worker warned of: nobody looks at the log of a worker."""
    for sentence in answers["warnings"].explode().drop_nulls():
        log.warning("%s", sentence)


def raise_if_unanswered(answers: pl.DataFrame, files: pl.DataFrame, *, what: str) -> None:
    """Raise when not every file was told of once."""
    if answers["number"].to_list() != sorted(files["number"]):
        raise EngineError(
            f"{what} on the workers: {answers.height} of {files.height} files were told of; nothing"
            " was loaded. Run again."
        )


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
