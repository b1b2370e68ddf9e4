"""Which keys the records of a JSON file have: for messages, and to tell a misspelt one early."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ntg_assets.sources.files.packing import open_unpacked

LOOKED_AT = 200  # records
DEEPEST = 4
PATH_SIGNS = ".[]"
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


class RecordKeys(NamedTuple):
    """Keys that records have.

    Attributes:
        names: Dotted, in the order in which they come.
        odd: Those of them of which a key holds a dot or a bracket itself.
    """

    names: tuple[str, ...]
    odd: frozenset[str]


def keys_of_records(path: Path) -> RecordKeys:
    """Keys of the first records."""
    matches: dict[str, bool] = {}
    with open_unpacked(path) as lines:
        for line in islice(lines, LOOKED_AT):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue  # the reader quarantines it
            matches |= {name: is_odd for name, is_odd in _keys(record, "") if name not in matches}
    odd = frozenset(name for name, is_odd in matches.items() if is_odd)
    return RecordKeys(tuple(matches), odd)


def in_staged_json(name: str) -> str:
    """A part of a column's name as the records that are read have it."""
    return name.replace(EACH, WRITTEN_EACH, 1) if name.startswith(EACH) else name


def key_path(name: str) -> str:
    """JSON path of a dotted column name; whole numbers are places of a list (`tags.0`)."""
    parts = name.replace("[", ".").replace("]", "").split(".")
    written = (in_staged_json(part) for part in parts if part)
    return "$" + "".join(f"[{part}]" if part.isdigit() else f'."{part}"' for part in written)


def literal_path(key: str) -> str:
    """JSON path of one key, whatever signs it holds; whole numbers are places of a list."""
    return f"$[{key}]" if key.isdigit() else f'$."{in_staged_json(key)}"'


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


def _keys(
    record: object, above: str, depth: int = 1, *, is_odd: bool = False
) -> Iterator[tuple[str, bool]]:
    """Dotted keys, and whether one on the way holds a sign of paths itself."""
    members = (
        record.items()
        if isinstance(record, dict)
        else enumerate(record[:1])
        if isinstance(record, list) and above
        else ()
    )
    for key, value in members:
        name = f"{above}{str(key).replace(WRITTEN_EACH, EACH)}"
        has_signs = is_odd or any(sign in str(key) for sign in PATH_SIGNS)
        yield name, has_signs
        if depth < DEEPEST:
            yield from _keys(value, f"{name}.", depth + 1, is_odd=has_signs)
