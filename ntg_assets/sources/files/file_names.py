"""Which files names and globs stand for; the markers that engines leave beside their files are
passed over.
"""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import SUFFIXES, named_format

GLOB_SIGNS = "*?["
SHOWN_NAMES = 5
MARKER_STARTS = ("_", ".")  # `_SUCCESS`, `_temporary/`, `_delta_log/`, `.ipynb_checkpoints/`
MARKER_ENDS = (".crc", ".sha256", "~")
LOOKED_AT = 10_000  # entries below a folder that is named in place of its files


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
    result: set[Path] = set()
    markers: set[Path] = set()
    folders: set[Path] = set()
    for pattern in patterns:
        files, passed_over, beside = _matches(pattern, home)
        result.update(files)
        markers.update(passed_over)
        folders.update(beside)
    allowed = [root.resolve() for root in (home, *roots)]
    for path in sorted(result):
        if not any(path.resolve().is_relative_to(root) for root in allowed):
            raise SourceError(
                f"{name_of(path, home)}: lies outside the project folder, where the store may not"
                " read. Name its folder in `ingest.source_folders`, or copy the file below the"
                " project folder."
            )
    read_below = {folder for path in result for folder in path.parents}
    by_name = [
        tuple(sorted(paths, key=lambda path: name_of(path, home)))
        for paths in (result, markers - result, folders - read_below)
    ]
    return Found(*by_name)


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


def tell_passed_over(paths: Sequence[Path], *, home: Path) -> str:
    """Say which markers lay among the files."""
    shown = ", ".join(name_of(path, home) for path in paths[:SHOWN_NAMES]) + (
        ", ..." if len(paths) > SHOWN_NAMES else ""
    )
    return (
        f"{len(paths):,} file(s) passed over as markers of the engine that wrote the folder:"
        f" {shown}"
    )


def tell_folders(paths: Sequence[Path], *, home: Path) -> str:
    """Say which folders lay among the files, whose files are not read."""
    shown = ", ".join(name_of(path, home) for path in paths[:SHOWN_NAMES]) + (
        ", ..." if len(paths) > SHOWN_NAMES else ""
    )
    return (
        f"{len(paths):,} folder(s) match beside the files, and what lies in them is not read:"
        f" {shown}. Where it belongs to the source, name it with `**/`"
    )


def _matches(pattern: str, home: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Files of a pattern, the markers among them, and folders that hold files."""
    literal = _absolute(home / pattern)
    if literal.is_file():
        return [literal], [], []
    entries = [
        _absolute(Path(entry))
        for entry in glob.glob(str(Path(glob.escape(str(home))) / pattern), recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
    ]
    files = [entry for entry in entries if entry.is_file()]
    markers = {file for file in files if _is_marker(file, pattern, home)}
    _refuse_dead_ends([one for one in entries if not _is_marker(one, pattern, home)], home)
    if not files:
        raise SourceError(
            f"{pattern}: {_explain_nothing(pattern, literal, entries, home)} Mend `files` in the"
            " configuration."
        )
    if len(markers) == len(set(files)):
        raise SourceError(
            f"{pattern}: finds no data. {tell_passed_over(sorted(markers), home=home)}. Deliver the"
            " files, or name others."
        )
    folders = [
        entry
        for entry in entries
        if entry.is_dir()
        and not _is_marker(entry, pattern, home)
        and any(not file.name.startswith(MARKER_STARTS) for file in _files_below(entry))
    ]
    return [file for file in files if file not in markers], sorted(markers), folders


def _refuse_dead_ends(entries: Sequence[Path], home: Path) -> None:
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


def _is_marker(file: Path, pattern: str, home: Path) -> bool:
    """Whether a file is a marker by what follows the part of the pattern that is spelt out."""
    spelt = pattern.split("/")
    n_fixed = next((place for place, part in enumerate(spelt) if glob.has_magic(part)), len(spelt))
    fixed = _absolute(home / "/".join(spelt[:n_fixed])) if n_fixed else _absolute(home)
    below = file.relative_to(fixed).parts if file.is_relative_to(fixed) else ()
    *folders, name = below or (file.name,)
    starts = tuple(start for start in MARKER_STARTS if not spelt[-1].startswith(start))
    is_marked = bool(starts) and name.startswith(starts)
    is_marked = is_marked or (name.endswith(MARKER_ENDS) and not spelt[-1].endswith(MARKER_ENDS))
    return is_marked or any(
        folder.startswith(MARKER_STARTS) and "=" not in folder for folder in folders
    )


def _absolute(path: Path) -> Path:
    """Absolute path without `..`; links stay, so that a file keeps the name it was given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def _explain_nothing(pattern: str, literal: Path, entries: Sequence[Path], home: Path) -> str:
    if os.path.lexists(literal) and not literal.is_dir():
        _refuse_dead_ends([literal], home)
    folders = [literal] if literal.is_dir() else [entry for entry in entries if entry.is_dir()]
    if not folders:
        return f"no such file in the project folder.{_neighbours(literal)}"
    what = "is a folder" if literal.is_dir() else f"finds {len(folders):,} folder(s), no file"
    globs = _globs_below(folders[0], stem=pattern.rstrip("/"))
    return (
        f"{what}. Name the files in it, for example {' or '.join(map(repr, globs))}."
        if globs
        else f"{what}, and holds no file."
    )


def _globs_below(folder: Path, *, stem: str) -> list[str]:
    """Globs that would find the files below a folder, by their endings; at most two."""
    globs: dict[str, None] = {}
    for file in _files_below(folder):
        if named_format(file) is None or file.name.startswith(MARKER_STARTS):
            continue
        suffix = max((suffix for suffix in SUFFIXES if file.name.lower().endswith(suffix)), key=len)
        deep = "" if file.parent == folder else "**/"
        globs[f"{stem}/{deep}*{file.name[-len(suffix) :]}"] = None
    return list(globs)[:2] or ([f"{stem}/**/*"] if next(_files_below(folder), None) else [])


def _files_below(folder: Path) -> Iterator[Path]:
    """Some of the files below a folder, nearest first."""
    waiting, n_seen = [folder], 0
    while waiting and n_seen < LOOKED_AT:
        entries = sorted(waiting.pop(0).iterdir())
        n_seen += len(entries)
        yield from (entry for entry in entries if entry.is_file())
        waiting += [entry for entry in entries if entry.is_dir()]


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {folder.name!r} either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    shown = ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
    return f" Its folder holds {shown}." if names else " Its folder is empty."
