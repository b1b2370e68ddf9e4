"""Workspaces of older versions: real folders in the places where links are now.

Their publication becomes a generation (each file gets a second name, nothing is copied), then each
folder gives way to its link in one instant. What was no part of the publication is kept in
`data/before_generations`, and said.
"""

import errno
import os
from collections.abc import Iterator
from filecmp import cmp
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.history.days import KEPT_BY_DAY
from ntg_assets.history.links import adopt_days, show_history
from ntg_assets.publish.generations.handover import LINKED, reconcile
from ntg_assets.publish.generations.shelf import current_folder, shelve
from ntg_assets.publish.manifest import Manifest, read_manifest, write_manifest
from ntg_assets.publish.verify import verify_publication
from ntg_assets.storage.files import (
    hard_link,
    make_folders,
    point,
    relative,
    remove_tree,
    rename,
    replace_folder,
)

OLDER = "data/before_generations"
BROKEN_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # nothing that a mount would explain
# superseded by generations: the store of the publication before
PREVIOUS_STORE = "data/published/ntg.previous.duckdb"


def migrate(paths: Paths) -> list[str]:
    """Take over what an older version published; return what is worth saying of it."""
    notes = list(_other_links(paths))
    real = [name for name in LINKED if _is_real(paths.workspace / name)]
    left = [name for name in LINKED if _is_real(_on_its_way(paths, name))]
    if not real and not left:
        return notes
    adopt_days(paths.workspace, paths.history)
    if not paths.current.is_symlink():
        notes += _take_over(paths)
    for name in left:  # a process ended between the two steps
        aside = _free(paths.workspace / OLDER / name)
        make_folders(aside.parent)
        rename(_on_its_way(paths, name), aside)
    for name in real:
        _give_way(paths, name)
    return notes + _clear(paths)


def _other_links(paths: Paths) -> Iterator[str]:
    """Say which links of somebody's own are about to lead elsewhere."""
    for name in LINKED:
        link = paths.workspace / name
        if link.is_symlink() and link.readlink() != relative(paths.current / name, link.parent):
            yield (
                f"{name} was a link to {link.readlink()}; it leads to the current generation now,"
                " and what lies there is left as it is"
            )


def _give_way(paths: Paths, name: str) -> None:
    try:
        replace_folder(
            paths.workspace / name,
            paths.current / name,
            aside=_free(paths.workspace / OLDER / name),
        )
    except OSError as error:
        if error.errno in BROKEN_DISK:
            raise
        raise StorageError(
            f"{name} is a real folder and cannot give way to a link ({error.strerror}). If it is"
            " mounted, mount the whole workspace instead; else move it away."
        ) from None


def _is_real(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def _on_its_way(paths: Paths, name: str) -> Path:
    folder = paths.workspace / name
    return folder.with_name(f".{folder.name}.new")


def _take_over(paths: Paths) -> list[str]:
    """Make a generation of the older publication, and the current one, if it is whole."""
    older = paths.at(paths.workspace)
    if not older.manifest.is_file():
        return []
    try:
        verify_publication(older)
    except StorageError as error:
        return [f"what an older version had published is not whole and is kept aside: {error}"]
    manifest = read_manifest(older.manifest)
    listed = _without_kept_days(manifest)
    folder = shelve(
        paths,
        manifest.generation,
        run=f"older-{manifest.generation}",
        write=lambda making: _link_all(paths, listed, making),
    )
    point(paths.current, folder)
    reconcile(paths)
    return []


def _without_kept_days(manifest: Manifest) -> Manifest:
    """Leave out the days that were files of the publication and are history now."""
    shown = tuple(f"{kept.shown_in}/" for kept in KEPT_BY_DAY if kept.shown_in)
    files = [file for file in manifest.files if not file.path.startswith(shown)]
    return manifest.model_copy(update={"files": files})


def _link_all(paths: Paths, manifest: Manifest, making: Path) -> None:
    for file in manifest.files:
        hard_link(paths.workspace / file.path, making / file.path)
    show_history(making, paths.history)
    target = paths.at(making).manifest
    write_manifest(manifest, target)
    was = paths.at(paths.workspace).manifest.stat()
    os.utime(target, ns=(was.st_atime_ns, was.st_mtime_ns))


def _clear(paths: Paths) -> list[str]:
    """Remove from the older folders what the generation and the history hold; say what is left."""
    older, current = paths.workspace / OLDER, current_folder(paths)
    if current is not None:
        for file in sorted(older.rglob("*")):
            if file.is_symlink() or (file.is_file() and _is_held(paths, file, older, current)):
                file.unlink()
    for folder, _, _ in os.walk(older, topdown=False):
        if not os.listdir(folder):  # noqa: PTH208  # of an os.walk
            Path(folder).rmdir()
    left = [file for file in older.rglob("*") if file.is_file()]
    if not left:
        remove_tree(older)
        return []
    first = left[0].relative_to(paths.workspace)
    return [f"{len(left)} files that were no part of the publication lie in {OLDER} now ({first})"]


def _is_held(paths: Paths, file: Path, older: Path, current: Path) -> bool:
    name = file.relative_to(older).as_posix()
    if name in {PREVIOUS_STORE, "outputs/manifest.json"}:
        return True
    places = [current / name]
    places += [paths.history / kept.kind / file.name for kept in KEPT_BY_DAY]
    return any(place.is_file() and _is_same(file, place) for place in places)


def _is_same(file: Path, other: Path) -> bool:
    return file.samefile(other) or cmp(file, other, shallow=False)


def _free(folder: Path) -> Path:
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}.{number}")
    return free
