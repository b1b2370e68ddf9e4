"""The records of a JSON document, one after the other, without parsing what they hold."""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from ntg_assets.errors import SourceError

SPACE = re.compile(r"[ \t\r\n]*")
LINE_ENDS = str.maketrans("\r\n", "  ")


def records_of(text: str, place: str | None, *, name: str) -> Iterator[str]:
    """Texts of the records of a JSON document, in order.

    Args:
        text: The document.
        place: Dotted keys that lead to the array of records; none: it is the document.
        name: The file in messages.

    Raises:
        SourceError: the document is no JSON, or there is no array.
    """
    decoder = json.JSONDecoder()
    try:
        start = _descend(text, place.split(".") if place else [], decoder, name=name)
        if text[start : start + 1] != "[":
            _refuse_no_array(text, start, decoder, place=place, name=name)
        yield from _elements(text, start + 1, decoder)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{name}: is no whole JSON (line {error.lineno}: {error.msg}). Was its copy"
            " interrupted? Deliver it again."
        ) from None
    except RecursionError:
        raise SourceError(
            f"{name}: is JSON that is nested too deeply. Deliver flat records."
        ) from None


def _refuse_no_array(
    text: str, start: int, decoder: json.JSONDecoder, *, place: str | None, name: str
) -> NoReturn:
    """Say what lies where an array of records was expected: several objects, or one with keys."""
    _refuse_loose_records(text, start, decoder, name=name)
    where = f"under records: {place}" if place else "in it"
    keys = _keys_at(text, start, decoder)
    raise SourceError(
        f"{name}: is a JSON document without an array {where}{keys}. Say where its"
        " records lie with `records`, such as `records: data.plays`."
    )


def _refuse_loose_records(text: str, start: int, decoder: json.JSONDecoder, *, name: str) -> None:
    """Raise when further records follow the first one without an array around them."""
    _, end = decoder.raw_decode(text, start)
    after = _after_space(text, end)
    if text[after : after + 1] in {"{", ","}:
        line = text.count("\n", 0, after) + 1
        raise SourceError(
            f"{name}: holds several JSON objects without an array around them (the second one after"
            f" {text[after]!r} in line {line}). Write one object a line, without commas between"
            " them, or one array."
        )


def _descend(text: str, keys: list[str], decoder: json.JSONDecoder, *, name: str) -> int:
    """Where the value under some keys begins."""
    place = _after_space(text, 0)
    for key in keys:
        if text[place : place + 1] != "{":
            raise SourceError(
                f"{name}: `records` names {key!r}, but there is no object at that place. Correct"
                " `records`."
            )
        result = next((at for member, at in _members(text, place, decoder) if member == key), None)
        if result is None:
            raise SourceError(
                f"{name}: `records` names {key!r}, which is not there"
                f"{_keys_at(text, place, decoder)}. Correct `records`."
            )
        place = result
    return place


def _members(text: str, place: int, decoder: json.JSONDecoder) -> Iterator[tuple[str, int]]:
    """Keys of the object that begins at a place, each with where its value begins."""
    place = _after_space(text, place + 1)
    while text[place : place + 1] == '"':
        key, place = decoder.raw_decode(text, place)
        place = _expect(text, place, ":")
        yield key, place
        _, place = decoder.raw_decode(text, place)
        place = _after_space(text, place)
        if text[place : place + 1] == "}":
            return
        place = _expect(text, place, ",")
    if text[place : place + 1] != "}":
        raise json.JSONDecodeError("a key or '}' expected", text, place)


def _elements(text: str, place: int, decoder: json.JSONDecoder) -> Iterator[str]:
    """Texts of the elements of an array, from after its bracket."""
    place = _after_space(text, place)
    if text[place : place + 1] == "]":
        return
    while True:
        _, end = decoder.raw_decode(text, place)
        yield text[place:end]
        place = _after_space(text, end)
        if text[place : place + 1] == "]":
            return
        place = _expect(text, place, ",")


def _expect(text: str, place: int, sign: str) -> int:
    """Place after a sign that must come next."""
    place = _after_space(text, place)
    if text[place : place + 1] != sign:
        raise json.JSONDecodeError(f"{sign!r} expected", text, min(place, len(text)))
    return _after_space(text, place + 1)


def _keys_at(text: str, place: int, decoder: json.JSONDecoder) -> str:
    """Say which keys an object has."""
    if text[place : place + 1] != "{":
        return ""
    keys = [key for key, _ in _members(text, place, decoder)]
    return f" (it has {', '.join(map(repr, keys[:8]))})" if keys else ""


def _after_space(text: str, place: int) -> int:
    match = SPACE.match(text, place)
    return match.end() if match else place
