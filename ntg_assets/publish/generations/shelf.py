"""The generations: whole folders beside each other, of which a link makes one the current one.

data/generations/.making-<run>      being written; nobody reads it
data/generations/<name>             whole, verified, never changed
data/generations/<name>.2           the same tables again: a damaged one mended, or another page
data/current -> generations/<name>  what people see
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.publish.manifest import Manifest, read_manifest
from ntg_assets.publish.verify import verify_publication
from ntg_assets.storage.files import make_folders, remove_tree, rename, sync_tree
from ntg_assets.storage.run_lock import run_lock

MAKING, REMOVING = ".making-", ".removing-"
FEWEST_DIGITS = 4  # of a name that is given by its beginning


class Kept(NamedTuple):
    """One whole generation on the disk.

    Attributes:
        folder: Where it lies.
        manifest: What it holds.
        made_at: When it was written (naive UTC).
    """

    folder: Path
    manifest: Manifest
    made_at: datetime

    @property
    def name(self) -> str:
        """The generation's name; a folder of the same tables again has a number behind it."""
        return self.manifest.generation

    @property
    def n_bytes(self) -> int:
        """Bytes of its files."""
        return sum(file.n_bytes for file in self.manifest.files)


def shelf_lock(paths: Paths) -> AbstractContextManager[None]:
    """Hold what is current and what is kept, for the moment in which that changes."""
    return run_lock(paths.generations / "generations.lock")


def shelve(
    paths: Paths, name: str, *, run: str, write: Callable[[Path], object], anew: bool = False
) -> Path:
    """Return the whole folder of a generation, written now unless it is there.

    Args:
        paths: Where generations lie.
        name: Of its content: a folder of this name that is as its manifest says is left alone.
        run: Who writes; one at a time.
        write: Writes everything into a folder, the manifest last.
        anew: Whether to write it even so, into a folder of its own.

    Raises:
        StorageError: what was written is not what the manifest says.
    """
    if not anew and (whole := whole_folder(paths, name)):
        return whole
    making = paths.generations / f"{MAKING}{run}"
    try:
        remove_tree(making)
        make_folders(making)
        write(making)
        sync_tree(making)
        verify_publication(paths.at(making))
        folder = _free(paths, name)
        rename(making, folder)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell; the next run removes the rest
            remove_tree(making)
        raise
    return folder


def generations(paths: Paths) -> list[Kept]:
    """List the generations, oldest first, each once: the current folder, or the latest one."""
    current = current_folder(paths)
    by_name: dict[str, Kept] = {}
    for kept in readable_folders(paths):
        if kept.name not in by_name or by_name[kept.name].folder != current:
            by_name[kept.name] = kept
    return sorted(by_name.values(), key=lambda kept: (kept.made_at, kept.name))


def current_kept(paths: Paths) -> Kept | None:
    """Return the generation that people see, with its folder; None where none is whole."""
    current = current_folder(paths)
    return next((kept for kept in readable_folders(paths) if kept.folder == current), None)


def editions(paths: Paths, name: str) -> list[Kept]:
    """List the folders of one generation, oldest first."""
    return [kept for kept in readable_folders(paths) if kept.name == name]


def whole_folder(paths: Paths, name: str) -> Path | None:
    """Return the first folder of a generation that is as its manifest says; None without one."""
    return next(
        (kept.folder for kept in editions(paths, name) if _is_whole(paths, kept.folder)), None
    )


def unreadable(paths: Paths) -> list[Path]:
    """List the folders that are no generation, because their manifest cannot be read."""
    readable = {kept.folder for kept in readable_folders(paths)}
    return [folder for folder in generation_folders(paths) if folder not in readable]


def find(paths: Paths, given: str) -> Kept:
    """Return the generation of a name, or of the beginning of one.

    Raises:
        StorageError: there is none, or more than one.
    """
    shelved = generations(paths)
    matching = [kept for kept in shelved if kept.name == given] or [
        kept for kept in shelved if len(given) >= FEWEST_DIGITS and kept.name.startswith(given)
    ]
    if len(matching) != 1:
        fault = "is no generation" if not matching else f"begins {len(matching)} names"
        names = ", ".join(kept.name for kept in reversed(shelved)) or "none"
        raise StorageError(f"{given!r} {fault}; kept are: {names}. `ntg generations` lists them.")
    return matching[0]


def current_folder(paths: Paths) -> Path | None:
    """Return the folder of the current generation; None where nothing is published."""
    return paths.current.resolve() if paths.current.is_symlink() else None


def current_generation(paths: Paths) -> Manifest | None:
    """Return the manifest of the current generation; None where nothing is published, or where its
    manifest cannot be read (see `damage`): that must not keep a whole one from taking its place.
    """
    folder = current_folder(paths)
    if folder is None:
        return None
    try:
        return read_manifest(paths.at(folder).manifest)
    except StorageError:
        return None


def damage(paths: Paths) -> str | None:
    """Say why the current generation cannot be read; None where it can, or none is published."""
    folder = current_folder(paths)
    if folder is None:
        return None
    try:
        read_manifest(paths.at(folder).manifest)
    except StorageError as error:
        return (
            f"the current generation {folder.name} is damaged, so nothing was compared with it:"
            f" {error}"
        )
    return None


def readable_folders(paths: Paths) -> list[Kept]:
    """List the folders with a readable manifest, in the order in which they were written."""
    shelved = []
    for folder in generation_folders(paths):
        file = paths.at(folder).manifest
        with suppress(StorageError):
            manifest = read_manifest(file)
            made_at = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(tzinfo=None)
            shelved.append(Kept(folder, manifest, made_at))
    return sorted(shelved, key=lambda kept: (kept.made_at, _number(kept.folder)))


def generation_folders(paths: Paths) -> list[Path]:
    """List the folders that are generations, or were to be; whether they are whole is not asked."""
    if not paths.generations.is_dir():
        return []
    return sorted(
        folder
        for folder in paths.generations.iterdir()
        if folder.is_dir() and not folder.name.startswith(".")
    )


def _number(folder: Path) -> int:
    suffix = re.search(r"\.(\d+)$", folder.name)
    return int(suffix[1]) if suffix else 1


def _free(paths: Paths, name: str) -> Path:
    """Return the first folder name of a generation that is not taken."""
    folder, number = paths.generations / name, 1
    while folder.exists():
        number += 1
        folder = paths.generations / f"{name}.{number}"
    return folder


def _is_whole(paths: Paths, folder: Path) -> bool:
    try:
        verify_publication(paths.at(folder))
    except StorageError:
        return False
    return True
