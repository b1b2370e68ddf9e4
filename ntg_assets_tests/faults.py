"""File operations that fail at their n-th: no space, an I/O error, a kill, a power cut.

Every change of the disk that Python makes while something is published is one operation, counted
from 1. After a kill or a power cut nothing that the process still tries (its `finally` blocks)
reaches the disk, so the disk is as a dead process leaves it. A power cut leaves what was synced
and nothing else: file contents as they were at their last sync (empty without one), and the names
in each folder as they were at its last sync. Where the history lies on a disk of its own and that
one is full, all else is written, and nothing can be moved from one to the other.
"""

import builtins
import errno
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from ntg_assets.history import days
from ntg_assets.storage import files
from ntg_assets.storage.parquet import write_batches

NO_SPACE, HISTORY_FULL, IO_ERROR, KILL, POWER_CUT = KINDS = (
    "no space",
    "history full",
    "I/O error",
    "kill",
    "power cut",
)
HISTORY = f"{os.sep}data{os.sep}history"
NAMED = ("mkdir", "rename", "replace", "symlink", "link", "unlink", "rmdir", "fsync")
TWO_PATHS = {"rename", "replace", "link", "exchange"}
NEEDS_SPACE = {"mkdir", "symlink", "link", "write", "write parquet", "create"}


class KilledError(BaseException):
    """The process is dead: nothing that runs after this reaches the disk."""


class Fault(NamedTuple):
    """Which operation fails, and how."""

    kind: str
    at: int


class Operations:
    """Counts the file operations and lets one of them fail."""

    def __init__(self, fault: Fault | None, disk: "Disk | None" = None) -> None:
        self.fault, self.disk = fault, disk
        self.done: list[str] = []
        self.is_dead = self.is_full = False

    def meet(self, name: str, *paths: Any, spoil: Callable[[], object] | None = None) -> None:
        """Count an operation; raise when it is the one that fails, or the process is dead.

        Args:
            name: What is done.
            paths: What it is done to.
            spoil: Does half of it: what a write leaves that fails in its middle.
        """
        if self.is_dead:
            raise KilledError
        self.done.append(name)
        if self.fault is not None and self.fault.kind == HISTORY_FULL:
            self._meet_the_history(name, [*map(_is_history, paths)], spoil)
            return
        if self.is_full and name in NEEDS_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.fault is None or len(self.done) != self.fault.at:
            return
        if spoil is not None:
            spoil()
        if self.fault.kind in {KILL, POWER_CUT}:
            self.is_dead = True
            raise KilledError
        number = errno.ENOSPC if self.fault.kind == NO_SPACE else errno.EIO
        self.is_full = self.fault.kind == NO_SPACE
        raise OSError(number, os.strerror(number))

    def _meet_the_history(
        self, name: str, lie_there: list[bool], spoil: Callable[[], object] | None
    ) -> None:
        assert self.fault is not None
        if any(lie_there) and not all(lie_there):  # rename, link: from one disk to the other
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        self.is_full = self.is_full or len(self.done) >= self.fault.at
        if self.is_full and name in NEEDS_SPACE and any(lie_there):
            if spoil is not None:
                spoil()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_history(path: Any) -> bool:
    """Whether a path, or what is open under a number, lies in the history."""
    if isinstance(path, int):
        path = os.readlink(f"/proc/self/fd/{path}")  # noqa: PTH115  # a number is no path
    return f"{HISTORY}{os.sep}" in f"{os.path.abspath(path)}{os.sep}"  # noqa: PTH100  # links stay


@contextmanager
def operations(fault: Fault | None = None, disk: "Disk | None" = None) -> Iterator[Operations]:
    """Count, and let fail, the file operations of the block."""
    counted = Operations(fault, disk)
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMED:
            patch.setattr(os, name, _named(counted, name, getattr(os, name)))
        patch.setattr(files, "_exchange", _named(counted, "exchange", files._exchange))
        patch.setattr(days, "write_batches", _written(counted, write_batches))
        patch.setattr(io, "open", _opened(counted, io.open))
        patch.setattr(builtins, "open", _opened(counted, builtins.open))
        yield counted


def _named(counted: Operations, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def operation(*arguments: Any, **named: Any) -> Any:
        named_paths = arguments[:2] if name in TWO_PATHS else arguments[:1]
        counted.meet(name, *(arguments[1:2] if name == "symlink" else named_paths))
        result = real(*arguments, **named)
        if name == "fsync" and counted.disk is not None:
            counted.disk.sync(arguments[0])
        return result

    return operation


def _written(counted: Operations, real: Callable[..., Any]) -> Callable[..., Any]:
    """Write Parquet, which is not done by Python's own functions."""

    def write(target: Path, *arguments: Any, **named: Any) -> Any:
        counted.meet(
            "write parquet",
            target,
            spoil=lambda: os.close(os.open(target, os.O_CREAT | os.O_WRONLY)),
        )
        return real(target, *arguments, **named)

    return write


def _opened(counted: Operations, real: Callable[..., Any]) -> Callable[..., Any]:
    """Open for writing: creating the file is one operation, its one write another."""

    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if not set(mode) & set("wax+"):
            return real(file, mode, *arguments, **named)
        counted.meet("create", file)
        stream = real(file, mode, *arguments, **named)
        write = stream.write

        def half(content: Any) -> None:
            write(content[: len(content) // 2])
            stream.close()

        class Stream:
            """The file, whose write is an operation."""

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                stream.close()

            def __getattr__(self, name: str) -> Any:
                return getattr(stream, name)

            def write(self, content: Any) -> Any:
                counted.meet("write", file, spoil=lambda: half(content))
                return write(content)

        return Stream()

    return opened


class Disk:
    """What of a folder would be left if the power went now.

    Held open: every file and folder that is on the disk, so that its number is never given to
    another one.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.stat().st_ino
        self.contents: dict[int, bytes] = {}
        self.names: dict[int, dict[str, tuple[int, str | None]]] = {}
        self.held: dict[int, int] = {}
        for found, _, names in os.walk(root):
            for path in (Path(found), *(Path(found, name) for name in names)):
                if not path.is_symlink():
                    descriptor = os.open(path, os.O_RDONLY)
                    self.sync(descriptor)
                    os.close(descriptor)

    def sync(self, descriptor: int) -> None:
        """Take note that a file, or the names in a folder, came onto the disk."""
        state = os.fstat(descriptor)
        if state.st_ino not in self.held:
            self.held[state.st_ino] = os.dup(descriptor)
        here = f"/proc/self/fd/{descriptor}"
        if stat.S_ISDIR(state.st_mode):
            with os.scandir(here) as entries:
                self.names[state.st_ino] = {
                    entry.name: (
                        entry.stat(follow_symlinks=False).st_ino,
                        str(Path(entry.path).readlink()) if entry.is_symlink() else None,
                    )
                    for entry in entries
                }
                self._hold(here)
        else:
            size = state.st_size
            self.contents[state.st_ino] = os.pread(descriptor, size, 0)

    def restore(self, target: Path) -> None:
        """Write what is left into a folder of its own, and let go of everything."""
        self._restore(self.root, target)
        for descriptor in self.held.values():
            os.close(descriptor)

    def _hold(self, folder: str) -> None:
        for name in os.listdir(folder):  # noqa: PTH208  # by a descriptor
            path = os.path.join(folder, name)  # noqa: PTH118  # as above
            if not os.path.islink(path):  # noqa: PTH114  # as above
                descriptor = os.open(path, os.O_RDONLY)
                number = os.fstat(descriptor).st_ino
                if number in self.held:
                    os.close(descriptor)
                else:
                    self.held[number] = descriptor
                    if not os.path.isdir(path):  # noqa: PTH112  # as above
                        self.contents.setdefault(number, b"")

    def _restore(self, folder: int, target: Path) -> None:
        target.mkdir()
        for name, (number, leads_to) in self.names.get(folder, {}).items():
            if leads_to is not None:
                (target / name).symlink_to(leads_to)
            elif number in self.contents:
                (target / name).write_bytes(self.contents[number])
            else:
                self._restore(number, target / name)
