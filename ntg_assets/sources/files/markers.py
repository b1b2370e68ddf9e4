"""Markers that engines leave beside their files (`_SUCCESS`, `.crc`), which are no data."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

MARKER_STARTS = ("_", ".")  # `_SUCCESS`, `_temporary/`, `_delta_log/`, `.ipynb_checkpoints/`
MARKER_ENDS = (".crc", ".sha256", "~")
LOOKED_AT = 10_000  # entries below a folder that is named in place of its files


def is_marker(file: Path, pattern: str, home: Path) -> bool:
    """Whether a file is a marker by what follows the part of the pattern that is spelt out."""
    spelt = pattern.split("/")
    n_fixed = next((place for place, part in enumerate(spelt) if glob.has_magic(part)), len(spelt))
    fixed = absolute(home / "/".join(spelt[:n_fixed])) if n_fixed else absolute(home)
    below = file.relative_to(fixed).parts if file.is_relative_to(fixed) else ()
    *folders, name = below or (file.name,)
    starts = tuple(start for start in MARKER_STARTS if not spelt[-1].startswith(start))
    is_marked = bool(starts) and name.startswith(starts)
    is_marked = is_marked or (name.endswith(MARKER_ENDS) and not spelt[-1].endswith(MARKER_ENDS))
    return is_marked or any(
        folder.startswith(MARKER_STARTS) and "=" not in folder for folder in folders
    )


def absolute(path: Path) -> Path:
    """Absolute path without `..`; links stay, so that a file keeps the name it was given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def files_below(folder: Path) -> Iterator[Path]:
    """Some of the files below a folder, nearest first."""
    waiting, n_seen = [folder], 0
    while waiting and n_seen < LOOKED_AT:
        entries = sorted(waiting.pop(0).iterdir())
        n_seen += len(entries)
        yield from (entry for entry in entries if entry.is_file())
        waiting += [entry for entry in entries if entry.is_dir()]
