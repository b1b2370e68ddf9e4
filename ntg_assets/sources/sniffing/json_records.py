"""Records of JSON as columns of texts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.json_documents import records_of
from ntg_assets.sources.files.json_keys import records_place
from ntg_assets.sources.files.packing import open_unpacked, unpacking
from ntg_assets.sources.sniffing.sniffed import SAMPLE_RECORDS, Sniffed

FEWEST_KEYED = 3  # objects of the same fields, which are records then


def sniff_json(text: str, path: Path, sniffed: Sniffed, *, kind: str, name: str) -> None:
    """Take the records of a JSON text apart: where they lie, which keys they have.

    Args:
        text: The first part of the file.
        path: The file, of which a document is read whole.
        sniffed: What is completed.
        kind: `json` (a document) or `ndjson` (one object a line).
        name: The file in messages.
    """
    lines = text.split("\n")  # nothing else ends a line of JSON
    records: Iterable[str] = lines
    if kind == "json" or len([line for line in lines if line.strip()]) == 1:
        records = _document_records(path, sniffed, kind=kind, name=name) or lines
    parsed = [_parsed(record) for record in islice(records, SAMPLE_RECORDS)]
    flat = [_flat(entry) for entry in parsed if isinstance(entry, dict)]
    if not flat and text.lstrip().startswith("{"):
        list(records_of(text, None, name=name))  # says what is wrong where
    if not flat:
        raise SourceError(
            f"{name}: is JSON without an object. Records are objects with named keys, in an array"
            " or one a line; deliver such."
        )
    _refuse_columns_of_json(flat, name=name)
    sniffed.columns = list(dict.fromkeys(key for entry in flat for key in entry))
    sniffed.values = {key: [entry.get(key, "") for entry in flat] for key in sniffed.columns}


def _document_records(
    path: Path, sniffed: Sniffed, *, kind: str, name: str
) -> Iterator[str] | None:
    """Records of a document that is read whole; none: its lines are the records."""
    with unpacking(name), open_unpacked(path) as opened:
        whole = opened.read().decode(sniffed.settings.get("encoding", "utf-8"))
    whole = whole.removeprefix("\ufeff")
    document = _parsed(whole) if whole.lstrip().startswith("{") else None
    _refuse_keyed_records(document, name=name)
    place = sniffed.settings.get("records") or records_place(document)
    if place is not None and "records" not in sniffed.settings:
        sniffed.take("records", place, "the longest array of objects in the document")
    return records_of(whole, place, name=name) if kind == "json" or place is not None else None


def _refuse_columns_of_json(flat: Sequence[Mapping[str, str]], *, name: str) -> None:
    """Raise when a document holds one list per column, not one object per record."""
    if (
        len(flat) == 1
        and len(flat[0]) > 1
        and all(entry.startswith("[") for entry in flat[0].values())
    ):
        raise SourceError(
            f"{name}: is JSON with one list per column ({', '.join(flat[0])}). Write one object per"
            " record (`orient='records'` in pandas)."
        )


def _refuse_keyed_records(document: object, *, name: str) -> None:
    """Raise when a document holds its records by their ids, not in an array."""
    if not isinstance(document, dict) or len(document) < FEWEST_KEYED:
        return
    first, *others = document.values()
    if isinstance(first, dict) and all(
        isinstance(other, dict) and other.keys() == first.keys() for other in others
    ):
        shown = ", ".join(map(repr, list(document)[:3]))
        raise SourceError(
            f"{name}: is JSON with {len(document):,} records by their keys ({shown}). Write them as"
            " an array, or one a line, each with its key in a field of its own."
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
