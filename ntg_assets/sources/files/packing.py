"""Bytes of files as they were before they were packed: by their first bytes, never by name."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from ntg_assets.errors import SourceError

Packing = Literal["none", "gzip", "zstd"]
MARKS: dict[bytes, Packing] = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
LONGEST_MARK = 4
TRAILER_BYTES = 8  # of gzip


def packing_of(path: Path) -> Packing:
    """How a file is packed, by its first bytes."""
    with path.open("rb") as opened:
        head = opened.read(LONGEST_MARK)
    return next((packing for mark, packing in MARKS.items() if head.startswith(mark)), "none")


def is_padded(path: Path) -> bool:
    """Whether zeros follow a gzip stream, as tapes and some archives pad it: its own last bytes are
    a checksum and a length, which are not both zero.
    """
    if packing_of(path) != "gzip" or path.stat().st_size <= TRAILER_BYTES:
        return False
    with path.open("rb") as opened:
        opened.seek(-TRAILER_BYTES, io.SEEK_END)
        return not any(opened.read())


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading its bytes, unpacked."""
    packing = packing_of(path)
    if packing == "gzip":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if packing == "zstd":
        import pyarrow as pa  # noqa: PLC0415  # a tenth of a second, for the few files packed so

        return cast(
            "IO[bytes]", io.BufferedReader(pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
        )
    return path.open("rb")


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Turn what the unpackers say of a damaged file into one sentence."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        sentence: object = error
    except OSError as error:
        if "ZSTD" not in str(error) and "Truncated" not in str(error):
            raise
        sentence = str(error).split("\n", maxsplit=1)[0]
    else:
        return
    raise SourceError(
        f"{name}: cannot be unpacked ({sentence}); it is cut short or damaged. Deliver it again."
    )
