"""Files and folders that are either whole or not there: written aside, synced, renamed.

A rename is atomic for who looks, and lasts through a power cut only once its folder is synced; so
each change of a name here ends with that.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ntg_assets.errors import StorageError

AT_WORKING_FOLDER, EXCHANGE = -100, 2  # of Linux: AT_FDCWD, RENAME_EXCHANGE
WITHOUT_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP)
CANNOT_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def write_whole(target: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` make a file beside the target, sync it, and swap it in.

    Readers see the old file or the new one, never a part; an open reader goes on with the old one.
    """
    make_folders(target.parent)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        write(part)
        sync(part)
        part.replace(target)
        sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return target


def write_text(target: Path, text: str) -> Path:
    """Write a text file whole."""
    return write_whole(target, lambda part: part.write_text(text, encoding="utf-8"))


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Bring a folder onto the disk, with everything below it (not what links in it lead to)."""
    for below, _, files in os.walk(folder, topdown=False):
        for name in files:
            if not (path := Path(below, name)).is_symlink():
                sync(path)
        sync(Path(below))


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, and bring their names onto the disk."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        sync(folder.parent)


def rename(old: Path, new: Path) -> None:
    """Rename within one folder or between two, for good."""
    old.rename(new)
    for folder in {old.parent, new.parent}:
        sync(folder)


def point(link: Path, target: Path) -> None:
    """Let a relative link lead to a target; whoever looks finds the old one or the new one.

    Args:
        link: The link.
        target: What it leads to.

    Raises:
        StorageError: the file system has no links.
        OSError: a real folder has this name (see `replace_folder`).
    """
    leads_to = relative(target, link.parent)
    if link.is_symlink() and link.readlink() == leads_to:
        return
    make_folders(link.parent)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(leads_to)
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        raise StorageError(
            f"{link.parent} lies on a file system without links ({error.strerror}). Put the"
            " workspace on another one (the `workspace` key)."
        ) from None
    fresh.replace(link)
    sync(link.parent)


def relative(target: Path, folder: Path) -> Path:
    """Return a path as it is seen from a folder, so that both can be moved together."""
    return Path(os.path.relpath(target, folder))


def replace_folder(folder: Path, target: Path, *, aside: Path) -> None:
    """Put a relative link in the place of a real folder, which goes aside; the name never is gone.

    Args:
        folder: The real folder.
        target: What the link leads to.
        aside: Where the folder goes; it must not exist.
    """
    fresh = folder.with_name(f".{folder.name}.new")
    point(fresh, target)
    _exchange(fresh, folder)
    sync(folder.parent)
    make_folders(aside.parent)
    rename(fresh, aside)


def unlink(path: Path) -> None:
    """Take a file or a link away, for good."""
    if path.is_symlink() or path.exists():
        path.unlink()
        sync(path.parent)


def remove_tree(folder: Path) -> None:
    """Remove a folder and everything below it: at once for who looks, and what is left of it after
    a crash has a name that begins with a dot.
    """
    if folder.is_symlink() or not folder.exists():
        return
    doomed = folder
    if not folder.name.startswith("."):
        doomed = folder.with_name(f".removing-{folder.name}")
        remove_tree(doomed)
        rename(folder, doomed)
    shutil.rmtree(doomed)
    sync(doomed.parent)


def hard_link(source: Path, target: Path) -> None:
    """Give a file a second name; where the disk cannot, copy it."""
    make_folders(target.parent)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, *CANNOT_EXCHANGE):
            raise
        write_whole(target, lambda part: shutil.copyfile(source, part))


def _exchange(first: Path, second: Path) -> None:
    """Exchange two names in one instant; where the system cannot, in two steps."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is not None:
        names = (os.fsencode(first), os.fsencode(second))
        if renameat2(AT_WORKING_FOLDER, names[0], AT_WORKING_FOLDER, names[1], EXCHANGE) == 0:
            return
        if (number := ctypes.get_errno()) not in CANNOT_EXCHANGE:
            raise OSError(number, os.strerror(number), str(second))
    aside = second.with_name(f".{second.name}.old")
    second.rename(aside)
    first.rename(second)
    aside.rename(first)
