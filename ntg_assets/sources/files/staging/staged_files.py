"""Where files lie that are written once more, each under a name that says from what and how."""

import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

VERSION = 5  # of what is written: another one is written anew


class Staged(NamedTuple):
    """A file as the reader takes it.

    Attributes:
        path: Where it lies.
        n_skipped_lines: Lines of the original before its first one.
        n_before: Records of the original, where their lists were exploded.
        n_last_lines: Lines at its end that were left out.
    """

    path: Path
    n_skipped_lines: int
    n_before: int | None = None
    n_last_lines: int = 0


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ntg-staged-")


def staging_folder(scratch: Path | None) -> Path:
    """Folder of what is written; without a scratch folder one that ends with the process."""
    return scratch / "staged" if scratch is not None else Path(_temporary().name).resolve()


def clear_staging(scratch: Path | None) -> None:
    """Remove what was written for earlier readings."""
    if scratch is not None:
        shutil.rmtree(staging_folder(scratch), ignore_errors=True)


def staged_path(folder: Path, sha256: str, *recipe: object) -> Path:
    """Where a file lies that is made so from one with these bytes."""
    named = hashlib.sha256(json.dumps([VERSION, sha256, *recipe]).encode()).hexdigest()
    return folder / named


class writing:  # noqa: N801  # reads as a verb where it is used
    """Write a file under another name first, so that no half of it is ever read."""

    def __init__(self, target: Path) -> None:
        # two workers may write equal files at once
        self.target, self.part = target, target.with_name(f"{target.name}.{uuid4().hex}.part")

    def __enter__(self) -> IO[bytes]:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.opened = self.part.open("wb")
        return self.opened

    def __exit__(self, kind: object, *_: object) -> None:
        self.opened.close()
        if kind is None:
            self.part.replace(self.target)
        else:
            self.part.unlink(missing_ok=True)
