"""Lists inside of records that hold what happened, so that each of their elements is a record
(`explode`): found by the names of what lies inside and outside of them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from ntg_assets.sources.files.exploding import Exploded, Lists
from ntg_assets.sources.files.json.json_keys import EACH, WRITTEN_EACH
from ntg_assets.sources.files.json.json_texts import list_in_text
from ntg_assets.sources.sniffing.roles.name_matching import by_name, words_of
from ntg_assets.sources.sniffing.roles.role_names import ITEM_NOUNS, ROLES
from ntg_assets.sources.sniffing.time_words import BEGINNINGS, OTHER_TIMES, TIME_WORDS

LOOKED_AT, DEEPEST = 200, 4
EVENT_TIMES = [name for name in ROLES["event_at"] if name not in BEGINNINGS]
WORDS_FOR_ANYTHING = frozenset({"name", "title"})


class Explosion(NamedTuple):
    """Which lists hold the events, and why.

    Attributes:
        paths: As the setting has them.
        why: What says so.
        roles: Columns that are the elements themselves, by role.
    """

    paths: list[str]
    why: str
    roles: dict[str, str]


@dataclass
class _List:
    """A list that records hold: its path, and what was seen of it."""

    path: str
    lengths: list[int] = field(default_factory=list)
    keys: dict[str, None] = field(default_factory=dict)  # of its objects, but for lists
    holds_objects: bool = False
    holds_lists: bool = False

    @property
    def longest(self) -> int:
        return max(self.lengths, default=0)

    @property
    def inner(self) -> list[str]:
        return list(self.keys)


def find_lists(records: Sequence[object]) -> Explosion | None:
    """Find lists that hold the time or the item of events, where the records around them do not.

    Args:
        records: Parsed.
    """
    lists, outer = _seen(records)
    has_time, has_item = bool(times_in(outer)), bool(by_name(outer, ROLES["item_id"]))
    has_event_time = bool(by_name(outer, EVENT_TIMES))
    best: tuple[tuple[int, int], _List] | None = None
    for entry in (entry for entry in lists if entry.holds_objects):
        times, items = times_in(entry.inner), by_name(entry.inner, ROLES["item_id"])
        adds = (times and not has_time) or (items and not has_item)
        is_whole = times and items and not (has_event_time and has_item)
        # lists of one in these records may hold more in others
        names_items = any(name.lower() not in WORDS_FOR_ANYTHING for name in items)
        is_sure = bool(times and items) or entry.longest > 1 or (names_items and not has_item)
        rank = (bool(times) + bool(items), sum(entry.lengths))
        if (adds or is_whole) and is_sure and (best is None or rank > best[0]):
            best = rank, entry
    if best is not None:
        inside = ", ".join(best[1].inner[:3])
        return Explosion([best[1].path], f"a list in each record holds the events ({inside})", {})
    return _find_columns(lists, has_time=has_time, has_item=has_item)


def exploded(records: Iterable[object], paths: Sequence[str]) -> Iterator[dict[str, object]]:
    """Records as a load would have them, of each list one for each element.

    Args:
        records: Parsed; what is no object is left out.
        paths: Lists, as the setting has them.
    """
    lists = Exploded(Lists.of(paths))
    for record in records:
        if isinstance(record, dict):
            for text in lists.records_of(json.dumps(record, default=str)):
                taken = json.loads(text, object_hook=_with_stars)
                if isinstance(taken, dict):
                    yield taken


def roles_of_elements(paths: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """The column that is an item's id by what its list is called: `items.id`."""
    noun = singular(paths[0])
    ids = [f"{paths[0]}.{end}" for end in ("id", "name", "title")]
    known = [name for name in ids if noun in ITEM_NOUNS and name in columns]
    return {"item_id": known[0]} if known else {}


def _with_stars(record: dict[str, object]) -> dict[str, object]:
    return {key.replace(WRITTEN_EACH, EACH): value for key, value in record.items()}


def _find_columns(lists: Sequence[_List], *, has_time: bool, has_item: bool) -> Explosion | None:
    """Lists of ids or times that are no objects, with those of the same lengths beside them."""
    plain = [entry for entry in lists if not (entry.holds_objects or entry.holds_lists)]
    roles = {}
    for role, is_outside in (("item_id", has_item), ("event_at", has_time)):
        called = [entry for entry in plain if by_name([singular(entry.path)], ROLES[role])]
        if called and not is_outside:
            roles[role] = called[0]
    if not roles or max(entry.longest for entry in roles.values()) < 2:  # noqa: PLR2004  # several
        return None
    first, *_ = roles.values()
    parent = first.path.rpartition(".")[0]
    beside = [
        entry
        for entry in plain
        if entry.lengths == first.lengths and entry.path.rpartition(".")[0] == parent
    ]
    if any(entry not in beside for entry in roles.values()):
        return None
    for role in ("value", "event_type"):
        called = [entry for entry in beside if by_name([singular(entry.path)], ROLES[role])]
        roles |= {role: called[0]} if called else {}
    paths = list(dict.fromkeys([first.path, *(entry.path for entry in beside)]))
    why = "a list in each record" if len(paths) == 1 else "lists of the same lengths in each record"
    return Explosion(paths, why, {role: entry.path for role, entry in roles.items()})


def singular(path: str) -> str:
    """What one of a list is called: `item_ids` holds an `item_id`."""
    name = path.rpartition(".")[2]
    for end in ("_list", "List"):
        name = name.removesuffix(end)
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _seen(records: Sequence[object]) -> tuple[list[_List], list[str]]:
    """Lists of the first records, and the keys outside of them."""
    lists: dict[str, _List] = {}
    outer: Counter[str] = Counter()
    for record in islice(records, LOOKED_AT):
        if isinstance(record, dict):
            outer.update(_keys(record))
            for path, value in _lists(record):
                entry = lists.setdefault(path, _List(path))
                entry.lengths.append(len(value))
                entry.holds_lists |= any(isinstance(element, list) for element in value)
                objects = [element for element in value if isinstance(element, dict)]
                entry.holds_objects |= bool(objects)
                for element in objects[:LOOKED_AT]:
                    entry.keys |= dict.fromkeys(_keys(element))
    return list(lists.values()), list(outer)


def _keys(record: Mapping[str, object], above: str = "") -> Iterator[str]:
    """Dotted keys of what is no list."""
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{above}{key}.")
        elif not isinstance(list_in_text(value), list):
            yield f"{above}{key}"


def _lists(
    record: Mapping[str, object], above: str = "", depth: int = 1
) -> Iterator[tuple[str, list[object]]]:
    """Lists of a record with their paths, those inside of lists included."""
    for key, written in record.items() if depth <= DEEPEST else ():
        value = list_in_text(written)
        path = f"{above}{key}"
        if isinstance(value, dict):
            yield from _lists(value, f"{path}.", depth + 1)
        elif isinstance(value, list):
            yield path, value
            for element in value:
                if isinstance(element, dict):
                    yield from _lists(element, f"{path}.", depth + 1)


def times_in(keys: Iterable[str]) -> list[str]:
    """Keys that are called like a time."""
    names = list(keys)
    alike = [name for name in names if words_of(name) & TIME_WORDS - OTHER_TIMES]
    alike = [name for name in alike if not words_of(name) & OTHER_TIMES]
    return list(dict.fromkeys([*by_name(names, ROLES["event_at"]), *alike]))
