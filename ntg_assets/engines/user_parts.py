"""Work on users, or on files, as a worker does it: rows of whole ones in, files of rows out.

What is made goes straight into a folder that both sides see, one file per table and worker's part,
under a name that nobody else takes. Which files count is told by the rows that the part ends with:
a part that was lost, or done twice, leaves files that nobody reads.
"""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import polars as pl
import pyarrow as pa

from ntg_assets.engines.kernel import OnUsers
from ntg_assets.errors import EngineError

ROWS_AT_ONCE = 1_000_000  # rows of users that are worked on together: some 50 MB
MADE = pa.schema(
    [("made", pa.int32()), ("file", pa.string()), ("n_rows", pa.int64()), ("n_bytes", pa.int64())]
)


def work_on_users(
    batches: Iterator[pa.RecordBatch], work: OnUsers, rows: pl.DataFrame, folder: Path
) -> Iterator[pa.RecordBatch]:
    """Work on the users of one part.

    Args:
        batches: Rows in any order; a user's rows are all of this part.
        work: What is done with them.
        rows: No rows, with the columns and types that the work takes; the first says whose they
            are.
        folder: Where the files go.

    Yields:
        What was made, as `MADE`: number of the table, name of the file, its rows and bytes.
    """
    with _Files(folder) as files:
        for users in _whole_users(batches, rows):
            for step in work(users):
                for table, frame in enumerate(step):
                    files.put(table, frame)
    yield files.made()


def _whole_users(batches: Iterator[pa.RecordBatch], rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield rows of whole users, some at a time.

    The part is held and sorted here: a cluster may drop an order that nobody asks for (Sail does,
    and users then came in pieces).
    """
    received = [pl.DataFrame(pl.from_arrow(batch)).select(rows.columns) for batch in batches]
    key = rows.columns[0]
    part = pl.concat([rows, *(frame.cast(rows.schema) for frame in received)]).sort(key)
    received.clear()
    ends = part[key].rle().struct.field("len").cum_sum().to_list()
    first = 0
    for end in ends:
        if end - first >= ROWS_AT_ONCE or (end == part.height and end > first):
            yield part[first:end]
            first = end


class _Files:
    """A file for each table, begun with its first rows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.part = folder, uuid4().hex
        self.writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self.n_rows: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for writer in self.writers.values():
            writer.close()

    def put(self, table: int, frame: pl.DataFrame) -> None:
        rows = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        if table not in self.writers:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            file = str(self.folder / self._name(table))
            self.writers[table] = pa.ipc.new_stream(file, rows.schema, options=options)
            self.n_rows[table] = 0
        self.writers[table].write_table(rows)
        self.n_rows[table] += frame.height

    def made(self) -> pa.RecordBatch:
        """Say what was written; the files are closed."""
        rows = [
            (table, self._name(table), n_rows, (self.folder / self._name(table)).stat().st_size)
            for table, n_rows in self.n_rows.items()
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(MADE)
        return pa.RecordBatch.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, MADE, strict=True)],
            schema=MADE,
        )

    def _name(self, table: int) -> str:
        return f"{table}-{self.part}.arrow"


def rows_of_files(folder: Path, made: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Read what workers made of one table, and remove each file when it was read.

    Args:
        folder: Where the files are.
        made: Rows as of `MADE`.

    Raises:
        EngineError: a file is not as its worker left it.
    """
    for name, n_rows, n_bytes in made.select("file", "n_rows", "n_bytes").iter_rows():
        file = folder / name
        n_there = file.stat().st_size if file.is_file() else 0
        if n_there != n_bytes:
            raise EngineError(
                f"{file}: a worker wrote {n_bytes:,} bytes ({n_rows:,} rows), and {n_there:,} are"
                " seen here. engine.storage must show here what a worker wrote; run again."
            )
        yield from _batches(file)
        file.unlink()


def _batches(file: Path) -> Iterator[pl.DataFrame]:
    with pa.memory_map(str(file)) as mapped:  # noqa: TID251  # the engine's own folder
        for batch in pa.ipc.open_stream(mapped):
            yield pl.DataFrame(pl.from_arrow(batch))
