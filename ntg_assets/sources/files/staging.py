"""Files that no reader takes as they are, written once more in a form that it does."""

import codecs
import hashlib
import json
import shutil
import tempfile
from collections import deque
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple
from uuid import uuid4

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.exploding import Exploded, Lists, place_column
from ntg_assets.sources.files.exploding_csv import exploded_rows
from ntg_assets.sources.files.json.json_documents import LINE_ENDS, records_of
from ntg_assets.sources.files.packing import open_unpacked

NATIVE = frozenset({"utf-8", "utf-8-sig", "ascii"})
CHUNK_CHARACTERS = 4 << 20
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


def needs_staging(source: FileSource) -> bool:
    """Whether a text file of this source must be written once more before it is read."""
    are_skipped = source.skip_lines > 0 or source.skip_last_lines > 0
    return source.encoding not in NATIVE or source.comment is not None or are_skipped


def stage_text(
    path: Path,
    source: FileSource,
    *,
    name: str,
    sha256: str,
    folder: Path,
    has_bare_returns: bool = False,
) -> Staged:
    """Write a text file as UTF-8, without what stands before its header, comments as empty lines,
    all lines with one kind of end.

    Args:
        path: The file.
        source: How it is written.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.
        has_bare_returns: Whether lines end in a carriage return alone.

    Raises:
        SourceError: the text is not of the configured encoding, or ends before its header.
    """
    skipped = (source.skip_lines, source.skip_last_lines)
    target = _target(
        folder, sha256, "text", source.encoding, source.comment, *skipped, has_bare_returns
    )
    with open_unpacked(path) as opened, writing(target) as written:
        text = _decoded(opened, source.encoding, name=name)
        if has_bare_returns:
            text = (chunk.replace("\r\n", "\n").replace("\r", "\n") for chunk in text)
        lines = _without_last(_lines(text), source, name=name)
        n_skipped = _copy_lines(lines, written, source, name=name)
    return Staged(target, n_skipped, n_last_lines=source.skip_last_lines)


def stage_records(
    path: Path, source: FileSource, *, name: str, sha256: str, folder: Path
) -> Staged:
    """Write the records of a JSON document, one a line, each as it is written there.

    Args:
        path: The file.
        source: Where its records lie.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.

    Raises:
        SourceError: the document is no JSON, or holds no array of records where it should.
    """
    target = _target(folder, sha256, "records", source.encoding, source.records)
    with open_unpacked(path) as opened:
        text = "".join(_decoded(opened, source.encoding, name=name))
    with writing(target) as written:
        for record in records_of(text.removeprefix("\ufeff"), source.records, name=name):
            written.write(record.translate(LINE_ENDS).encode() + b"\n")
    return Staged(target, 0)


def stage_exploded(
    path: Path,
    source: FileSource,
    *,
    wanted: Collection[str],
    is_document: bool,
    name: str,
    sha256: str,
    folder: Path,
) -> Staged:
    """Write the elements of lists inside of records of JSON, one a line, with the fields around
    them (see `exploding`).

    Args:
        path: The file.
        source: Where its records lie, and which lists.
        wanted: Columns that are read.
        is_document: Whether it is one document (or several), not one record a line.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.

    Raises:
        SourceError: the document is no JSON, or no record holds such a list.
    """
    recipe = (source.encoding, source.records, source.explode, sorted(wanted))
    target = _target(folder, sha256, "exploded", *recipe)
    exploded = Exploded(Lists.of(source.explode), wanted)
    with open_unpacked(path) as opened, writing(target) as written:
        text = _decoded(opened, source.encoding, name=name)
        records = (
            records_of(
                "".join(text).removeprefix("\ufeff"), source.records, name=name, may_be_lone=True
            )
            if is_document
            else (line.strip(" \t\r\n\ufeff") for line in _lines(text))
        )
        for record in filter(None, records):
            for element in _elements_of(record, exploded):
                written.write(element.translate(LINE_ENDS).encode() + b"\n")
        exploded.raise_if_no_lists(name=name)
    return Staged(target, 0, exploded.n_records)


def stage_exploded_csv(staged: Path, source: FileSource, *, name: str, folder: Path) -> Staged:
    """Write the records of a CSV text, as it is staged, with a line for each element of their
    lists, and a column for its place.

    Args:
        staged: The text, whose name says what it is.
        source: How it is written, and which columns are lists.
        name: The file in messages.
        folder: Where what is written lies.
    """
    dialect, n_before = Dialect.of(source), 0
    recipe = (source.explode, source.explode_separator, dialect.delimiter, source.columns)
    target = _target(folder, staged.name, "exploded", *recipe, dialect.quote, dialect.escape)
    with staged.open(encoding="utf-8", newline="") as text, writing(target) as written:
        records = dialect.records(text)
        header = source.columns
        if header is None:
            header = next(records, ("", [""]))[1]
            named = [*header, place_column(source.explode)]
            written.write(f"{dialect.write(named)}\n".encode())

        def counted() -> Iterator[tuple[str, list[str]]]:
            nonlocal n_before
            for record in records:
                n_before += 1
                yield record

        for row in exploded_rows(counted(), header, source, name=name):
            line = row if isinstance(row, str) else dialect.write(row)
            written.write(f"{line}\n".encode())
    return Staged(target, 0, n_before)


def _elements_of(record: str, exploded: Exploded) -> list[str]:
    """Texts of the records that a line holds; of one that is no JSON itself."""
    try:
        return list(exploded.records_of(record))
    except (json.JSONDecodeError, RecursionError, IndexError):
        return [record]  # the reader quarantines it


def _without_last(lines: Iterator[str], source: FileSource, *, name: str) -> Iterator[str]:
    """Lines but for the last ones that hold something and are no comment."""
    waiting: deque[str] = deque()
    n_waiting = n_given = 0
    for line in lines:
        waiting.append(line)
        n_waiting += _holds_something(line, source.comment)
        while n_waiting > source.skip_last_lines:
            first = waiting.popleft()
            n_waiting -= _holds_something(first, source.comment)
            n_given += 1
            yield first
    if source.skip_last_lines and (n_waiting < source.skip_last_lines or not n_given):
        raise SourceError(
            f"{name}: has no more than {n_waiting:,} line(s), of which the last"
            f" {source.skip_last_lines:,} are skipped (`skip_last_lines`); no record is left."
            " Correct it."
        )


def _holds_something(line: str, comment: str | None) -> bool:
    return bool(line.strip("\r\n\ufeff")) and not (comment and line.startswith(comment))


def _copy_lines(text: Iterator[str], written: IO[bytes], source: FileSource, *, name: str) -> int:
    """Copy lines; return how many were left out before the first one."""
    n_skipped, has_begun = 0, False
    mark = source.comment
    for line in text:
        if not has_begun:
            is_before = n_skipped < source.skip_lines
            if is_before or not line.strip("\r\n\ufeff") or (mark and line.startswith(mark)):
                n_skipped += 1
                continue
            has_begun = True
        is_comment = mark and line.startswith(mark)
        written.write(b"\n" if is_comment else _with_line_feed(line).encode())
    if not has_begun:
        raise SourceError(
            f"{name}: ends after {n_skipped:,} line(s) that are skipped (`skip_lines`, `comment`);"
            " no header is left. Correct them."
        )
    return n_skipped


def _with_line_feed(line: str) -> str:
    """A line that ends as lines do here, without a byte order mark."""
    plain = line.removeprefix("\ufeff")
    return plain.rstrip("\r\n") + "\n" if plain.endswith("\r\n") else plain


def _decoded(opened: IO[bytes], encoding: str, *, name: str) -> Iterator[str]:
    """Text, chunk by chunk."""
    decoder = codecs.getincrementaldecoder("utf-8" if encoding in NATIVE else encoding)()
    n_lines = 0
    for chunk in (*iter(lambda: opened.read(CHUNK_CHARACTERS), b""), b""):
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeError as error:
            line = n_lines + 1
            if isinstance(error, UnicodeDecodeError):
                line += error.object[: error.start].count(b"\n")
            if not chunk:
                raise SourceError(
                    f"{name}: line {line}, the last one, ends in the middle of a character"
                    f" ({encoding}). Was its copy interrupted? Deliver it again, or correct"
                    " `encoding`."
                ) from None
            raise SourceError(
                f"{name}: line {line} is not {encoding} ({error.__class__.__name__}). Set"
                " `encoding` to what the file is written in: utf-8, cp1252, latin-1, utf-16."
            ) from None
        n_lines += text.count("\n")
        yield text


def _lines(chunks: Iterator[str]) -> Iterator[str]:
    """Lines with their ends."""
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n")
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest


def _target(folder: Path, sha256: str, *recipe: object) -> Path:
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
