"""The rows that cannot be used: where each stands in its file,
what is wrong with it, how it looks there.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.sources.accounting.rejected_lines import Reject
from ntg_assets.sources.accounting.text_records import TextRecord, text_records
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sources.reading.plans import ROW, Plan

ID_DIGITS = 16  # of a SHA-256: a collision within a million rows has a chance of 3 in 100 million
SHOWN_CHARACTERS = 80
SCHEMA = {
    "quarantine_id": pl.String,
    "source": pl.String,
    "load_file": pl.Int64,
    "file_name": pl.String,
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "raw_text": pl.String,
}


class BadRow(NamedTuple):
    """One row that cannot be used. The fields are those of the contract of `quarantine`."""

    load_file: int
    line: int
    column_name: str
    reason: str
    raw_text: str


def place_rows(
    plan: Plan, invalid: pl.DataFrame, rejects: Mapping[int, Sequence[Reject]]
) -> list[BadRow]:
    """Find bad rows in their files: the physical line and the text as it stands there.

    Args:
        plan: Files and rules of the source.
        invalid: load_file, row_number, column_name (of the contract), reason, raw_fields.
        rejects: Lines that are no rows at all, by file number; complete, for they do not count as
            rows.

    Returns:
        Bad rows by file and line: all of `invalid` and of `rejects`.

    Raises:
        SourceError: the text found for a row is not that row.
    """
    by_file = {
        key[0]: {row["row_number"]: row for row in rows.to_dicts()}
        for key, rows in invalid.group_by("load_file")
    }
    placed: list[BadRow] = []
    for layout in plan.layouts:
        for file in layout.files:
            rows, lines = by_file.get(file.number, {}), rejects.get(file.number, ())
            if rows or lines:
                placed += (
                    _place_lines(plan, layout, file, rows, lines)
                    if layout.has_lines
                    else _place_records(plan, file, rows)
                )
    return sorted(placed)


def quarantine_table(
    bad: Iterable[BadRow], files: Sequence[SourceFile], *, source: str
) -> pl.DataFrame:
    """Rows of the quarantine contract, by file and line.

    Args:
        bad: Rows with their places.
        files: Files that they come from.
        source: `events` or `items`.
    """
    by_number = {file.number: file for file in files}
    rows = [
        (
            _key(source, by_number[row.load_file].identity, row.line),
            source,
            row.load_file,
            by_number[row.load_file].name,
            *row[1:],
        )
        for row in sorted(bad)
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _place_records(
    plan: Plan, file: SourceFile, rows: Mapping[int, Mapping[str, Any]]
) -> Iterator[BadRow]:
    """Rows of a Parquet file: their text is their mapped columns."""
    columns = list(plan.raw_columns.values())
    for number, row in rows.items():
        raw = json.dumps(dict(zip(columns, row["raw_fields"], strict=True)), ensure_ascii=False)
        yield BadRow(
            file.number, number, plan.named_columns[row["column_name"]], row["reason"], raw
        )


def _place_lines(
    plan: Plan,
    layout: Layout,
    file: SourceFile,
    rows: Mapping[int, Mapping[str, Any]],
    rejects: Sequence[Reject],
) -> Iterator[BadRow]:
    """Rows of a CSV file: the text is read once more, record by record."""
    by_offset = {reject.offset: reject for reject in rejects}
    for record in text_records(file, layout, by_offset.keys()):
        reject, row = by_offset.get(record.offset), rows.get(record.row_number)
        if reject is not None:
            column, reason = ROW, reject.reason
        elif row is not None:
            if layout.format == "csv":
                _raise_if_other_row(plan, layout, file, record, row["raw_fields"])
                _raise_if_other_header(file, record.line, row["raw_fields"])
            column, reason = plan.named_columns[row["column_name"]], row["reason"]
        else:
            continue
        yield BadRow(file.number, record.line, column, reason, record.text)


def _raise_if_other_header(file: SourceFile, line: int, fields: Sequence[str | None]) -> None:
    """Raise where each field of a bad row is the name of a column: the rows below it stand in
    another order, and would be read under wrong names.
    """
    names = [field.strip() for field in fields if field and field.strip()]
    if len(names) > 1 and len(set(names)) == len(names) and set(names) <= set(file.header):
        raise SourceError(
            f"{file.name} line {line}: holds another header ({', '.join(map(repr, names))}) below"
            f" {', '.join(map(repr, file.header))}: files of differing columns were put together."
            " Deliver them apart; nothing was loaded."
        )


def _raise_if_other_row(
    plan: Plan, layout: Layout, file: SourceFile, record: TextRecord, fields: Sequence[str | None]
) -> None:
    """Raise when the text found for a bad row is not that row: then its line number would be a
    guess.
    """
    parsed = layout.dialect.parse(record.text)
    named = [
        (name, field or "")
        for name, field in zip(plan.raw_columns.values(), fields, strict=True)
        if name in layout.types
    ]
    places = [list(layout.types).index(name) for name, _ in named]
    # longer by an empty field is well: the reader forgives a delimiter at the end
    is_short = len(parsed) < len(layout.types)
    if is_short or [parsed[place] for place in places] != [field for _, field in named]:
        raise SourceError(
            f"{file.name}: line {record.line} reads {record.text[:SHOWN_CHARACTERS]!r}, but the"
            f" reader found {list(fields)} in this row; nothing was loaded. Quotes in the file are"
            " not standard CSV: double each quote inside a quoted field."
        )


def _key(source: str, identity: str, line: int) -> str:
    return hashlib.sha256(f"{source}:{identity}:{line}".encode()).hexdigest()[:ID_DIGITS]
