"""Files that are either whole or not there: written as `.part`, synced, renamed."""

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(target: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` make a file beside the target, sync it, and swap it in.

    Readers see the old file or the new one, never a part; an open reader goes on with the old one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        write(part)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return target


def write_text(target: Path, text: str) -> Path:
    """Write a text file whole."""
    return write_whole(target, lambda part: part.write_text(text, encoding="utf-8"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
