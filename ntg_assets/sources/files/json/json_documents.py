"""The records of JSON documents, one after the other, without parsing what they hold."""

import json
from collections.abc import Iterator

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.json.json_texts import DECODER, after_space, elements, expect, members

LINE_ENDS = str.maketrans("\r\n", "  ")


def records_of(
    text: str, place: str | None, *, name: str, may_be_lone: bool = False
) -> Iterator[str]:
    """Texts of the records of JSON documents that follow one another, in order: the elements of
    their arrays, and of several objects without an array each one.

    Args:
        text: The documents; mostly one.
        place: Dotted keys that lead to the array of records in each; none: the document is it.
        name: The file in messages.
        may_be_lone: Whether an object that stands alone is a record, of which lists are exploded.

    Raises:
        SourceError: a document is no JSON, or there is no array.
    """
    keys = place.split(".") if place else []
    begin, n_documents = after_space(text, 0), 0
    try:
        while begin < len(text) or n_documents == 0:
            start = _descend(text, keys, begin, name=name)
            if text[start : start + 1] == "[":
                end = yield from elements(text, start + 1)
            else:
                if not (may_be_lone and text[start : start + 1] == "{"):
                    _raise_if_lone_object(text, start, place, n_documents, name=name)
                _, end = DECODER.raw_decode(text, start)
                yield text[start:end]
            begin = after_space(text, _end_of(text, end, len(keys)))
            n_documents += 1
            _raise_if_comma(text, begin, name=name)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{name}: is no whole JSON (line {error.lineno}: {error.msg}). Was its copy"
            " interrupted? Deliver it again."
        ) from None
    except RecursionError:
        raise SourceError(
            f"{name}: is JSON that is nested too deeply. Deliver flat records."
        ) from None


def _raise_if_lone_object(
    text: str,
    start: int,
    place: str | None,
    n_before: int,
    *,
    name: str,
) -> None:
    """Raise when a document is an object that is no record: it stands alone, or in the place of an
    array.
    """
    is_object = text[start : start + 1] == "{"
    if place is None and is_object:
        _, end = DECODER.raw_decode(text, start)
        after = after_space(text, end)
        _raise_if_comma(text, after, name=name)
        if n_before or after < len(text):
            return
    where = f"under records: {place}" if place else "in it"
    result = _keys_at(text, start)
    raise SourceError(
        f"{name}: is a JSON document without an array {where}{result}. Say where its records lie"
        " with `records`, such as `records: data.plays`."
    )


def _raise_if_comma(text: str, place: int, *, name: str) -> None:
    """Raise when a comma follows a document: it is one of several records without an array."""
    if text[place : place + 1] == ",":
        line = text.count("\n", 0, place) + 1
        raise SourceError(
            f"{name}: holds several JSON objects without an array around them (the second one after"
            f" ',' in line {line}). Write one object a line, without commas between them, or one"
            " array."
        )


def _end_of(text: str, place: int, n_objects: int) -> int:
    """Where a document ends, of which a value inside of so many objects ends at a place."""
    for _ in range(n_objects):
        place = after_space(text, place)
        while text[place : place + 1] != "}":
            _, place = DECODER.raw_decode(text, expect(text, place, ","))
            _, place = DECODER.raw_decode(text, expect(text, place, ":"))
            place = after_space(text, place)
        place += 1
    return place


def _descend(text: str, keys: list[str], place: int, *, name: str) -> int:
    """Where the value under some keys of the document that begins at a place begins."""
    for key in keys:
        if text[place : place + 1] != "{":
            raise SourceError(
                f"{name}: `records` names {key!r}, but there is no object at that place. Correct"
                " `records`."
            )
        result = next((entry.start for entry in members(text, place) if entry.key == key), None)
        if result is None:
            raise SourceError(
                f"{name}: `records` names {key!r}, which is not there"
                f"{_keys_at(text, place)}. Correct `records`."
            )
        place = result
    return place


def _keys_at(text: str, place: int) -> str:
    """Say which keys an object has."""
    if text[place : place + 1] != "{":
        return ""
    keys = [entry.key for entry in members(text, place)]
    return f" (it has {', '.join(map(repr, keys[:8]))})" if keys else ""
