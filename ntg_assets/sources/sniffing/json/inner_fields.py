"""Fields inside of values: of JSON in a text, of entries of key and value, of maps; named as the
reader finds them (`sources/reading/inner_values.py`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from ntg_assets.sources.files.json.json_keys import ENTRY_KEYS, ENTRY_VALUES, TYPED_VALUES
from ntg_assets.sources.sniffing.sniffed import Sniffed

MOST = 0.5  # of the texts of a column are objects, where it holds such


def fields_inside(value: object) -> Mapping[str, object] | None:
    """The fields of JSON in a text, or of a list of entries; none where a value is neither."""
    if isinstance(value, str):
        value = _in_text(value)
        if isinstance(value, dict):
            return value
    return _fields_of_entries(value) if isinstance(value, list) else None


def flat_fields(record: Mapping[str, object], above: str = "") -> dict[str, str]:
    """Dotted keys of a record with the texts of their values, those inside of values too; of a list
    of objects those of the first one.
    """
    flat: dict[str, str] = {}
    for key, value in record.items():
        inside = fields_inside(value)
        if isinstance(value, dict):
            flat |= flat_fields(value, f"{above}{key}.")
        elif isinstance(value, list) and inside is not None:
            flat |= flat_fields(inside, f"{above}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            flat |= flat_fields(value[0], f"{above}{key}.0.")
        else:
            shown = json.dumps(value) if isinstance(value, list | bool) else value
            flat[f"{above}{key}"] = "" if value is None else str(shown)
            flat |= flat_fields(inside or {}, f"{above}{key}.")
    return flat


def names_inside(record: Mapping[str, object], above: str = "") -> list[str]:
    """Which of the dotted keys of a record hold fields inside of their values."""
    names: list[str] = []
    for key, value in record.items():
        inside = fields_inside(value)
        names += [f"{above}{key}"] if inside is not None else []
        deeper = value if isinstance(value, dict) else inside
        names += names_inside(deeper or {}, f"{above}{key}.")
    return names


def lists_of_objects(record: object, above: str = "") -> Iterator[str]:
    """Dotted keys of the arrays of a record that hold more than one object, those inside of values
    too.
    """
    for key, value in record.items() if isinstance(record, dict) else ():
        inside = fields_inside(value)
        if isinstance(value, dict) or inside is not None:
            yield from lists_of_objects(inside if inside is not None else value, f"{above}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            if len(value) > 1:
                yield f"{above}{key}"
            yield from lists_of_objects(value[0], f"{above}{key}.0.")


def take_texts_apart(sniffed: Sniffed) -> None:
    """Take the fields of JSON in the texts of columns for columns of their own, too."""
    for name in list(sniffed.columns):
        filled = [text for text in sniffed.values[name] if text.strip()]
        n_objects = sum(text.lstrip()[:1] in {"{", "["} for text in filled)
        if not n_objects or n_objects < MOST * len(filled):
            continue
        records = [{name: text} for text in sniffed.values[name]]
        take_inside(sniffed, records, [flat_fields(record) for record in records])


def take_inside(
    sniffed: Sniffed, records: Sequence[Mapping[str, object]], flat: Sequence[Mapping[str, str]]
) -> None:
    """Add the fields inside of values to the columns.

    Args:
        sniffed: What is completed.
        records: As they are.
        flat: The dotted keys and texts of each.
    """
    sniffed.lists |= {key for record in records for key in lists_of_objects(record)}
    outer = list(dict.fromkeys(name for record in records for name in names_inside(record)))
    starts = tuple(f"{name}." for name in outer)
    inner = dict.fromkeys(key for entry in flat for key in entry if key.startswith(starts))
    names = [name for name in inner if name not in sniffed.columns] if starts else []
    sniffed.opened |= {*outer} if inner else set()
    sniffed.inside |= {*inner}
    sniffed.columns = [*sniffed.columns, *names]
    sniffed.values |= {name: [entry.get(name, "") for entry in flat] for name in names}


def _in_text(text: str) -> object:
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _fields_of_entries(entries: Sequence[object]) -> dict[str, object] | None:
    """Values of entries by their keys, the first of equal ones; none where some are no entries."""
    fields: dict[str, object] = {}
    for entry in entries:
        key = _first(entry, ENTRY_KEYS)
        if not isinstance(key, str) or not isinstance(entry, dict) or not _has_value(entry):
            return None
        fields.setdefault(key, _untyped(_first(entry, ENTRY_VALUES)))
    return fields or None


def _has_value(entry: Mapping[str, object]) -> bool:
    return any(name in entry for name in ENTRY_VALUES)


def _untyped(value: object) -> object:
    inner = _first(value, TYPED_VALUES)
    return value if inner is None else inner


def _first(value: object, names: Sequence[str]) -> object:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if value.get(name) is not None), None)
