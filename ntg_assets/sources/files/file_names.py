"""Which files names and globs stand for; the markers that engines leave beside their files are
passed over.
"""

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import SUFFIXES, named_format
from ntg_assets.sources.files.markers import MARKER_STARTS, absolute, files_below, is_marker

GLOB_SIGNS = "*?["
SHOWN_NAMES = 5


@dataclass(frozen=True)
class Found:
    """Files that patterns stand for; what lay among them that is no data; folders among them whose
    files no pattern finds. All by name.
    """

    paths: tuple[Path, ...]
    passed_over: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()


def find_paths(patterns: Sequence[str], *, home: Path, roots: Sequence[Path] = ()) -> Found:
    """Find the files that names and globs stand for, each once, sorted by name.

    A pattern that is the name of an existing file means that file, whatever signs it holds. Of what
    a glob finds, markers (names that begin with `_` or `.` or end in `.crc`, also of folders below
    the glob's first sign) are no data, as every reader of such folders has it, unless the glob
    spells that beginning out.

    Args:
        patterns: Names or globs, relative to `home`.
        home: Project folder.
        roots: Further folders that files may lie in.

    Raises:
        SourceError: a pattern finds nothing, or a file lies where the store may not read.
    """
    matched = [_matches(pattern, home) for pattern in patterns]
    files, markers, folders = (
        {path for paths in matched for path in paths[kind]} for kind in range(3)
    )
    _raise_if_outside(sorted(files), home=home, roots=roots)
    read_below = {folder for path in files for folder in path.parents}
    by_name = [
        tuple(sorted(paths, key=lambda path: name_of(path, home)))
        for paths in (files, markers - files, folders - read_below)
    ]
    return Found(*by_name)


def _raise_if_outside(paths: Sequence[Path], *, home: Path, roots: Sequence[Path]) -> None:
    """Raise when a file lies where the store may not read."""
    allowed = [root.resolve() for root in (home, *roots)]
    for path in paths:
        if not any(path.resolve().is_relative_to(root) for root in allowed):
            raise SourceError(
                f"{name_of(path, home)}: lies outside the project folder, where the store may not"
                " read. Name its folder in `ingest.source_folders`, or copy the file below the"
                " project folder."
            )


def resolve_files(patterns: Sequence[str], *, home: Path, roots: Sequence[Path] = ()) -> list[Path]:
    """Find the files alone (see `find_paths`).

    Args:
        patterns: Paths or globs.
        home: Folder that they are relative to.
        roots: Further folders in which files may lie.
    """
    return list(find_paths(patterns, home=home, roots=roots).paths)


def name_of(path: Path, home: Path) -> str:
    """Name of a file relative to the project folder, the same on every machine."""
    return Path(os.path.relpath(path, home)).as_posix()


def read_literally(path: Path) -> str:
    """Name of a file such that DuckDB reads exactly that file: its readers take `*`,
    `?` and `[` as glob signs.
    """
    return "".join(f"[{sign}]" if sign in GLOB_SIGNS else sign for sign in str(path))


def describe_passed_over(paths: Sequence[Path], *, home: Path) -> str:
    """Say which markers lay among the files."""
    return (
        f"{len(paths):,} file(s) passed over as markers of the engine that wrote the folder:"
        f" {_some_of([name_of(path, home) for path in paths])}"
    )


def describe_folders(paths: Sequence[Path], *, home: Path) -> str:
    """Say which folders lay among the files, whose files are not read."""
    shown = _some_of([name_of(path, home) for path in paths])
    return (
        f"{len(paths):,} folder(s) match beside the files, and what lies in them is not read:"
        f" {shown}. Where it belongs to the source, name it with `**/`"
    )


def _some_of(names: Sequence[str]) -> str:
    """The first names, and whether there are more."""
    return ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")


def _matches(pattern: str, home: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Files of a pattern, the markers among them, and folders that hold files."""
    literal = absolute(home / pattern)
    if literal.is_file():
        return [literal], [], []
    entries = [
        absolute(Path(entry))
        for entry in glob.glob(str(Path(glob.escape(str(home))) / pattern), recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
    ]
    markers = {entry for entry in entries if is_marker(entry, pattern, home)}
    others = [entry for entry in entries if entry not in markers]
    _raise_if_dead_ends(others, home)
    files = [entry for entry in others if entry.is_file()]
    marker_files = sorted(entry for entry in markers if entry.is_file())
    if not files:
        _raise_nothing(pattern, entries, marker_files, home)
    return files, marker_files, [entry for entry in others if _holds_files(entry)]


def _raise_nothing(
    pattern: str, entries: Sequence[Path], markers: Sequence[Path], home: Path
) -> NoReturn:
    """Say why a pattern finds no file, or nothing but markers."""
    if markers:
        raise SourceError(
            f"{pattern}: finds no data. {describe_passed_over(markers, home=home)}. Deliver"
            " the files, or name others."
        )
    raise SourceError(
        f"{pattern}: {_explain_nothing(pattern, entries, home)} Mend `files` in the configuration."
    )


def _holds_files(entry: Path) -> bool:
    """Whether what a glob finds is a folder with files that are no markers."""
    return entry.is_dir() and any(
        not file.name.startswith(MARKER_STARTS) for file in files_below(entry)
    )


def _raise_if_dead_ends(entries: Sequence[Path], home: Path) -> None:
    """Raise when a glob finds what should be a file and cannot be read as one."""
    for entry in entries:
        if entry.is_file() or entry.is_dir():
            continue
        what = (
            f"is a link to {str(entry.readlink())!r}, which is not there"
            if entry.is_symlink()
            else "is a pipe, a socket or a device, which cannot be read twice"
        )
        raise SourceError(
            f"{name_of(entry, home)}: {what}. Deliver the file, or name others in `files`."
        )


def _explain_nothing(pattern: str, entries: Sequence[Path], home: Path) -> str:
    literal = absolute(home / pattern)
    is_folder = literal.is_dir()
    if os.path.lexists(literal) and not is_folder:
        _raise_if_dead_ends([literal], home)
    folders = [literal] if is_folder else [entry for entry in entries if entry.is_dir()]
    if not folders:
        return f"no such file in the project folder.{_neighbours(literal)}"
    what = "is a folder" if is_folder else f"finds {len(folders):,} folder(s), no file"
    globs = _globs_below(folders[0], stem=pattern.rstrip("/"))
    if not globs:
        return f"{what}, and holds no file."
    return f"{what}. Name the files in it, for example {' or '.join(map(repr, globs))}."


def _globs_below(folder: Path, *, stem: str) -> list[str]:
    """Globs that would find the files below a folder, by their endings; at most two."""
    globs: dict[str, None] = {}
    for file in files_below(folder):
        if named_format(file) is None or file.name.startswith(MARKER_STARTS):
            continue
        suffix = max((suffix for suffix in SUFFIXES if file.name.lower().endswith(suffix)), key=len)
        deep = "" if file.parent == folder else "**/"
        globs[f"{stem}/{deep}*{file.name[-len(suffix) :]}"] = None
    return list(globs)[:2] or ([f"{stem}/**/*"] if next(files_below(folder), None) else [])


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {folder.name!r} either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    return f" Its folder holds {_some_of(names)}." if names else " Its folder is empty."
