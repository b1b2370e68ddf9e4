"""Texts written once more as UTF-8: without what stands before their header and below their last
record, with one kind of line end.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.packing import open_unpacked
from ntg_assets.sources.files.staging.decoding import decoded, lines_of
from ntg_assets.sources.files.staging.staged_files import Staged, staged_path, writing
from ntg_assets.sources.files.text_bytes import NATIVE


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
    target = staged_path(
        folder, sha256, "text", source.encoding, source.comment, *skipped, has_bare_returns
    )
    with open_unpacked(path) as opened, writing(target) as written:
        text = decoded(opened, source.encoding, name=name)
        if has_bare_returns:
            text = (chunk.replace("\r\n", "\n").replace("\r", "\n") for chunk in text)
        lines = _without_last(lines_of(text), source, name=name)
        n_skipped = _copy_lines(lines, written, source, name=name)
    return Staged(target, n_skipped, n_last_lines=source.skip_last_lines)


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
