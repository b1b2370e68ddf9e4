"""Records that hold lists (`explode`): each element becomes a record, with the fields around it."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.json.json_keys import EACH, in_staged_json
from ntg_assets.sources.files.json.json_texts import (
    Member,
    elements,
    json_in_text,
    list_in_text,
    members,
)

KEY, PLACE = "~", "#"  # behind the name of a list: the key of an element, its place from 1
LONG_VALUE = 1_000  # characters; what is longer is repeated only where a column names it
SHOWN_CHARACTERS, SHOWN_KEYS = 60, 8


@dataclass(frozen=True)
class Lists:
    """Which lists of a record are exploded: one, or several of one length side by side.

    Attributes:
        parents: Keys that lead to the object that holds them; lists on the way are exploded, too.
        names: Their keys in it.
    """

    parents: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, explode: Sequence[str]) -> "Lists":
        """Read the setting, whose paths are checked to share their parents."""
        paths = [path.split(".") for path in explode]
        return cls(tuple(paths[0][:-1]), tuple(path[-1] for path in paths))


def place_column(explode: Sequence[str]) -> str:
    """Column that holds the place of an element in its list, from 1; empty where there is none."""
    return f"{explode[0]}{PLACE}"


@dataclass
class Exploded:
    """What was met in the records of one file.

    Attributes:
        lists: Which lists are exploded.
        wanted: Columns that the configuration names; long values beside a list that none of them
            needs are left out.
        keeps_long: Whether long values stay all the same.
        n_records: Records before.
        n_lists: Lists (and objects whose members are elements) that were met, empty ones included.
        n_others: Other values in the place of a list, which count as its only element.
    """

    lists: Lists
    wanted: Collection[str] = ()
    keeps_long: bool = False
    n_records: int = 0
    n_lists: int = 0
    n_others: int = 0
    other: str = ""
    keys: dict[str, None] = field(default_factory=dict)

    def records_of(self, record: str) -> Iterator[str]:
        """Texts of the records that one record holds; a text that is no object is itself."""
        self.n_records += 1
        if not record.startswith("{"):
            yield record
            return
        self.keys |= dict.fromkeys(entry.key for entry in members(record, 0))
        yield from self._objects(record, 0, self.lists.parents, "")

    def raise_if_no_lists(self, *, name: str) -> None:
        """Raise when no record of a file holds a list where one should be."""
        if self.n_lists or not self.n_records:
            return
        path = ".".join((*self.lists.parents, self.lists.names[0]))
        if self.other:
            raise SourceError(
                f"{name}: explode names {path!r}, which is no list in any of {self.n_records:,}"
                f" records (first: {self.other}). Correct `explode`, or leave it out."
            )
        shown = ", ".join(map(repr, list(self.keys)[:SHOWN_KEYS])) or "none"
        raise SourceError(
            f"{name}: explode names {path!r}, which none of {self.n_records:,} records has; keys"
            f" found: {shown}. Correct `explode`."
        )

    def _objects(self, text: str, place: int, parents: Sequence[str], above: str) -> Iterator[str]:
        """The value at a place once for each element inside of it, with that in its list's place;
        once, without one, where there is none.
        """
        if inner := json_in_text(text[place:]):  # what is JSON inside of a text stands for it
            yield from self._objects(inner, 0, parents, above)
            return
        if text[place] == "[":
            self.n_lists += 1
            for element in elements(text, place + 1):
                yield from self._objects(element, 0, parents, above)
            return
        if text[place] != "{":
            yield text[place:]
            return
        inside = list(members(text, place))
        key = parents[0] if parents else self.lists.names[0]
        if key == EACH:
            yield from self._members(text, inside, parents, above)
            return
        first = {entry.key: entry for entry in reversed(inside)}  # of equal keys the first counts
        taken = (key,) if parents else self.lists.names
        beside = [
            f"{json.dumps(name)}: {text[entry.start : entry.end]}"
            for name, entry in first.items()
            if name not in taken and self._is_repeated(f"{above}{name}", entry)
        ]
        inner_texts = (
            self._inside(text, first.get(key), parents, above)
            if parents
            else self._elements(text, first)
        )
        n_inside = 0
        for n_inside, inner in enumerate(inner_texts, start=1):  # noqa: B007  # counts them
            yield f"{{{', '.join([*beside, inner])}}}"
        if not n_inside:
            yield f"{{{', '.join(beside)}}}"

    def _inside(
        self, text: str, entry: Member | None, parents: Sequence[str], above: str
    ) -> Iterator[str]:
        """Members of the object on the way to the list, once for each element inside of them."""
        if entry is not None:
            for inner in self._objects(
                text[: entry.end], entry.start, parents[1:], f"{above}{entry.key}."
            ):
                yield f"{json.dumps(entry.key)}: {inner}"

    def _members(
        self, text: str, inside: Sequence[Member], parents: Sequence[str], above: str
    ) -> Iterator[str]:
        """The members of an object whose keys are values: each with its key beside it."""
        self.n_lists += 1
        each = in_staged_json(EACH)
        for entry in inside:
            said = f"{json.dumps(each + KEY)}: {json.dumps(entry.key)}"
            if parents:
                inner = self._objects(
                    text[: entry.end], entry.start, parents[1:], f"{above}{EACH}."
                )
                made = [f"{json.dumps(each)}: {value}" for value in inner]
            else:
                found = self._values(text, entry)
                made = [_element(each, value, at) for at, value in enumerate(found, start=1)]
            for part in made or [f"{json.dumps(each)}: null"]:
                yield f"{{{said}, {part}}}"
        if not inside:
            yield "{}"

    def _elements(self, text: str, first: dict[str, Member]) -> Iterator[str]:
        """Members of the elements of one list, or of several side by side."""
        columns = [
            self._values(text, first[name]) if name in first else [] for name in self.lists.names
        ]
        n_elements = len(columns[0])
        if any(len(column) != n_elements for column in columns):  # what belongs to what?
            n_elements = max(map(len, columns))
            columns = [["null"] * n_elements for _ in columns]
        for place, values in enumerate(zip(*columns, strict=True), start=1):
            yield ", ".join(
                _element(name, value, place)
                for name, value in zip(self.lists.names, values, strict=True)
            )

    def _values(self, text: str, entry: Member) -> list[str]:
        """Texts of the elements of a value: of what is no list that itself, as programs write a
        list of one that make JSON of XML. A list may be JSON inside of a text.
        """
        value = text[entry.start : entry.end]
        if value.startswith('"') and isinstance(list_in_text(json.loads(value)), list):
            value = json.loads(value).strip()
        if value.startswith("["):
            self.n_lists += 1
            return list(elements(value, 1))
        if value == "null":
            return []
        self.n_others += 1
        self.other = self.other or value[:SHOWN_CHARACTERS]
        return [value]

    def _is_repeated(self, name: str, entry: Member) -> bool:
        """Whether a value beside a list stands in each record: a long one where it is needed."""
        return (self.keeps_long or entry.end - entry.start <= LONG_VALUE) or any(
            f"{column}.".startswith(f"{name}.") for column in self.wanted
        )


def _element(name: str, value: str, place: int) -> str:
    return f"{json.dumps(name)}: {value}, {json.dumps(name + PLACE)}: {place}"
