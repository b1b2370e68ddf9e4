"""Which keys the records of a JSON file have: for messages, and to tell a misspelt one early."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ntg_assets.sources.files.packing import open_unpacked

LOOKED_AT = 200  # records
DEEPEST = 4


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


def key_path(name: str) -> str:
    """JSON path of a dotted column name; whole numbers are places of a list (`tags.0`)."""
    parts = name.replace("[", ".").replace("]", "").split(".")
    return "$" + "".join(f"[{part}]" if part.isdigit() else f'."{part}"' for part in parts if part)


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
        name = f"{above}{key}"
        yield name
        if depth < DEEPEST:
            yield from _keys(value, f"{name}.", depth + 1)
