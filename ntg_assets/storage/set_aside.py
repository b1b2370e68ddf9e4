"""Several tables from one walk: the first is stored while the walk goes on,
the others are set aside until it is their turn.

Tables are written one after the other, each in its own transaction, so what one walk makes for all
of them has to wait somewhere. It waits in memory while it is small, then in an unnamed file that
goes with the process.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import polars as pl
import pyarrow as pa

from ntg_assets.errors import StorageError
from ntg_assets.sql import Stream

IN_MEMORY_BYTES = 64 * 2**20  # of one table, compressed


def divided(
    parts: Iterable[tuple[pl.DataFrame, ...]], *, n_tables: int, folder: Path
) -> tuple[Stream, ...]:
    """Divide a walk that makes a part of each table at every step into one stream per table.

    Args:
        parts: One frame per table and step; those of one table have the same columns.
        n_tables: Frames of each step.
        folder: Where tables wait that are too large for memory.

    Returns:
        Streams, to be consumed in this order: the first drives the walk.
    """
    aside = [_Aside(folder) for _ in range(n_tables - 1)]
    return (Stream(_walk(parts, aside)), *(Stream(table.frames()) for table in aside))


def _walk(
    parts: Iterable[tuple[pl.DataFrame, ...]], aside: list["_Aside"]
) -> Iterator[pl.DataFrame]:
    for first, *others in parts:
        for table, frame in zip(aside, others, strict=True):
            table.put(frame)
        yield first
    for table in aside:
        table.close()


class _Aside:
    """The frames of one table, in the order in which they came."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115  # it goes with its last frame
        self._writer: pa.RecordBatchStreamWriter | None = None
        self._is_whole = False

    def put(self, frame: pl.DataFrame) -> None:
        rows = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_stream(self._file, rows.schema, options=options)
        self._writer.write_table(rows)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._is_whole = True

    def frames(self) -> Iterator[pl.DataFrame]:
        """Give the frames back, once; an empty one where no row was put."""
        if not self._is_whole:
            raise StorageError(
                "A table that was set aside is asked for before the walk that makes it is over."
                " Store the tables of one step in the order in which it returns them."
            )
        with self._file as file:
            if self._writer is None:
                return
            file.seek(0)
            reader = pa.ipc.open_stream(file)
            yield pl.from_arrow(reader.schema.empty_table())  # type: ignore[misc]  # a table always gives a frame
            for batch in reader:
                yield pl.from_arrow(batch)  # type: ignore[misc]
