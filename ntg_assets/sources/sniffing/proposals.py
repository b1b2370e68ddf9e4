"""What files seem to be: how their text is divided into columns, and with `column_roles` which
column is what, each with the reason why. It proposes settings; the reader itself never guesses.
"""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from polars import selectors

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import HEAD_BYTES, is_whole_parquet, json_kind
from ntg_assets.sources.files.other_kinds import raise_if_binary_kinds, raise_if_other_kinds
from ntg_assets.sources.files.packing import open_unpacked, unpacking
from ntg_assets.sources.files.text_bytes import ends_in_returns
from ntg_assets.sources.sniffing.csv_lines import sniff_csv
from ntg_assets.sources.sniffing.encodings import encodings_of, is_encoded_twice, raise_if_no_text
from ntg_assets.sources.sniffing.json.inner_fields import fields_inside, take_texts_apart
from ntg_assets.sources.sniffing.json.json_records import sniff_json, take_lists, take_records
from ntg_assets.sources.sniffing.roles.column_roles import sniff_roles
from ntg_assets.sources.sniffing.sniffed import (
    SAMPLE_BYTES,
    SAMPLE_RECORDS,
    SHOWN_CHARACTERS,
    Sniffed,
)

SHOWN_BEGINNING = 20
TAIL_BYTES = 1 << 14  # an even number, of a text whose characters are of two bytes
PRINTED_DICT = ("{'", "[{'", "[('")


def sniff_file(
    path: Path,
    *,
    name: str,
    encoding: str | None = None,
    records: str | None = None,
    explode: list[str] | None = None,
    roles: Mapping[str, str] | None = None,
) -> Sniffed:
    """Look at a file and propose settings for it.

    Args:
        path: The file.
        name: How messages call it.
        encoding: Of its text, where a person has said it.
        records: Where the array of records lies in a JSON document, likewise.
        explode: Lists whose elements are the records, likewise.
        roles: Columns that a person has named, by role (`event_at`, `value`, ...): their values say
            how they are written.

    Raises:
        SourceError: it is no data that could be read.
    """
    changed_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    sniffed = Sniffed(said=dict(roles or {}), written_at=changed_at)
    if records:
        sniffed.take("records", records, "as you said")
    if explode:
        sniffed.take("explode", explode, "as you said")
    if is_whole_parquet(path):
        _sniff_parquet(path, sniffed, name=name)
    else:
        with unpacking(name), open_unpacked(path) as opened:
            head = opened.read(SAMPLE_BYTES)
        if not head:
            raise SourceError(f"{name}: is empty. Deliver a file with rows.")
        try:
            _sniff_text(head, path, sniffed, name=name, encoding=encoding)
        except csv.Error as error:
            raise SourceError(
                f"{name}: cannot be divided into records ({error}). Is a quote not closed? Mend the"
                " line, or set `quote: null` where quotes are text."
            ) from None
    take_texts_apart(sniffed)
    sniff_roles(sniffed)
    return sniffed


def _sniff_parquet(path: Path, sniffed: Sniffed, *, name: str) -> None:
    frame = pl.read_parquet(path, n_rows=SAMPLE_RECORDS)
    if frame.is_empty():
        raise SourceError(f"{name}: holds no record. Deliver a file with rows.")
    if any(dtype.is_nested() for dtype in frame.dtypes) and _has_lists(frame, sniffed):
        return
    # lengths of time are whole numbers to other readers
    frame = frame.with_columns(selectors.duration().to_physical())
    while structs := [name for name, dtype in frame.schema.items() if dtype == pl.Struct]:
        frame = frame.with_columns(
            frame[name].struct.field(field).alias(f"{name}.{field}")
            for name in structs
            for field in frame[name].struct.fields
        ).drop(structs)
    sniffed.columns = frame.columns
    for column, dtype in frame.schema.items():
        plain = not (dtype.is_nested() or isinstance(dtype, pl.Object))
        values = _decoded_bytes(frame[column]) if dtype == pl.Binary else frame[column]
        texts = values.cast(pl.String) if plain else map(_as_text, values.to_list())
        sniffed.values[column] = [text or "" for text in texts]


def _has_lists(frame: pl.DataFrame, sniffed: Sniffed) -> bool:
    """Take rows apart whose lists hold the events; tell whether they do."""
    rows = frame.rows(named=True)
    taken = take_lists(sniffed, rows)
    if taken is rows:
        return False
    take_records(sniffed, taken)
    return True


def _as_text(value: object) -> str:
    """Text of a value; of a map, or a list of entries, JSON with their keys."""
    fields = value if isinstance(value, dict) else fields_inside(value)
    if fields is not None:
        return json.dumps(fields, default=str)
    return "" if value is None else str(value)


def _decoded_bytes(values: pl.Series) -> pl.Series:
    """Texts that bytes are; where some are none, the bytes in hexadecimal digits."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:
        return values.bin.encode("hex")


def _sniff_text(
    head: bytes, path: Path, sniffed: Sniffed, *, name: str, encoding: str | None
) -> None:
    raise_if_binary_kinds(head[:HEAD_BYTES], name=name)
    encodings = [encoding] if encoding else encodings_of(head, name=name)
    text = _decoded(head, encodings, sniffed, name=name)
    if text.lstrip().startswith(PRINTED_DICT):
        raise SourceError(
            f"{name}: holds records as Python prints them, not JSON (it begins with"
            f" {text.lstrip()[:SHOWN_BEGINNING]!r}). Write them with `json.dumps`, one a line."
        )
    kind = json_kind(text.lstrip(" \t\r\n")[:HEAD_BYTES].encode())
    if kind is not None:
        sniff_json(text, path, sniffed, kind=kind, name=name)
        return
    if ends_in_returns(text.encode()):
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # as old spreadsheets end lines
    lines = [line.removeprefix("\ufeff").rstrip("\r") for line in text.split("\n")]
    if len(head) < SAMPLE_BYTES:
        sniffed.is_cut = not text.endswith("\n")
        sniff_csv(lines, sniffed, name=name)
        return
    # the last line of the first part may be cut
    sniff_csv(lines[:-1], sniffed, last_lines=_last_lines(path, sniffed, name=name), name=name)


def _last_lines(path: Path, sniffed: Sniffed, *, name: str) -> list[str]:
    """The last lines of a long text."""
    with unpacking(name), open_unpacked(path) as opened:
        tail = b""
        for chunk in iter(lambda: opened.read(SAMPLE_BYTES), b""):
            tail = (tail + chunk)[-TAIL_BYTES:]
    text = tail.decode(sniffed.settings.get("encoding", "utf-8"), "ignore").replace("\r\n", "\n")
    sniffed.is_cut = not text.endswith("\n")
    return text.split("\n")[1:]


def _decoded(head: bytes, encodings: Sequence[str], sniffed: Sniffed, *, name: str) -> str:
    """Text of the first of some encodings; what it may be too, and what looks odd, is noted.

    Raises:
        SourceError: it is no text.
    """
    encoding = encodings[0]
    if encoding != "utf-8":
        sniffed.take("encoding", encoding, _why_encoding(head, encoding))
    if len(encodings) > 1:
        sniffed.open["encoding"] = list(encodings)
    source = FileSource(files=[name], encoding=encoding, skip_lines=1)
    raise_if_other_kinds(head[:HEAD_BYTES], name=name, source=source)
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    raise_if_no_text(text, name=name)
    if is_encoded_twice(text):
        sniffed.notes.append(
            f"texts look encoded twice, such as {_first_beyond_ascii(text)!r}: they are read as"
            " they stand. Export them anew where that is not what they say"
        )
    return text


def _why_encoding(head: bytes, encoding: str) -> str:
    """Say why a text is of an encoding, with a word of it for a person to judge."""
    shown = _first_beyond_ascii(head.decode(encoding, "ignore"))
    return f"its bytes are no UTF-8, they read as {encoding}" + (f": {shown!r}" if shown else "")


def _first_beyond_ascii(text: str) -> str:
    match = re.search(r"\w*[^\x00-\x7f]\w*", text)
    return match.group()[:SHOWN_CHARACTERS] if match else ""
