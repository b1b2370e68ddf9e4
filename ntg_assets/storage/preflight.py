"""What must be true before a run starts: a writable workspace,
room on the disk, nobody else in the warehouse.
"""

import os
import shutil
from pathlib import Path

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run_lock import run_lock

GIGABYTE = 10**9
# a failed write keeps its size in the file for ever, so there must be room for it and for its
# repetition
ROOM_FACTOR = 3
# a night adds a file or two to each kind of the history, about as large as the largest there
HISTORY_FILES, LEAST_HISTORY = 4, 10 * 1000**2


def check_ready(paths: Paths, *, engine: EngineSettings) -> None:
    """Refuse a run that would fail later.

    Raises:
        StorageError: the workspace is not writable, the disk is too full, another run goes on, or
            another process holds the warehouse.
    """
    try:
        paths.scratch.mkdir(parents=True, exist_ok=True)
        paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{error.filename}: {error.strerror}. Give a writable folder with the `workspace` key."
        ) from None
    for folder in (paths.warehouse.parent, paths.scratch):
        if not os.access(folder, os.W_OK):
            raise StorageError(
                f"{folder} is not writable. Give a writable folder with the `workspace` key."
            )
    _raise_if_full_disk(paths, engine)
    with run_lock(paths.run_lock), connect(paths.warehouse):
        pass


def _raise_if_full_disk(paths: Paths, engine: EngineSettings) -> None:
    size = paths.warehouse.stat().st_size if paths.warehouse.exists() else 0
    generation = largest_generation(paths) or size
    needed = max(ROOM_FACTOR * size + generation, engine.minimum_free_disk_gb * GIGABYTE)
    free = shutil.disk_usage(paths.warehouse.parent).free
    if free < needed:
        raise StorageError(
            f"{free / GIGABYTE:.1f} GB of disk are free, a run needs {needed / GIGABYTE:.1f} GB"
            f" ({ROOM_FACTOR} times the warehouse of {size / GIGABYTE:.1f} GB, and one more"
            f" publication of {generation / GIGABYTE:.1f} GB; at least"
            " engine.minimum_free_disk_gb). Make room or move the workspace."
        )
    for folder, room in (
        (paths.history, max(HISTORY_FILES * _largest_file(paths.history), LEAST_HISTORY)),
        (paths.generations, generation),
    ):
        _raise_if_full_disk_of(folder, room, beside=paths.warehouse.parent)


def _raise_if_full_disk_of(folder: Path, needed: int, *, beside: Path) -> None:
    """Ask a folder that may be a disk of its own: else the run fails at its end, publishing."""
    if not folder.is_dir() or _device(folder) == _device(beside):
        return
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} is a disk of its own with {free / 1000**2:.1f} MB free, and a publication"
            f" needs {needed / 1000**2:.1f} MB there. Make room on it."
        )


def _device(folder: Path) -> int:
    return folder.stat().st_dev


def _largest_file(folder: Path) -> int:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return max((path.stat().st_size for path in files), default=0)


def largest_generation(paths: Paths) -> int:
    """Bytes of the largest publication that is kept: the next one takes as much before an older one
    may go. 0 where none is.
    """
    if not paths.generations.is_dir():
        return 0
    folders = [folder for folder in paths.generations.iterdir() if folder.is_dir()]
    return max(map(_size_of, folders), default=0)


def _size_of(folder: Path) -> int:
    return sum(
        Path(below, name).lstat().st_size for below, _, names in os.walk(folder) for name in names
    )
