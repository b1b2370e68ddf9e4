"""How the lines of a text are divided into fields, and where its records begin."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.divided_lines import delimiter_of, rows_of, take_lists_in_fields
from ntg_assets.sources.sniffing.footers import take_lines_below
from ntg_assets.sources.sniffing.headers import MOSTLY, is_datum, take_columns
from ntg_assets.sources.sniffing.refused_lines import (
    raise_if_ill_quoted,
    raise_if_not_delimited,
    raise_if_undivided,
)
from ntg_assets.sources.sniffing.sniffed import SAMPLE_BYTES, SAMPLE_LINES, SAMPLE_RECORDS, Sniffed

MOST_TITLE_LINES = 20
csv.field_size_limit(SAMPLE_BYTES)  # a cell may hold a document
W3C_FIELDS = "#fields:"


def sniff_csv(
    lines: Sequence[str], sniffed: Sniffed, *, last_lines: Sequence[str] | None = None, name: str
) -> None:
    """Take the lines of a text apart: titles, delimiter, quotes, header, values, what stands below.

    Args:
        lines: The first ones.
        sniffed: What is completed.
        last_lines: The last ones of a longer text; none: `lines` are all.
        name: The file in messages.
    """
    body, comment = _without_comments(lines, sniffed)
    raise_if_not_delimited(body, name=name)
    is_for_excel = bool(body) and body[0].lower().startswith("sep=")
    quote, escape = _quotes_of(body, sniffed)
    delimiter, n_fields = delimiter_of(body[is_for_excel:], quote, escape)
    rows = list(rows_of(body[: SAMPLE_RECORDS + 1], delimiter, quote, escape))
    if n_fields == 1:
        raise_if_undivided(rows, body, name=name)
    last = body if last_lines is None else [line for line in last_lines if line.strip()]
    last_rows = rows if last is body else list(rows_of(last, delimiter, quote, escape))
    n_below = take_lines_below(
        sniffed, last, last_rows, n_fields, lambda below, sign: rows_of(below, sign, quote, escape)
    )
    if n_below and last is body:
        body, rows = body[:-n_below], rows[:-n_below]
    n_before = int(is_for_excel) + _title_lines(rows[is_for_excel:], n_fields)
    if len(rows) == n_before:
        raise SourceError(f"{name}: holds no record. Deliver a file with rows.")
    if delimiter != ",":
        why = f"it divides {len(body):,} lines into {n_fields} fields"
        sniffed.take("delimiter", delimiter, why)
    n_skipped = lines.index(body[n_before])
    if n_before or (n_skipped and not comment):
        why = "its first line is `sep=` for Excel" if is_for_excel else "lines before the header"
        sniffed.take("skip_lines", n_skipped, why)
    raise_if_ill_quoted(rows, body, quote, delimiter, name=name)
    said = _names_in_comment(lines) if comment else ()
    take_columns(rows[n_before:], n_fields, sniffed, said=said, name=name)
    take_lists_in_fields(sniffed)


def _without_comments(lines: Sequence[str], sniffed: Sniffed) -> tuple[list[str], str | None]:
    """Lines that hold something and are no comment, and the sign that begins comments."""
    comment = "#" if _begins_with_comment(lines) else None
    if comment:
        sniffed.take("comment", comment, "its first line begins with #")
    body = [line for line in lines if line.strip() and not (comment and line.startswith(comment))]
    return body, comment


def _names_in_comment(lines: Sequence[str]) -> Sequence[str]:
    """Names of columns that the comments of a server's log say."""
    fields = next((line for line in lines if line.lower().startswith(W3C_FIELDS)), "")
    return fields[len(W3C_FIELDS) :].split()


def _begins_with_comment(lines: Sequence[str]) -> bool:
    """Whether the first line begins with #, and is not a header that does."""
    if not lines or not lines[0].startswith("#"):
        return False
    others = [line for line in lines if line.strip() and not line.startswith("#")]
    n_marked = sum(line.startswith("#") for line in lines)
    delimiter, n_fields = delimiter_of(others, '"', None)
    first = next(iter(rows_of(lines[:1], delimiter, '"')), [])
    return n_marked > 1 or len(first) != n_fields or n_fields == 1


def _quotes_of(lines: Sequence[str], sniffed: Sniffed) -> tuple[str, str | None]:
    """The sign around fields, and the one before such a sign inside of them."""
    sample = lines[:SAMPLE_LINES]
    single = sum(bool(re.search(r"(^|[;,\t|])'[^']*'([;,\t|]|$)", line)) for line in sample)
    if not any('"' in line for line in sample) and sample and single >= MOSTLY * (len(sample) - 1):
        sniffed.take("quote", "'", "fields stand between single quotes")
        return "'", None
    if any(map(_has_escaped_quotes, sample)):
        sniffed.take("escape", "\\", 'quotes inside of fields are written \\"')
        return '"', "\\"
    return '"', None


def _has_escaped_quotes(line: str) -> bool:
    """Whether a backslash stands before a quote inside of a field. Where quotes are doubled it
    belongs to the text: before two of them (in JSON), or at the end of a field.
    """
    if line.count('"') % 2:
        return '\\"' in line
    return re.search(r'\\"(?!"|[;,\t|]|$)', line) is not None


def _title_lines(rows: Sequence[Sequence[str]], n_fields: int) -> int:
    """Lines before the header: those of fewer fields than nearly all others, or of hardly any that
    is filled.
    """
    usual = Counter(map(_n_filled, rows[:SAMPLE_LINES])).most_common(1)[0][0] if rows else 0
    n_before = next(
        (
            place
            for place, row in enumerate(rows[:MOST_TITLE_LINES])
            if len(row) >= n_fields and 2 * _n_filled(row) > usual
        ),
        0,
    )
    if n_before and len(rows[n_before - 1]) > 1 and any(map(is_datum, rows[n_before])):
        return n_before - 1  # a header of fewer names than there are fields
    whole = sum(len(row) >= n_fields for row in rows[n_before:])
    return n_before if whole >= MOSTLY * len(rows[n_before:]) else 0


def _n_filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)
