"""Work on users, or on files, as one file: what a worker far away needs, memory-mapped there.

The file begins with the length of its head, eight bytes, and the head, which is JSON: who makes the
work, the facts, and where each table lies. Tables are Arrow files within it, at multiples of 64
bytes, so that they are read where they lie. Nothing in it is code.
"""

import hashlib
import importlib
import io
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from ntg_assets.engines.folders import unwatched
from ntg_assets.engines.kernel import OnUsers, UserWork
from ntg_assets.errors import EngineError

ALIGNED = 64  # bytes: as Arrow lays its buffers out
HEAD_BYTES = 8
ROWS = "rows"  # name of the table that shows what rows the work is given


class WorkFile(NamedTuple):
    """A file of work, and what it has to hold."""

    path: Path
    sha256: str
    n_bytes: int


@unwatched
def write_work(work: UserWork, rows: pl.DataFrame, path: Path) -> WorkFile:
    """Write work to a file.

    Args:
        work: The work.
        rows: No rows, with the columns and types of those that it will be given; the column whose
            equal rows go together is written first.
        path: The file; it does not exist yet.
    """
    given = rows.select(work.key, pl.exclude(work.key))
    segments = {name: _segment(frame) for name, frame in {**work.frames, ROWS: given}.items()}
    places, at = {}, 0
    for name, segment in segments.items():
        places[name] = [at, len(segment)]
        at += len(segment) + -len(segment) % ALIGNED
    maker = f"{work.maker.__module__}:{work.maker.__qualname__}"
    head = json.dumps({"maker": maker, "facts": dict(work.facts), "frames": places}).encode()
    head += b" " * (-(HEAD_BYTES + len(head)) % ALIGNED)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        for part in (
            len(head).to_bytes(HEAD_BYTES, "little"),
            head,
            *map(_padded, segments.values()),
        ):
            digest.update(part)
            file.write(part)
    return WorkFile(path, digest.hexdigest(), path.stat().st_size)


def _segment(frame: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.write_ipc(written, compression="uncompressed")
    return written.getvalue()


def _padded(segment: bytes) -> bytes:
    return segment + bytes(-len(segment) % ALIGNED)


@lru_cache(maxsize=1)
def read_work(path: str, sha256: str) -> tuple[OnUsers, pl.DataFrame]:
    """Make the work that a file describes, once per process.

    Returns:
        The work, and no rows with the columns and types of those that it takes; equal rows of the
            first column go together.

    Raises:
        EngineError: the file does not hold what was written.
    """
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise EngineError(
            f"{path} is not the file of work that was written there (its hash is {digest[:12]}, not"
            f" {sha256[:12]}). Does the shared folder give every worker what was last written?"
        )
    head, frames = _mapped(path)
    rows = frames.pop(ROWS)
    module, _, name = head["maker"].partition(":")
    return getattr(importlib.import_module(module), name)(frames, head["facts"]), rows


def _mapped(path: str) -> tuple[Mapping[str, Any], dict[str, pl.DataFrame]]:
    whole = pa.memory_map(path).read_buffer()  # noqa: TID251  # the engine's own folder
    start = HEAD_BYTES + int.from_bytes(whole[:HEAD_BYTES].to_pybytes(), "little")
    head = json.loads(whole[HEAD_BYTES:start].to_pybytes())
    frames = {}
    for name, (at, size) in head["frames"].items():
        segment = whole.slice(start + at, size)
        table = pa.ipc.open_file(segment).read_all()  # noqa: TID251  # of memory
        frames[name] = pl.DataFrame(pl.from_arrow(table))
    return head, frames
