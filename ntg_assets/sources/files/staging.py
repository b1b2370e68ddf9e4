"""Files that no reader takes as they are, written once more in a form that it does: UTF-8, without
the lines that are no records; the array of a JSON document as one record a line.

What is written is named by content, and line for line the same as the file (but for the lines
before its header), so that every message still names the line of the original.
"""

import codecs
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

from ntg_assets.configuration.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.packing import open_unpacked

NATIVE = frozenset({"utf-8", "utf-8-sig", "ascii"})
CHUNK_CHARACTERS = 4 << 20
SPACE = re.compile(r"[ \t\r\n]*")
LINE_ENDS = str.maketrans("\r\n", "  ")
VERSION = 2  # of what is written: another one is written anew


class Staged(NamedTuple):
    """A file as the reader takes it.

    Attributes:
        path: Where it lies.
        n_skipped_lines: Lines of the original before its first one.
    """

    path: Path
    n_skipped_lines: int


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
    return source.encoding not in NATIVE or source.comment is not None or source.skip_lines > 0


def stage_text(path: Path, source: FileSource, *, name: str, sha256: str, folder: Path) -> Staged:
    """Write a text file as UTF-8, without what stands before its header, comments as empty lines,
    all lines with one kind of end.

    Raises:
        SourceError: the text is not of the configured encoding, or ends before its header.
    """
    target = _target(folder, sha256, "text", source.encoding, source.comment, source.skip_lines)
    n_skipped = 0
    with open_unpacked(path) as opened, _writing(target) as written:
        n_skipped = _copy_lines(opened, written, source, name=name)
    return Staged(target, n_skipped)


def stage_records(
    path: Path, source: FileSource, *, name: str, sha256: str, folder: Path
) -> Staged:
    """Write the records of a JSON document, one a line, each as it is written there.

    Raises:
        SourceError: the document is no JSON, or holds no array of records where it should.
    """
    target = _target(folder, sha256, "records", source.encoding, source.records)
    with open_unpacked(path) as opened:
        text = "".join(_decoded(opened, source.encoding, name=name))
    with _writing(target) as written:
        for record in records_of(text.removeprefix("\ufeff"), source.records, name=name):
            written.write(record.translate(LINE_ENDS).encode() + b"\n")
    return Staged(target, 0)


def records_of(text: str, place: str | None, *, name: str) -> Iterator[str]:
    """Texts of the records of a JSON document, in order.

    Args:
        text: The document.
        place: Dotted keys that lead to the array of records; none: it is the document.
        name: The file in messages.

    Raises:
        SourceError: the document is no JSON, or there is no array.
    """
    decoder = json.JSONDecoder()
    try:
        start = _descend(text, place.split(".") if place else [], decoder, name=name)
        if text[start : start + 1] != "[":
            _refuse_loose_records(text, start, decoder, name=name)
            where = f"under records: {place}" if place else "in it"
            found = _keys_at(text, start, decoder)
            raise SourceError(
                f"{name}: is a JSON document without an array {where}{found}. Say where its"
                " records lie with `records`, such as `records: data.plays`."
            )
        yield from _elements(text, start + 1, decoder)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{name}: is no whole JSON (line {error.lineno}: {error.msg}). Was its copy"
            " interrupted? Deliver it again."
        ) from None
    except RecursionError:
        raise SourceError(
            f"{name}: is JSON that is nested too deeply. Deliver flat records."
        ) from None


def _refuse_loose_records(text: str, start: int, decoder: json.JSONDecoder, *, name: str) -> None:
    """Raise when further records follow the first one without an array around them."""
    _, end = decoder.raw_decode(text, start)
    after = _after_space(text, end)
    if text[after : after + 1] in {"{", ","}:
        line = text.count("\n", 0, after) + 1
        raise SourceError(
            f"{name}: holds several JSON objects without an array around them (the second one after"
            f" {text[after]!r} in line {line}). Write one object a line, without commas between"
            " them, or one array."
        )


def _copy_lines(opened: IO[bytes], written: IO[bytes], source: FileSource, *, name: str) -> int:
    """Copy lines; return how many were left out before the first one."""
    n_skipped, has_begun = 0, False
    mark = source.comment
    for line in _lines(_decoded(opened, source.encoding, name=name)):
        if not has_begun:
            is_before = n_skipped < source.skip_lines
            if is_before or not line.strip("\r\n\ufeff") or (mark and line.startswith(mark)):
                n_skipped += 1
                continue
            has_begun = True
        if mark and line.startswith(mark):
            written.write(b"\n")
        else:
            plain = line.removeprefix("\ufeff")
            written.write((plain[:-2] + "\n" if plain.endswith("\r\n") else plain).encode())
    if not has_begun:
        raise SourceError(
            f"{name}: ends after {n_skipped:,} line(s) that are skipped (`skip_lines`, `comment`);"
            " no header is left. Correct them."
        )
    return n_skipped


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


def _descend(text: str, keys: list[str], decoder: json.JSONDecoder, *, name: str) -> int:
    """Where the value under some keys begins."""
    place = _after_space(text, 0)
    for key in keys:
        if text[place : place + 1] != "{":
            raise SourceError(
                f"{name}: `records` names {key!r}, but there is no object at that place. Correct"
                " `records`."
            )
        found = next((at for one, at in _members(text, place, decoder) if one == key), None)
        if found is None:
            raise SourceError(
                f"{name}: `records` names {key!r}, which is not there"
                f"{_keys_at(text, place, decoder)}. Correct `records`."
            )
        place = found
    return place


def _members(text: str, place: int, decoder: json.JSONDecoder) -> Iterator[tuple[str, int]]:
    """Keys of the object that begins at a place, each with where its value begins."""
    place = _after_space(text, place + 1)
    while text[place : place + 1] == '"':
        key, place = decoder.raw_decode(text, place)
        place = _expect(text, place, ":")
        yield key, place
        _, place = decoder.raw_decode(text, place)
        place = _after_space(text, place)
        if text[place : place + 1] == "}":
            return
        place = _expect(text, place, ",")
    if text[place : place + 1] != "}":
        raise json.JSONDecodeError("a key or '}' expected", text, place)


def _elements(text: str, place: int, decoder: json.JSONDecoder) -> Iterator[str]:
    """Texts of the elements of an array, from after its bracket."""
    place = _after_space(text, place)
    if text[place : place + 1] == "]":
        return
    while True:
        _, end = decoder.raw_decode(text, place)
        yield text[place:end]
        place = _after_space(text, end)
        if text[place : place + 1] == "]":
            return
        place = _expect(text, place, ",")


def _expect(text: str, place: int, sign: str) -> int:
    """Place after a sign that must come next."""
    place = _after_space(text, place)
    if text[place : place + 1] != sign:
        raise json.JSONDecodeError(f"{sign!r} expected", text, min(place, len(text)))
    return _after_space(text, place + 1)


def _keys_at(text: str, place: int, decoder: json.JSONDecoder) -> str:
    """Say which keys an object has."""
    if text[place : place + 1] != "{":
        return ""
    keys = [key for key, _ in _members(text, place, decoder)]
    return f" (it has {', '.join(map(repr, keys[:8]))})" if keys else ""


def _after_space(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    return found.end() if found else place


def _target(folder: Path, sha256: str, *recipe: object) -> Path:
    named = hashlib.sha256(json.dumps([VERSION, sha256, *recipe]).encode()).hexdigest()
    return folder / named


class _writing:  # noqa: N801  # reads as a verb where it is used
    """Write a file under another name first, so that no half of it is ever read."""

    def __init__(self, target: Path) -> None:
        self.target, self.part = target, target.with_suffix(".part")

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
