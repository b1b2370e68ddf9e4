"""Records that hold lists (`explode`): each element becomes a record, with the fields around it."""

import ast
import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.json_keys import EACH, in_staged_json
from ntg_assets.sources.files.json_texts import Member, elements, list_in_text, members

KEY, PLACE = "~", "#"  # behind the name of a list: the key of an element, its place from 1
OBJECT = re.compile(r"\s*[\"']?[^,\"']*[\"']?\s*:")  # JSON, or as Python prints a dict
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
        n_records: Records before.
        n_lists: Lists (and objects whose members are elements) that were met, empty ones included.
        n_others: Other values in the place of a list, which count as its only element.
    """

    lists: Lists
    wanted: Collection[str] = ()
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
        return entry.end - entry.start <= LONG_VALUE or any(
            f"{column}.".startswith(f"{name}.") for column in self.wanted
        )


def _element(name: str, value: str, place: int) -> str:
    return f"{json.dumps(name)}: {value}, {json.dumps(name + PLACE)}: {place}"


def exploded_rows(
    records: Iterator[tuple[str, list[str]]],
    header: Sequence[str],
    source: FileSource,
    *,
    name: str,
) -> Iterator[list[str] | str]:
    """Rows of CSV with one element of each list in its place, and its place behind the others; the
    text of a record that does not fit the header.

    Args:
        records: Texts and fields of the records below the header.
        header: Names of the columns.
        source: Which columns are lists, and what divides them.
        name: The file in messages.

    Raises:
        SourceError: there is no such column.
    """
    absent = next((path for path in source.explode if path not in header), None)
    if absent is not None:
        shown = ", ".join(map(repr, header[:SHOWN_KEYS]))
        raise SourceError(
            f"{name}: explode names {absent!r}, but there is no such column; columns found:"
            f" {shown}. Correct `explode`."
        )
    places = [list(header).index(path) for path in source.explode]
    n_lists, other = 0, ""
    for text, fields in records:
        row = fields[:-1] if len(fields) == len(header) + 1 and not fields[-1] else fields
        if len(row) != len(header):  # with a further column it would fit: the reader refuses it
            yield f"{text}{source.delimiter}?" if len(row) == len(header) + 1 else text
            continue
        lists = [elements_of_field(row[place], source.explode_separator) for place in places]
        n_lists += source.explode_separator is not None or row[places[0]].lstrip()[:1] in {"[", "{"}
        other = other or row[places[0]]
        yield from _rows_of_elements(row, lists, places)
    if other and not n_lists:
        raise SourceError(
            f"{name}: explode names {source.explode[0]!r}, whose fields hold no list as JSON"
            f" (first: {other[:SHOWN_CHARACTERS]!r}). Set `explode_separator` to what stands"
            " between their elements, or leave `explode` out."
        )


def _rows_of_elements(
    row: list[str], lists: list[list[str]], places: Sequence[int]
) -> Iterator[list[str]]:
    """Rows with one element of each list in its place; the row itself where there is none."""
    longest = max(map(len, lists))
    if any(len(values) != longest for values in lists):  # what belongs to what?
        lists = [[""] * longest for _ in lists]
    for number, values in enumerate(zip(*lists, strict=True), start=1):
        made = list(row)
        for place, value in zip(places, values, strict=True):
            made[place] = value
        yield [*made, str(number)]
    if not longest:
        yield [*row, ""]


def elements_of_field(field: str, separator: str | None) -> list[str]:
    """Texts of the elements of a list in a field of CSV; what is no list is its only element.

    Args:
        field: As it stands.
        separator: Between the elements; none: the list is JSON, or as Python prints one.
    """
    text = field.strip()
    if not text:
        return []
    if separator is not None:
        return [part.strip() for part in text.split(separator)]
    values = list_in_field(text)
    if values is None:
        return [text]
    texts = (value if isinstance(value, str) else json.dumps(value) for value in values)
    return ["" if text == "null" else text for text in texts]


def list_in_field(text: str) -> list[object] | None:
    """The list that a text is as JSON, as Python prints one (`['a', 'b']`), or as PostgreSQL does
    (`{a,b}`); else none.
    """
    if text.startswith("{") and text.endswith("}"):
        return _printed_array(text)
    values = list_in_text(text)
    if isinstance(values, list) or not text.startswith("["):
        return values if isinstance(values, list) else None
    try:
        printed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return printed if isinstance(printed, list) else None


def _printed_array(text: str) -> list[object] | None:
    """Elements of an array as PostgreSQL prints it; none: it is something else (an object, or an
    array of arrays).
    """
    inside = text[1:-1]
    if not inside or inside.startswith("{") or OBJECT.match(inside):
        return None if inside else []
    rows = list(csv.reader([inside], escapechar="\\", doublequote=False, strict=False))
    return [None if value == "NULL" else value for value in rows[0]]
