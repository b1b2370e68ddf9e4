"""One run at a time in a workspace. DuckDB's own lock guards single writes; between them a second run could mix its tables in."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntg_assets.errors import StorageError

_held: dict[Path, int] = {}  # how often this process holds a lock: a run may ask again for what it has


@contextmanager
def run_lock(file: Path) -> Iterator[None]:
    """Hold the workspace for one run; the lock ends with the process, however that ends.

    Args:
        file: The lock, beside the warehouse; it says which process holds it.

    Raises:
        StorageError: another process's run holds it.
    """
    if _held.get(file):
        yield from _again(file)
        return
    descriptor = _open(file)
    _held[file] = 1
    try:
        yield
    finally:
        _held.pop(file)
        os.close(descriptor)


def _again(file: Path) -> Iterator[None]:
    _held[file] += 1
    try:
        yield
    finally:
        _held[file] -= 1


def _open(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        holder = file.read_text(encoding="utf-8").strip()
        raise StorageError(
            f"another run (process {holder or 'unknown'}) is writing to {file.parent}. Wait for it to end: one runs at a time."
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor
