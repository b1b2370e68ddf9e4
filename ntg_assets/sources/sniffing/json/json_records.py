"""Records of JSON as columns of texts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.exploding import place_column
from ntg_assets.sources.files.json.json_documents import records_of
from ntg_assets.sources.sniffing.json.document_records import are_pages, document_records
from ntg_assets.sources.sniffing.json.inner_fields import flat_fields, lists_of_objects, take_inside
from ntg_assets.sources.sniffing.json.keyed_records import key_columns, roles_of_keys
from ntg_assets.sources.sniffing.json.record_lists import exploded, find_lists, roles_of_elements
from ntg_assets.sources.sniffing.sniffed import SAMPLE_RECORDS, Sniffed, as_paths

LOOKED_AT = 200


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
    texts: Iterable[str] = lines
    if kind == "json" or are_pages([line for line in lines if line.strip()]):
        texts = document_records(path, sniffed, kind=kind, name=name) or lines
    twice: set[str] = set()
    parsed = [_parsed(record, twice) for record in islice(texts, SAMPLE_RECORDS)]
    if twice:
        sniffed.notes.append(
            f"keys come twice in a record ({', '.join(map(repr, sorted(twice)))}): the first counts"
        )
    records = take_lists(sniffed, parsed)
    flat = [flat_fields(entry) for entry in records if isinstance(entry, dict)]
    if not flat and text.lstrip().startswith("{"):
        list(records_of(text, None, name=name))  # says what is wrong where
    if not flat:
        raise SourceError(
            f"{name}: is JSON without an object. Records are objects with named keys, in an array"
            " or one a line; deliver such."
        )
    _raise_if_columns_of_json(flat, name=name)
    take_records(sniffed, records)


def take_records(sniffed: Sniffed, records: Sequence[object]) -> None:
    """Take the keys of records for columns, with their values."""
    objects = [entry for entry in records if isinstance(entry, dict)]
    flat = [flat_fields(entry) for entry in objects]
    sniffed.columns = list(dict.fromkeys(key for entry in flat for key in entry))
    sniffed.values = {key: [entry.get(key, "") for entry in flat] for key in sniffed.columns}
    take_inside(sniffed, objects, flat)
    sniffed.lists = {key for entry in records for key in lists_of_objects(entry)}


def take_lists(sniffed: Sniffed, records: Sequence[object]) -> Sequence[object]:
    """Propose to explode lists that hold the events of records, and return these so."""
    if "explode" not in sniffed.settings:
        names_one = any(".0." in name for name in sniffed.said.values())  # of a list, as is meant
        lists = None if names_one else find_lists(records)
        if lists is None:
            return records
        shown = lists.paths[0] if len(lists.paths) == 1 else lists.paths
        sniffed.take("explode", shown, lists.why)
        sniffed.elements = lists.roles
    paths = as_paths(sniffed.settings["explode"])
    sniffed.key_columns = key_columns(paths)
    sniffed.elements = {**roles_of_keys(sniffed.key_columns), **sniffed.elements}
    place = place_column(paths)
    made = list(islice(exploded(records, paths), SAMPLE_RECORDS))
    filled = [record for record in made if flat_fields(record).get(place)]
    columns = list(
        dict.fromkeys(key for record in filled[:LOOKED_AT] for key in flat_fields(record))
    )
    sniffed.elements = {**roles_of_elements(paths, columns), **sniffed.elements}
    if n_without := len(made) - len(filled):
        sniffed.notes.append(
            f"{n_without:,} record(s) hold nothing in {paths[0]!r}: they are skipped, and counted"
        )
    return filled


def _raise_if_columns_of_json(flat: Sequence[Mapping[str, str]], *, name: str) -> None:
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


def _parsed(text: str, twice: set[str] | None = None) -> object:
    """A JSON text as the reader takes it: of keys that come twice the first one.

    Args:
        text: JSON.
        twice: Takes up such keys.
    """

    def take(pairs: list[tuple[str, object]]) -> dict[str, object]:
        taken: dict[str, object] = {}
        for key, value in pairs:
            if key in taken and twice is not None:
                twice.add(key)
            taken.setdefault(key, value)
        return taken

    try:
        return json.loads(text, object_pairs_hook=take, parse_constant=str)
    except (ValueError, RecursionError):
        return None  # the reader says where, and quarantines or refuses it
