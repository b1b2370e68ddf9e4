"""Which files a source names, and what their bytes say before any reader is trusted with them."""

import csv
import glob
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from ntg_assets.errors import SourceError
from ntg_assets.events.text_bytes import TextCounts

Format = Literal["csv", "parquet"]
CHUNK_BYTES = 8 << 20
SUFFIXES: dict[str, Format] = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}
GLOB_SIGNS = "*?["
SHOWN_NAMES = 5


@dataclass(frozen=True)
class SourceFile:
    """One file as it was found.

    Attributes:
        number: Its `load_file`.
        name: Relative to the project folder, with forward slashes.
        sha256: Of the bytes on disk.
        n_lines: Physical lines of a CSV file (0 for Parquet: the reader counts its rows).
        n_blank_lines: Lines of a CSV file without any character.
        header: Column names of a CSV file, in order.
        n_header_lines: Lines that the header takes up.
        has_quotes: Whether a CSV file holds a quote character at all.
        copy_of: Number of an earlier file with the same content.
        changed_ns: Time of the last change, to notice one during the load.
    """

    number: int
    path: Path
    name: str
    format: Format
    sha256: str
    n_bytes: int
    changed_ns: int
    n_lines: int = 0
    n_blank_lines: int = 0
    header: tuple[str, ...] = ()
    n_header_lines: int = 0
    has_quotes: bool = False
    copy_of: int | None = None


def resolve_files(patterns: Sequence[str], *, home: Path, roots: Sequence[Path] = ()) -> list[Path]:
    """Find the files that names and globs stand for, each once, sorted by name.

    A pattern that is the name of an existing file means that file, whatever signs it holds.

    Args:
        patterns: Names or globs, relative to `home`.
        home: Project folder.
        roots: Further folders that files may lie in.

    Raises:
        SourceError: a pattern finds nothing, or a file lies where the store may not read.
    """
    found = {path for pattern in patterns for path in _matches(pattern, home)}
    allowed = [root.resolve() for root in (home, *roots)]
    for path in sorted(found):
        if not any(path.resolve().is_relative_to(root) for root in allowed):
            raise SourceError(
                f"{name_of(path, home)}: lies outside the project folder, where the store may not read."
                " Name its folder in `ingest.source_folders`, or copy the file below the project folder."
            )
    return sorted(found, key=lambda path: name_of(path, home))


def name_of(path: Path, home: Path) -> str:
    """Name of a file relative to the project folder, the same on every machine."""
    return Path(os.path.relpath(path, home)).as_posix()


def read_literally(path: Path) -> str:
    """Name of a file such that DuckDB reads exactly that file: its readers take `*`, `?` and `[` as glob signs."""
    return "".join(f"[{sign}]" if sign in GLOB_SIGNS else sign for sign in str(path))


def inspect_files(paths: Sequence[Path], *, home: Path, format_: str, delimiter: str, first_number: int) -> list[SourceFile]:
    """Look at each file's bytes: hash, size, lines, header, encoding; mark files whose content came before.

    Raises:
        SourceError: a file is empty, damaged, not UTF-8, holds NUL bytes, or the files are of several kinds.
    """
    kinds = {path: _format_of(path, format_, home) for path in paths}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name_of(path, home)} ({kind})" for path, kind in list(kinds.items())[:SHOWN_NAMES])
        raise SourceError(f"one source holds CSV and Parquet files together: {told}. Name files of one kind.")
    inspected: list[SourceFile] = []
    numbers: dict[str, int] = {}
    for number, path in enumerate(paths, start=first_number):
        file = _inspect(path, number=number, name=name_of(path, home), format_=kinds[path], delimiter=delimiter, copies=numbers)
        numbers.setdefault(file.sha256, number)
        inspected.append(file)
    return inspected


def refuse_changed(files: Sequence[SourceFile]) -> None:
    """Raise when a file is not what it was when it was inspected: then two readings of it may differ."""
    for file in files:
        stat = file.path.stat() if file.path.exists() else None
        if stat is None or (stat.st_size, stat.st_mtime_ns) != (file.n_bytes, file.changed_ns):
            raise SourceError(
                f"{file.name}: changed while it was read. Let the writer finish (write under another name, then rename), then run again."
            )


def open_text(path: Path) -> IO[bytes]:
    """Open a CSV file for reading its bytes, unpacked when its name ends in `.gz`."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]  # GzipFile reads bytes too


def _matches(pattern: str, home: Path) -> list[Path]:
    literal = _absolute(home / pattern)
    if literal.is_file():
        return [literal]
    found = glob.glob(str(Path(glob.escape(str(home))) / pattern), recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
    files = [_absolute(Path(path)) for path in found if Path(path).is_file()]
    if not files:
        raise SourceError(f"{pattern}: no such file in the project folder.{_neighbours(literal)} Mend `files` in the configuration.")
    return files


def _absolute(path: Path) -> Path:
    """Absolute path without `..`; links stay, so that a file keeps the name it was given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # resolve() would follow links


def _neighbours(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" There is no folder {folder.name!r} either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    shown = ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
    return f" Its folder holds {shown}." if names else " Its folder is empty."


def _format_of(path: Path, format_: str, home: Path) -> Format:
    if format_ == "csv":
        return "csv"
    if format_ == "parquet":
        return "parquet"
    for suffix, found in SUFFIXES.items():
        if path.name.lower().endswith(suffix):
            return found
    raise SourceError(
        f"{name_of(path, home)}: its name does not say whether it is CSV or Parquet (known: {', '.join(SUFFIXES)}). Set `format`."
    )


def _inspect(path: Path, *, number: int, name: str, format_: Format, delimiter: str, copies: dict[str, int]) -> SourceFile:
    stat = path.stat()
    if stat.st_size == 0:
        raise SourceError(
            f"{name}: is empty (0 bytes), at least a header was expected. Was its copy interrupted? Deliver it again or remove it."
        )
    try:
        with path.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
        common = SourceFile(number, path, name, format_, sha256, stat.st_size, stat.st_mtime_ns, copy_of=copies.get(sha256))
        return common if format_ == "parquet" else _inspect_text(common, delimiter)
    except PermissionError:
        raise SourceError(f"{name}: may not be read by this user. Grant read permission.") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{name}: cannot be unpacked ({error}); it is cut short or damaged. Deliver it again.") from None


def _inspect_text(file: SourceFile, delimiter: str) -> SourceFile:
    counts = TextCounts(file.name)
    with open_text(file.path) as opened:
        for chunk in iter(lambda: opened.read(CHUNK_BYTES), b""):
            counts.add(chunk)
    counts.finish()
    header, n_header_lines = _read_header(file, delimiter)
    return replace(
        file,
        n_lines=counts.n_lines,
        n_blank_lines=counts.n_blank_lines,
        has_quotes=counts.has_quotes,
        header=header,
        n_header_lines=n_header_lines,
    )


def _read_header(file: SourceFile, delimiter: str) -> tuple[tuple[str, ...], int]:
    with open_text(file.path) as opened, io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            names: list[str] = next(reader, [])
        except csv.Error as error:
            raise SourceError(f"{file.name}: its header cannot be read ({error}). Mend the first line.") from None
        if not names:
            raise SourceError(f"{file.name}: its first line is empty, a header with column names was expected. Remove the empty line.")
        return tuple(names), reader.line_num
