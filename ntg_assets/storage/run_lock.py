"""One run at a time in a workspace. DuckDB's own lock guards single writes;
between them a second run could mix its tables in.

The lock ends with its process, however that ends; what the file says stays. So a lock that is free
while its file names a run tells that the run's process was killed: a run that ends takes its name
out before it lets go.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ntg_assets.errors import StorageError

# whoever only looks holds the lock for microseconds, and must not make a run fail
PATIENCE_SECONDS = 1.0
RETRY_SECONDS = 0.02
RECORD_BYTES = 1_000

# how often this process holds a lock: a run may ask again for what it has
_held: dict[Path, int] = {}


class Holder(NamedTuple):
    """Who holds a lock, or held it last and did not let go."""

    process: str
    run_id: str


@contextmanager
def run_lock(file: Path, *, run_id: str = "") -> Iterator[None]:
    """Hold the workspace for one run; the lock ends with the process, however that ends.

    Args:
        file: The lock, beside the warehouse; it says which process holds it, and for which run.
        run_id: The run in Dagster's history; none: a look at what can be used, which leaves the
            name of a killed run where it is.

    Raises:
        StorageError: another process's run holds it.
    """
    if _held.get(file):
        yield from _again(file)
        return
    descriptor = _open(file)
    left = "" if run_id else _read(descriptor).run_id
    _write(descriptor, Holder(str(os.getpid()), run_id or left))
    _held[file] = 1
    try:
        yield
    finally:
        _held.pop(file)
        _write(descriptor, Holder("", left))
        os.close(descriptor)


def holder_of(file: Path) -> Holder | None:
    """Say which process and run hold a lock; None when it is free."""
    is_free, holder = _look(file)
    return None if is_free else holder


def killed_run(file: Path) -> str | None:
    """Name the run whose process ended while it held the lock;
    None when there is none, or when the lock is held.
    """
    is_free, holder = _look(file)
    return (holder.run_id or None) if is_free else None


def _look(file: Path) -> tuple[bool, Holder]:
    """Whether a lock is free, and what its file says."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return True, Holder("", "")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False, _read(descriptor)
    else:
        return True, _read(descriptor)
    finally:
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
    for _ in range(int(PATIENCE_SECONDS / RETRY_SECONDS)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(RETRY_SECONDS)
        else:
            return descriptor
    holder = _read(descriptor)
    os.close(descriptor)
    raise StorageError(
        f"another run (process {holder.process or 'unknown'}) is writing to {file.parent}. Wait for"
        " it to end: one runs at a time."
    )


def _read(descriptor: int) -> Holder:
    lines = os.pread(descriptor, RECORD_BYTES, 0).decode(errors="replace").split("\n")
    return Holder(lines[0].strip(), lines[1].strip() if len(lines) > 1 else "")


def _write(descriptor: int, holder: Holder) -> None:
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, "\n".join(holder).encode(), 0)
