"""Parquet with page checksums: written so, and held against its checksums when it is read.

DuckDB neither writes nor looks at them, so that a flipped bit in a page reads as a wrong value
without a word.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ntg_assets.errors import SourceError

log = logging.getLogger(__name__)

ROW_GROUP_ROWS = 122_880  # DuckDB's own, so that its readers divide the work as before
# for every writer of Parquet in this project
CHECKSUMMED: Mapping[str, Any] = MappingProxyType({"write_page_checksum": True})
# of a column at a time, so that a file of one row group costs no more memory than any other
READ_BYTES = 1 << 20
BATCH_ROWS = 65_536
DELIVER = "Deliver it again."


def write_batches(
    target: Path, rows: pa.RecordBatchReader, *, said: Mapping[str, str] | None = None
) -> None:
    """Write rows as they come, in row groups that do not depend on how they came.

    Args:
        target: The file.
        rows: The rows, batch by batch.
        said: What the file's key-value metadata say beside its schema.
    """
    with pq.ParquetWriter(
        target, rows.schema, compression="snappy", store_schema=False, **CHECKSUMMED
    ) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in rows:
            waiting.append(batch)
            while sum(map(len, waiting)) >= ROW_GROUP_ROWS:
                table = pa.Table.from_batches(waiting)
                writer.write_table(table.slice(0, ROW_GROUP_ROWS), row_group_size=ROW_GROUP_ROWS)
                waiting = table.slice(ROW_GROUP_ROWS).to_batches()
        if said:
            writer.add_key_value_metadata(dict(said))
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=ROW_GROUP_ROWS)


def read_verified(
    path: Path, *, columns: Sequence[str] | None = None, name: str = "", advice: str = DELIVER
) -> pl.DataFrame:
    """Read a file that fits into memory, and hold each page that carries a checksum against it.

    Args:
        path: The file.
        columns: Which; none: all.
        name: The file in messages; none: its own name.
        advice: What to do when it is damaged.

    Raises:
        SourceError: a page is not what was written, or cannot be decoded.
    """
    with (
        _telling(name or path.name, advice),
        pq.ParquetFile(path, page_checksum_verification=True) as file,
    ):
        return pl.DataFrame(pl.from_arrow(file.read(columns=columns)))


def verify_pages(path: Path, *, columns: Sequence[str] | None = None, name: str = "") -> None:
    """Decode a file's columns once and hold each page that carries a checksum against it: for
    readers that do not.

    Args:
        path: The file.
        columns: What will be read; none: everything.
        name: The file in messages; none: its own name.

    Raises:
        SourceError: a page is not what was written, or cannot be decoded.
    """
    shown = name or path.name
    with _telling(shown, DELIVER):
        try:
            _decode(path, columns)
        except pa.ArrowNotImplementedError as unsupported:
            # Arrow has no code for the whole file (a batch with 2 GB of nested text): no damage,
            # and DuckDB, which reads the rows, may have it. An encoding or codec that Arrow does
            # not know is an OSError, and refused: DuckDB knows none of these either
            log.warning("%s: its page checksums are not verified: %s", shown, unsupported)


def _decode(path: Path, columns: Sequence[str] | None) -> None:
    with pq.ParquetFile(path, page_checksum_verification=True, buffer_size=READ_BYTES) as file:
        for _ in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            pass


@contextmanager
def _telling(name: str, advice: str) -> Iterator[None]:
    """Turn what the library says about a file into one sentence."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        first = str(error).split("\n", maxsplit=1)[0] or type(error).__name__
        damage = (
            "a page is not what was written, its checksum differs"
            if "CRC" in first
            else f"it cannot be decoded: {first}"
        )
        raise SourceError(f"{name}: is damaged ({damage}). {advice}") from None
