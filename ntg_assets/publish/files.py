"""Published files: written into a folder that nobody reads yet, known by their SHA-256."""

import hashlib
from collections.abc import Callable
from pathlib import Path

READ_BYTES = 1 << 20


def write_file(target: Path, write: Callable[[Path], object]) -> Path:
    """Let `write` make a file of a generation that is being written.

    Nothing is synced here: the whole folder is, once, before it gets its name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target)
    return target


def write_text(target: Path, text: str) -> Path:
    """Write a text file of a generation that is being written."""
    return write_file(target, lambda file: file.write_text(text, encoding="utf-8"))


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()
