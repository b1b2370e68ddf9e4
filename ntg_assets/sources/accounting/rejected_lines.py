"""Lines of text files that do not fit the dialect, with the reason in words and their place."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from ntg_assets.sources.files.packing import open_unpacked
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sql import read_sql

REASONS = {
    "MISSING COLUMNS": "has too few fields",
    "TOO MANY COLUMNS": "has too many fields",
    "UNQUOTED VALUE": "has a quote that is not closed or not doubled",
    "LINE SIZE OVER MAXIMUM": "is longer than 2 MB",
}


@dataclass(frozen=True)
class Reject:
    """A CSV line that does not fit the dialect.

    Attributes:
        offset: Of its first byte in the (unpacked) file.
        reason: In words.
        text: The line, or as much as the reader took for it.
    """

    offset: int
    reason: str
    text: str


def rejects_of(
    connection: duckdb.DuckDBPyConnection, layouts: Sequence[Layout]
) -> dict[str, tuple[Reject, ...]]:
    """Rejected lines by path, in the order of the file; a line with several errors counts once."""
    if not any(layout.has_lines for layout in layouts):
        return {}
    matches: dict[str, list[Reject]] = {}
    for path, position, kind, line in connection.execute(
        read_sql("sources.accounting", "rejects")
    ).fetchall():
        stripped = line.lstrip("\r\n")
        offset = position - 1 + len(line) - len(stripped)
        matches.setdefault(path, []).append(Reject(offset, _in_words(kind), stripped))
    return {path: tuple(rejects) for path, rejects in matches.items()}


def _in_words(kind: str) -> str:
    return REASONS.get(kind, f"does not fit the dialect ({kind.lower()})")


def line_at(file: SourceFile, offset: int) -> int:
    """Number of the physical line that holds the byte at `offset`, from 1."""
    with open_unpacked(file.read_path) as opened:
        before = opened.read(offset)
    return file.n_skipped_lines + before.count(b"\n") + 1
