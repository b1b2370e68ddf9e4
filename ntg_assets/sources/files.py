"""What the bytes of source files say before any reader is trusted with them."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from ntg_assets.errors import SourceError
from ntg_assets.sources.delimiters import tell_other_delimiter
from ntg_assets.sources.file_kinds import (
    HEAD_BYTES,
    Format,
    format_of,
    is_packed,
    refuse_no_parquet,
    refuse_other_kinds,
    tell_misnamed,
)
from ntg_assets.sources.file_names import SHOWN_NAMES, name_of
from ntg_assets.sources.partitions import Partition, content_identity, partition_of
from ntg_assets.sources.text_bytes import TextCounts

CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class SourceFile:
    """One file as it was found.

    Attributes:
        number: Its `load_file`.
        name: Relative to the project folder, with forward slashes.
        sha256: Of the bytes on disk.
        partition: What the `key=value` folders of its path say.
        n_lines: Physical lines of a CSV file (0 for Parquet: the reader counts its rows).
        n_blank_lines: Lines of a CSV file without any character.
        header: Column names of a CSV file, in order.
        n_header_lines: Lines that the header takes up.
        has_quotes: Whether a CSV file holds a quote character at all.
        is_packed: Whether a CSV file is gzip.
        misnamed: In what its bytes differ from what its name promises; none: in nothing.
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
    partition: Partition = ()
    n_lines: int = 0
    n_blank_lines: int = 0
    header: tuple[str, ...] = ()
    n_header_lines: int = 0
    has_quotes: bool = False
    is_packed: bool = False
    misnamed: str | None = None
    copy_of: int | None = None

    @property
    def identity(self) -> str:
        """Name of the content: the bytes, and what the folders say of them."""
        return content_identity(self.sha256, self.partition)


def inspect_files(
    paths: Sequence[Path], *, home: Path, format_: str, delimiter: str, first_number: int
) -> list[SourceFile]:
    """Look at each file's bytes: hash, size, lines, header, encoding;
    mark files whose content came before.

    Raises:
        SourceError: a file is empty, damaged, no data, not UTF-8, holds NUL bytes, or the files are
            of several kinds.
    """
    kinds = {path: _kind(path, name=name_of(path, home), stated=format_) for path in paths}
    if len(set(kinds.values())) > 1:
        shown = [
            next(path for path in paths if kinds[path] == kind)
            for kind in dict.fromkeys(kinds.values())
        ]
        told = ", ".join(
            f"{name_of(path, home)} ({kinds[path]})"
            for path in sorted({*paths[: SHOWN_NAMES - len(shown)], *shown})
        )
        raise SourceError(
            f"one source holds CSV and Parquet files together: {told}. Name files of one kind."
        )
    inspected: list[SourceFile] = []
    numbers: dict[str, int] = {}
    for number, path in enumerate(paths, start=first_number):
        file = _inspect(
            path, number=number, name=name_of(path, home), format_=kinds[path], delimiter=delimiter
        )
        file = replace(file, copy_of=numbers.get(file.identity))
        numbers.setdefault(file.identity, number)
        inspected.append(file)
    return inspected


def refuse_changed(files: Sequence[SourceFile]) -> None:
    """Raise when a file is not what it was when it was inspected: then two readings of it may
    differ.
    """
    for file in files:
        stat = file.path.stat() if file.path.exists() else None
        if stat is None or (stat.st_size, stat.st_mtime_ns) != (file.n_bytes, file.changed_ns):
            raise SourceError(
                f"{file.name}: changed while it was read. Let the writer finish (write under"
                " another name, then rename), then run again."
            )


def open_text(path: Path) -> IO[bytes]:
    """Open a CSV file for reading its bytes, unpacked where they are gzip."""
    opened = path.open("rb")
    if not is_packed(opened):
        return opened
    opened.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]  # GzipFile reads bytes too


def _kind(path: Path, *, name: str, stated: str) -> Format:
    try:
        if path.stat().st_size == 0:
            raise SourceError(
                f"{name}: is empty (0 bytes), at least a header was expected. Was its copy"
                " interrupted? Deliver it again or remove it."
            )
        return format_of(path, name=name, stated=stated)
    except PermissionError:
        raise SourceError(f"{name}: may not be read by this user. Grant read permission.") from None


def _inspect(path: Path, *, number: int, name: str, format_: Format, delimiter: str) -> SourceFile:
    stat = path.stat()
    with path.open("rb") as opened:
        packed = format_ == "csv" and is_packed(opened)
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    file = SourceFile(
        number,
        path,
        name,
        format_,
        sha256,
        stat.st_size,
        stat.st_mtime_ns,
        partition=partition_of(name),
        is_packed=packed,
        misnamed=tell_misnamed(path, format_=format_, packed=packed),
    )
    if format_ == "parquet":
        refuse_no_parquet(path, name=name)
        return file
    try:
        return _inspect_text(file, delimiter)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            f"{name}: cannot be unpacked ({error}); it is cut short or damaged. Deliver it again."
        ) from None


def _inspect_text(file: SourceFile, delimiter: str) -> SourceFile:
    counts = TextCounts(file.name)
    with open_text(file.path) as opened:
        head = opened.read(HEAD_BYTES)
        refuse_other_kinds(head, name=file.name)
        counts.add(head)
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
    with (
        open_text(file.path) as opened,
        io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as text,
    ):
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            names: list[str] = next(reader, [])
        except csv.Error as error:
            text.seek(0)
            hint = (
                tell_other_delimiter(text.readline().rstrip("\r\n"), delimiter)
                or "Mend the first line."
            )
            raise SourceError(f"{file.name}: its header cannot be read ({error}). {hint}") from None
        if not names:
            raise SourceError(
                f"{file.name}: its first line is empty, a header with column names was expected."
                " Remove the empty line."
            )
        return tuple(names), reader.line_num
