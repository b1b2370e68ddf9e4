"""Records under keys that are values, not names (`{"u1": [...], "u2": [...]}`), and whose values
these are.
"""

from collections.abc import Sequence

from ntg_assets.sources.files.exploding import KEY
from ntg_assets.sources.files.json.json_keys import EACH
from ntg_assets.sources.sniffing.json.record_lists import DEEPEST, singular, times_in
from ntg_assets.sources.sniffing.roles.name_matching import by_name
from ntg_assets.sources.sniffing.roles.role_names import ROLES
from ntg_assets.sources.sniffing.time_kinds import ISO

FEWEST_KEYED = 3  # objects of the same fields, which are records then


def keyed_lists(document: object, above: str = "") -> str | None:
    """Path of the records of a document whose keys are values: `{"u1": [...], "u2": [...]}`, or
    one object each with the same fields; none: its keys are names.
    """
    if not isinstance(document, dict) or above.count(".") >= DEEPEST:
        return None
    values = list(document.values())
    if len(values) > 1 and all(isinstance(value, dict) for value in values):
        inner = _arrays_of_times(values[0])
        alike = all(value.keys() == values[0].keys() for value in values)
        if alike and len(inner) == 1 and all(_arrays_of_times(value) <= inner for value in values):
            return f"{above}{EACH}.{inner.pop()}"
        if alike and len(values) >= FEWEST_KEYED and times_in(values[0]):
            return f"{above}{EACH}"
    if len(values) >= FEWEST_KEYED and _are_alike_lists(values, list(document)):
        return f"{above}{EACH}"
    inside = (keyed_lists(value, f"{above}{key}.") for key, value in document.items())
    return next((path for path in inside if path), None)


def key_columns(paths: Sequence[str]) -> list[str]:
    """Columns of the keys that a path stands for."""
    parts = paths[0].split(".")
    ends = [place for place, part in enumerate(parts, start=1) if part == EACH]
    return [f"{'.'.join(parts[:end])}{KEY}" for end in ends]


def roles_of_keys(columns: Sequence[str]) -> dict[str, str]:
    """Which of these columns of keys is whose, by what the object is called: `users.*~`."""
    called = {name: singular(name.rpartition(f".{EACH}")[0]) for name in columns}
    return {
        role: name
        for role in ("user_id", "item_id")
        for name, above in called.items()
        if above and by_name([above], ROLES[role])
    }


def _arrays_of_times(value: object) -> set[str]:
    """Keys of the lists of objects with times in an object."""
    return {
        key
        for key, inner in (value.items() if isinstance(value, dict) else ())
        if isinstance(inner, list) and inner and isinstance(inner[0], dict) and times_in(inner[0])
    }


def _are_alike_lists(values: Sequence[object], keys: Sequence[str]) -> bool:
    """Whether values are lists of objects with one set of fields, and times inside, or as their
    keys.
    """
    lists = [value for value in values if isinstance(value, list)]
    first = [value[0] for value in lists if value]
    return (
        len(lists) == len(values)
        and len(first) > 1
        and all(isinstance(entry, dict) for entry in first)
        and all(entry.keys() == first[0].keys() for entry in first)
        and (bool(times_in(first[0])) or all(map(ISO.fullmatch, keys)))
    )
