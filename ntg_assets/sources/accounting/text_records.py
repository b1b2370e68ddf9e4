"""The records of a text file as its reader found them, each with its line and its place."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ntg_assets.sources.files.packing import open_unpacked
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.layouts import Layout


@dataclass(frozen=True)
class TextRecord:
    """One record of a CSV file: its first byte and line,
    its place among the readable rows (0: not readable), its text.
    """

    offset: int
    line: int
    row_number: int
    text: str


def text_records(file: SourceFile, layout: Layout, rejected: Iterable[int]) -> Iterator[TextRecord]:
    """Go through a CSV file's records the way the reader did."""
    refused, row_number, started = frozenset(rejected), 0, (0, 0)
    parts: list[bytes] = []
    for line_number, offset, line in _numbered_lines(file):
        if not parts and offset in refused:
            yield TextRecord(offset, line_number, 0, _text([line]))
        elif parts or line.strip(b"\r\n") or layout.keeps_blank_lines:
            started = started if parts else (offset, line_number)
            parts.append(line)
            if _is_complete(parts, layout):
                row_number += 1
                yield TextRecord(*started, row_number, _text(parts))
                parts = []


def _numbered_lines(file: SourceFile) -> Iterator[tuple[int, int, bytes]]:
    """Lines after the header: number from 1, offset of the first byte, bytes."""
    offset = 0
    with open_unpacked(file.read_path) as lines:
        for number, line in enumerate(lines, start=1):
            if number > file.n_header_lines:
                yield number + file.n_skipped_lines, offset, line
            offset += len(line)


def _is_complete(parts: list[bytes], layout: Layout) -> bool:
    """Whether no quoted field is still open."""
    quote = layout.dialect.quote.encode()
    if layout.format == "json" or not quote or (len(parts) == 1 and quote not in parts[0]):
        return True
    try:
        layout.dialect.parse(b"".join(parts).decode("utf-8"))
    except csv.Error:
        return False
    return True


def _text(parts: list[bytes]) -> str:
    return b"".join(parts).decode("utf-8").rstrip("\r\n")
