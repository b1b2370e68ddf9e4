"""What comes back of a task on a file.

A task ends with one row that tells what came of it: JSON of what was asked, or the sentence by
which the load is refused. So whoever asked says it as if the file had been read there. Some tasks
make tables beside it.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from ntg_assets.errors import NtgError, SourceError
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.files.source_files import SourceFile

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
