"""A log whose files workers have judged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ntg_assets.events.workers.file_tasks import FileTasks
from ntg_assets.events.workers.task_rows import FILE, JudgedFile
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.plans import Plan


@dataclass(frozen=True)
class JudgedLog:
    """A log whose files workers have judged.

    Attributes:
        files: All files, copies included.
        plan: The rules; its files are read elsewhere.
        tasks: What every task was told.
        rows: `number`, `file`, `judged` of the files that were read.
        judged: What was told of each, by its number.
    """

    files: tuple[SourceFile, ...]
    plan: Plan
    tasks: FileTasks
    rows: pl.DataFrame
    judged: Mapping[int, JudgedFile]

    @property
    def originals(self) -> list[SourceFile]:
        return [file for file in self.files if file.copy_of is None]

    @property
    def counts(self) -> dict[int, FileCounts]:
        return {number: file.counts for number, file in self.judged.items()}

    @property
    def skips(self) -> dict[int, Mapping[str, int]]:
        return {number: file.skips for number, file in self.judged.items() if file.skips}

    def rows_of(self, numbers: Collection[int]) -> pl.DataFrame:
        return self.rows.filter(pl.col("number").is_in(numbers))


def files_asked(files: Sequence[SourceFile]) -> pl.DataFrame:
    """Rows of the files that are read, the largest first. A filter for repeated headers holds for
    all where one has them.
    """
    repeats_header = any(file.repeats_header for file in files)
    rows = [
        (
            file.number,
            FILE.dump_json(replace(file, repeats_header=repeats_header)).decode(),
            file.n_bytes,
        )
        for file in files
        if file.copy_of is None
    ]
    asked = pl.DataFrame(rows, schema=["number", "file", "n_bytes"], orient="row")
    return asked.sort("n_bytes", descending=True)
