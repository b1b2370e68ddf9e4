"""Which keys the records of a JSON file have: for messages, and to tell a misspelt one early."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ntg_assets.sources.files.packing import open_unpacked

LOOKED_AT = 200  # records
DEEPEST = 4
# what stands for the key of a member of which each is a record (`explode`), and what it is called
# where such records are written, since the engine takes a star for all keys
EACH, WRITTEN_EACH = "*", "(each)"
# what entries of key and value call their parts, in order
ENTRY_KEYS, ENTRY_VALUES = ("key", "name", "Key", "Name"), ("value", "Value")
# of which a value holds one, that says of which type it is (BigQuery, OpenTelemetry)
TYPED_VALUES = (
    "string_value", "int_value", "double_value", "float_value", "bool_value",
    "stringValue", "intValue", "doubleValue", "boolValue",
)  # fmt: skip


def keys_of_records(path: Path) -> tuple[str, ...]:
    """Dotted keys of the first records, in the order in which they come."""
    matches: dict[str, None] = {}
    with open_unpacked(path) as lines:
        for line in islice(lines, LOOKED_AT):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue  # the reader quarantines it
            matches |= dict.fromkeys(_keys(record, ""))
    return tuple(matches)


def in_staged_json(name: str) -> str:
    """A part of a column's name as the records that are read have it."""
    return name.replace(EACH, WRITTEN_EACH, 1) if name.startswith(EACH) else name


def key_path(name: str) -> str:
    """JSON path of a dotted column name; whole numbers are places of a list (`tags.0`)."""
    parts = name.replace("[", ".").replace("]", "").split(".")
    written = (in_staged_json(part) for part in parts if part)
    return "$" + "".join(f"[{part}]" if part.isdigit() else f'."{part}"' for part in written)


class RecordArray(NamedTuple):
    """An array of objects in a JSON document.

    Attributes:
        place: Dotted keys that lead to it.
        n_records: Its length.
        keys: Of its first object.
    """

    place: str
    n_records: int
    keys: frozenset[str]


def record_arrays(document: object, above: str = "") -> Iterator[RecordArray]:
    """Arrays of objects in a document, but for those inside of arrays."""
    for key, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield RecordArray(f"{above}{key}", len(value), frozenset(value[0]))
        else:
            yield from record_arrays(value, f"{above}{key}.")


def _keys(record: object, above: str, depth: int = 1) -> Iterator[str]:
    members = (
        record.items()
        if isinstance(record, dict)
        else enumerate(record[:1])
        if isinstance(record, list) and above
        else ()
    )
    for key, value in members:
        name = f"{above}{str(key).replace(WRITTEN_EACH, EACH)}"
        yield name
        if depth < DEEPEST:
            yield from _keys(value, f"{name}.", depth + 1)
