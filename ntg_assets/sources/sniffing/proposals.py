"""What files seem to be: how their text is divided into columns, and with `column_roles` which
column is what, each with the reason why. It proposes settings; the reader itself never guesses.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import polars as pl

from ntg_assets.configuration.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import (
    BYTE_ORDER_MARKS,
    HEAD_BYTES,
    is_whole_parquet,
    json_kind,
    refuse_other_kinds,
)
from ntg_assets.sources.files.json_keys import records_place
from ntg_assets.sources.files.packing import open_unpacked, unpacking
from ntg_assets.sources.files.staging import records_of
from ntg_assets.sources.sniffing.column_roles import sniff_roles
from ntg_assets.sources.sniffing.sniffed import Sniffed
from ntg_assets.sources.sniffing.value_kinds import time_settings

SAMPLE_BYTES, SAMPLE_RECORDS, SAMPLE_LINES = 4 << 20, 20_000, 200
DELIMITERS = ("::", ";", "\t", "|", ",", "\x01")
MOST_TITLE_LINES = 20
MOSTLY = 0.9  # of the lines
CONTROL_SHARE = 0.02  # of the characters; a stray one is told by the reader
TWO_ENCODINGS = 10  # bytes of another encoding that look like UTF-8 by chance are fewer
MANY_LINE_ENDS = 20  # in one field
LATIN_ONLY = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that cp1252 does not have


def sniff_file(path: Path, *, name: str) -> Sniffed:
    """Look at a file and propose settings for it.

    Raises:
        SourceError: it is no data that could be read.
    """
    found = Sniffed()
    if is_whole_parquet(path):
        _sniff_parquet(path, found)
    else:
        with unpacking(name), open_unpacked(path) as opened:
            head = opened.read(SAMPLE_BYTES)
        if not head:
            raise SourceError(f"{name}: is empty. Deliver a file with rows.")
        try:
            _sniff_text(head, path, found, name=name)
        except csv.Error as error:
            raise SourceError(
                f"{name}: cannot be divided into records ({error}). Is a quote not closed? Mend the"
                " line, or set `quote: null` where quotes are text."
            ) from None
    sniff_roles(found)
    return found


def _sniff_parquet(path: Path, found: Sniffed) -> None:
    frame = pl.read_parquet(path, n_rows=SAMPLE_RECORDS)
    found.columns = frame.columns
    for column, dtype in frame.schema.items():
        plain = not isinstance(dtype, pl.List | pl.Struct)
        texts = (
            frame[column].cast(pl.String) if plain else frame[column].map_elements(str, pl.String)
        )
        found.values[column] = [text or "" for text in texts]


def _sniff_text(head: bytes, path: Path, found: Sniffed, *, name: str) -> None:
    encoding = _encoding_of(head, name=name)
    if encoding != "utf-8":
        found.take("encoding", encoding, f"its bytes are no UTF-8, they read as {encoding}")
    source = FileSource(files=[name], encoding=encoding, skip_lines=1)
    refuse_other_kinds(head[:HEAD_BYTES], name=name, source=source)
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    _refuse_no_text(text, name=name)
    kind = json_kind(text.lstrip()[:HEAD_BYTES].encode())
    if kind is not None:
        _sniff_json(text, path, found, kind=kind, name=name)
        return
    lines = [line.removeprefix("\ufeff").removesuffix("\r") for line in text.split("\n")]
    if len(head) == SAMPLE_BYTES:
        lines = lines[:-1]  # it may be cut
    _sniff_csv(lines, found, name=name)


def _refuse_no_text(text: str, *, name: str) -> None:
    """Raise when what was decoded is mostly no text."""
    n_control = sum(
        not (sign.isprintable() or sign in "\t\r\n\x01\ufeff") for sign in text[:HEAD_BYTES]
    )
    if n_control > CONTROL_SHARE * len(text[:HEAD_BYTES]):
        raise SourceError(
            f"{name}: is no text in an encoding that is known here ({n_control:,} of its first"
            f" {len(text[:HEAD_BYTES]):,} characters are control characters). Is it a binary file,"
            " or EBCDIC (`encoding: cp500`)? Deliver text, or set `encoding`."
        )


def _encoding_of(head: bytes, *, name: str) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding.lower()
    first, second = head[:HEAD_BYTES:2], head[1:HEAD_BYTES:2]
    if second.count(0) > len(second) / 2 and not first.count(0):
        return "utf-16-le"
    if first.count(0) > len(first) / 2 and not second.count(0):
        return "utf-16-be"
    try:
        head[: -4 if len(head) == SAMPLE_BYTES else None].decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_two_encodings(head, error.start, name=name)
        return "latin-1" if LATIN_ONLY.intersection(head) else "cp1252"
    return "utf-8"


def _refuse_two_encodings(head: bytes, place: int, *, name: str) -> None:
    """Raise when some of a text is UTF-8 and some is not."""
    text = head.decode("utf-8", "surrogateescape")
    n_others = sum("\udc80" <= sign <= "\udcff" for sign in text)
    n_known = sum(sign > "\x7f" for sign in text) - n_others
    if n_known * TWO_ENCODINGS > n_others:
        line = head.count(b"\n", 0, place) + 1
        raise SourceError(
            f"{name}: is written in two encodings: {n_known:,} characters are UTF-8, {n_others:,}"
            f" bytes are not (first in line {line}). Deliver the file in one."
        )


def _sniff_json(text: str, path: Path, found: Sniffed, *, kind: str, name: str) -> None:
    records: Iterable[str] = text.splitlines()
    lines = [line for line in records if line.strip()]
    if kind == "json" or len(lines) == 1:
        with unpacking(name), open_unpacked(path) as opened:
            whole = opened.read().decode(found.settings.get("encoding", "utf-8"))
        whole = whole.removeprefix("\ufeff")
        place = records_place(_parsed(whole)) if whole.lstrip().startswith("{") else None
        if place is not None:
            found.take("records", place, "the longest array of objects in the document")
        if kind == "json" or place is not None:
            records = records_of(whole, place, name=name)
    parsed = [_parsed(record) for record in islice(records, SAMPLE_RECORDS)]
    flat = [_flat(one) for one in parsed if isinstance(one, dict)]
    if not flat:
        raise SourceError(
            f"{name}: is JSON without an object. Records are objects with named keys, in an array"
            " or one a line; deliver such."
        )
    _refuse_columns_of_json(flat, name=name)
    found.columns = list(dict.fromkeys(key for one in flat for key in one))
    found.values = {key: [one.get(key, "") for one in flat] for key in found.columns}


def _refuse_columns_of_json(flat: Sequence[Mapping[str, str]], *, name: str) -> None:
    """Raise when a document holds one list per column, not one object per record."""
    if len(flat) == 1 and len(flat[0]) > 1 and all(one.startswith("[") for one in flat[0].values()):
        raise SourceError(
            f"{name}: is JSON with one list per column ({', '.join(flat[0])}). Write one object per"
            " record (`orient='records'` in pandas)."
        )


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None  # the reader says where, and quarantines or refuses it


def _flat(record: Mapping[str, object], above: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            flat |= _flat(value[0], f"{above}{key}.0.")
        else:
            shown = json.dumps(value) if isinstance(value, list | bool) else value
            flat[f"{above}{key}"] = "" if value is None else str(shown)
    return flat


def _sniff_csv(lines: Sequence[str], found: Sniffed, *, name: str) -> None:
    comment = "#" if lines and lines[0].startswith("#") else None
    if comment:
        found.take("comment", comment, "its first line begins with #")
    body = [line for line in lines if line.strip() and not (comment and line.startswith(comment))]
    is_for_excel = bool(body) and body[0].lower().startswith("sep=")
    quote, escape = _quotes_of(body, found)
    delimiter, n_fields = _delimiter_of(body[is_for_excel:], quote, escape)
    rows = list(_rows(body[: SAMPLE_RECORDS + 1], delimiter, quote, escape))
    n_before = int(is_for_excel) + _title_lines(rows[is_for_excel:], n_fields)
    if len(rows) == n_before:
        raise SourceError(f"{name}: holds no record. Deliver a file with rows.")
    if delimiter != ",":
        found.take("delimiter", delimiter, f"it divides {len(body):,} lines into {n_fields} fields")
    n_skipped = lines.index(body[n_before])
    if n_before or (n_skipped and not comment):
        why = "its first line is `sep=` for Excel" if is_for_excel else "lines before the header"
        found.take("skip_lines", n_skipped, why)
    _refuse_unclosed_quote(rows, body, quote, name=name)
    _take_columns(rows[n_before:], n_fields, found, name=name)


def _refuse_unclosed_quote(
    rows: Sequence[Sequence[str]], lines: Sequence[str], quote: str, *, name: str
) -> None:
    """Raise when a field swallows the lines after it."""
    if not any(cell.count("\n") >= MANY_LINE_ENDS for row in rows for cell in row):
        return
    first = next((line for line in lines if line.count(quote) % 2), "")
    raise SourceError(
        f"{name}: a quote is opened and not closed in {first[:80]!r}, so that the lines after it"
        " are one field. Mend the line, or set `quote: null` where quotes are text."
    )


def _take_columns(rows: list[list[str]], n_fields: int, found: Sniffed, *, name: str) -> None:
    """Columns by the header, or by their places where there is none."""
    if _is_header(rows):
        found.columns, rows = rows[0], rows[1:]
        _judge_header(found, rows, name=name)
        rows = [row for row in rows if len(row) == n_fields and row != found.columns]
    else:
        found.columns = [f"column_{place}" for place in range(1, n_fields + 1)]
        found.take("columns", found.columns, "its first line holds values, no names")
    found.values = {
        column: [row[place] if place < len(row) else "" for row in rows]
        for place, column in enumerate(found.columns)
    }


def _judge_header(found: Sniffed, rows: Sequence[Sequence[str]], *, name: str) -> None:
    """Say what is odd about a header; refuse one that is not that of the lines below it."""
    header = found.columns
    if not rows:
        raise SourceError(
            f"{name}: holds a header ({', '.join(map(repr, header))}) and no record. Deliver a file"
            " with rows."
        )
    n_fields, n_lines = Counter(map(len, rows[:SAMPLE_LINES])).most_common(1)[0]
    if n_fields != len(header) and n_lines >= MOSTLY * len(rows[:SAMPLE_LINES]):
        raise SourceError(
            f"{name}: its header names {len(header)} columns, its lines have {n_fields} fields"
            f" (such as {rows[0]!r}). Is a comma of numbers or texts not quoted, or does each line"
            " end in a delimiter? Deliver lines of as many fields, or give `columns` and"
            " `skip_lines: 1`."
        )
    folded = [one.casefold() for one in header]
    twice = sorted({one for one in header if one and folded.count(one.casefold()) > 1})
    if twice:
        found.notes.append(f"several columns are called alike: {', '.join(map(repr, twice))}")
    if n_repeated := sum(row == header for row in rows):
        found.notes.append(
            f"{n_repeated:,} further line(s) repeat the header (were files put together?) and will"
            " be quarantined"
        )


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line holds names: none of them is a number or a time, or comes again below
    (a repeated header apart).
    """
    first = rows[0]
    if any(_is_datum(cell) for cell in first):
        return False
    others = [row for row in rows[1:SAMPLE_LINES] if row != first]
    return not any(
        cell.strip() and sum(place < len(row) and row[place] == cell for row in others) > 0
        for place, cell in enumerate(first)
    )


def _quotes_of(lines: Sequence[str], found: Sniffed) -> tuple[str, str | None]:
    """The sign around fields, and the one before such a sign inside of them."""
    sample = lines[:SAMPLE_LINES]
    single = sum(bool(re.search(r"(^|[;,\t|])'[^']*'([;,\t|]|$)", line)) for line in sample)
    if not any('"' in line for line in sample) and sample and single >= MOSTLY * (len(sample) - 1):
        found.take("quote", "'", "fields stand between single quotes")
        return "'", None
    if any('\\"' in line for line in sample):
        found.take("escape", "\\", 'quotes inside of fields are written \\"')
        return '"', "\\"
    return '"', None


def _title_lines(rows: Sequence[Sequence[str]], n_fields: int) -> int:
    """Lines before the header: those of fewer fields than nearly all others."""
    n_before = next(
        (place for place, row in enumerate(rows[:MOST_TITLE_LINES]) if len(row) >= n_fields), 0
    )
    if n_before and len(rows[n_before - 1]) > 1 and any(map(_is_datum, rows[n_before])):
        return n_before - 1  # a header of fewer names than there are fields
    whole = sum(len(row) >= n_fields for row in rows[n_before:])
    return n_before if whole >= MOSTLY * len(rows[n_before:]) else 0


def _delimiter_of(lines: Sequence[str], quote: str, escape: str | None) -> tuple[str, int]:
    """The sign that divides the lines most evenly, into the most fields."""
    sample = lines[:SAMPLE_LINES]
    best, found = (0.0, 0), (",", 1)
    for delimiter in DELIMITERS:
        counts = Counter(len(row) for row in _rows(sample, delimiter, quote, escape))
        if not counts:
            continue
        n_fields, n_lines = max(counts.items(), key=lambda one: (one[1], one[0]))
        if n_fields > 1 and (n_lines / len(sample), n_fields) > best:
            best, found = (n_lines / len(sample), n_fields), (delimiter, n_fields)
    return found


def _rows(
    lines: Sequence[str], delimiter: str, quote: str, escape: str | None = None
) -> Iterable[list[str]]:
    if len(delimiter) > 1:
        return (line.split(delimiter) for line in lines)
    text = io.StringIO("\n".join(lines), newline="")
    return csv.reader(
        text, delimiter=delimiter, quotechar=quote, doublequote=escape is None, escapechar=escape
    )


def _is_datum(cell: str) -> bool:
    """Whether a cell is a value, which no name of a column would be."""
    text = cell.strip()
    if re.fullmatch(r"-?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*", text):
        return True
    return bool(re.search(r"\d.*\d", text)) and time_settings([text], is_named=False) is not None
