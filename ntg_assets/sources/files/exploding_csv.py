"""Lists in fields of CSV (`explode`): each element becomes a row, with the fields around it."""

import ast
import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.files.exploding import (
    PLACE,
    SHOWN_CHARACTERS,
    SHOWN_KEYS,
    Exploded,
    Lists,
)
from ntg_assets.sources.files.json.json_keys import in_staged_json
from ntg_assets.sources.files.json.json_texts import list_in_text

OBJECT = re.compile(r"\s*[\"']?[^,\"']*[\"']?\s*:")  # JSON, or as Python prints a dict


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
    inner = _inner_lists(source.explode, header)
    absent = next((path for path in source.explode if path not in header), None)
    if absent is not None and inner is None:
        shown = ", ".join(map(repr, header[:SHOWN_KEYS]))
        raise SourceError(
            f"{name}: explode names {absent!r}, but there is no such column; columns found:"
            f" {shown}. Correct `explode`."
        )
    places = [list(header).index(path) for path in source.explode if path in header]
    n_lists, other = 0, ""
    for text, fields in records:
        row = fields[:-1] if len(fields) == len(header) + 1 and not fields[-1] else fields
        if len(row) != len(header):  # with a further column it would fit: the reader refuses it
            yield f"{text}{source.delimiter}?" if len(row) == len(header) + 1 else text
            continue
        if inner is not None:
            yield from inner.rows_of(row)
            continue
        lists = [elements_of_field(row[place], source.explode_separator) for place in places]
        n_lists += source.explode_separator is not None or row[places[0]].lstrip()[:1] in {"[", "{"}
        other = other or row[places[0]]
        yield from _rows_of_elements(row, lists, places)
    if inner is not None:
        inner.exploded.raise_if_no_lists(name=name)
    if other and not n_lists:
        raise SourceError(
            f"{name}: explode names {source.explode[0]!r}, whose fields hold no list as JSON"
            f" (first: {other[:SHOWN_CHARACTERS]!r}). Set `explode_separator` to what stands"
            " between their elements, or leave `explode` out."
        )


@dataclass
class _InnerLists:
    """Lists inside of JSON in the fields of a column.

    Attributes:
        place: Of the column.
        keys: That lead from there to the place of an element.
        exploded: What was met.
    """

    place: int
    keys: tuple[str, ...]
    exploded: Exploded

    def rows_of(self, row: list[str]) -> Iterator[list[str]]:
        """A row once for each element, with JSON of what lies around it in the column."""
        field = row[self.place].strip()
        try:
            texts = list(self.exploded.records_of(field))
        except (json.JSONDecodeError, RecursionError, IndexError):
            texts = [field]
        for text in texts:
            made = list(row)
            made[self.place] = text
            yield [*made, self._number_of(text)]

    def _number_of(self, text: str) -> str:
        """The place of the element that a record holds; empty where it holds none."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return ""
        for key in self.keys:
            value = value.get(key) if isinstance(value, dict) else None
        return "" if value is None else str(value)


def _inner_lists(explode: Sequence[str], header: Sequence[str]) -> _InnerLists | None:
    """Lists inside of the column whose name begins their paths; none where no column does."""
    parts = explode[0].split(".")
    for n_outer in range(len(parts) - 1, 0, -1):
        column = ".".join(parts[:n_outer])
        if column in header and explode[0] not in header:
            inner = Lists.of([path.removeprefix(f"{column}.") for path in explode])
            keys = tuple(map(in_staged_json, (*inner.parents, f"{inner.names[0]}{PLACE}")))
            return _InnerLists(list(header).index(column), keys, Exploded(inner, keeps_long=True))
    return None


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
