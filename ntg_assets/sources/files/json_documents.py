"""The records of JSON documents, one after the other, without parsing what they hold."""

import json
import re
from collections.abc import Generator, Iterator

from ntg_assets.errors import SourceError

SPACE = re.compile(r"[ \t\r\n\x1e\ufeff]*")  # and what stands before each text of a sequence
LINE_ENDS = str.maketrans("\r\n", "  ")


def records_of(text: str, place: str | None, *, name: str) -> Iterator[str]:
    """Texts of the records of JSON documents that follow one another, in order: the elements of
    their arrays, and of several objects without an array each one.

    Args:
        text: The documents; mostly one.
        place: Dotted keys that lead to the array of records in each; none: the document is it.
        name: The file in messages.

    Raises:
        SourceError: a document is no JSON, or there is no array.
    """
    decoder = json.JSONDecoder()
    keys = place.split(".") if place else []
    begin, n_documents = _after_space(text, 0), 0
    try:
        while begin < len(text) or n_documents == 0:
            start = _descend(text, keys, begin, decoder, name=name)
            if text[start : start + 1] == "[":
                end = yield from _elements(text, start + 1, decoder)
            else:
                _refuse_lone_object(text, start, decoder, place, n_documents, name=name)
                _, end = decoder.raw_decode(text, start)
                yield text[start:end]
            begin = _after_space(text, _end_of(text, end, len(keys), decoder))
            n_documents += 1
            _refuse_comma(text, begin, name=name)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{name}: is no whole JSON (line {error.lineno}: {error.msg}). Was its copy"
            " interrupted? Deliver it again."
        ) from None
    except RecursionError:
        raise SourceError(
            f"{name}: is JSON that is nested too deeply. Deliver flat records."
        ) from None


def _refuse_lone_object(
    text: str,
    start: int,
    decoder: json.JSONDecoder,
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
        _, end = decoder.raw_decode(text, start)
        after = _after_space(text, end)
        _refuse_comma(text, after, name=name)
        if n_before or after < len(text):
            return
    where = f"under records: {place}" if place else "in it"
    result = _keys_at(text, start, decoder)
    raise SourceError(
        f"{name}: is a JSON document without an array {where}{result}. Say where its records lie"
        " with `records`, such as `records: data.plays`."
    )


def _refuse_comma(text: str, place: int, *, name: str) -> None:
    """Raise when a comma follows a document: it is one of several records without an array."""
    if text[place : place + 1] == ",":
        line = text.count("\n", 0, place) + 1
        raise SourceError(
            f"{name}: holds several JSON objects without an array around them (the second one after"
            f" ',' in line {line}). Write one object a line, without commas between them, or one"
            " array."
        )


def _end_of(text: str, place: int, n_objects: int, decoder: json.JSONDecoder) -> int:
    """Where a document ends, of which a value inside of so many objects ends at a place."""
    for _ in range(n_objects):
        place = _after_space(text, place)
        while text[place : place + 1] != "}":
            _, place = decoder.raw_decode(text, _expect(text, place, ","))
            _, place = decoder.raw_decode(text, _expect(text, place, ":"))
            place = _after_space(text, place)
        place += 1
    return place


def _descend(
    text: str, keys: list[str], place: int, decoder: json.JSONDecoder, *, name: str
) -> int:
    """Where the value under some keys of the document that begins at a place begins."""
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


def _elements(text: str, place: int, decoder: json.JSONDecoder) -> Generator[str, None, int]:
    """Texts of the elements of an array, from after its bracket; return where it ends. A comma
    behind the last element, as people leave it, is none more.
    """
    place = _after_space(text, place)
    while text[place : place + 1] != "]":
        _, end = decoder.raw_decode(text, place)
        yield text[place:end]
        place = _after_space(text, end)
        if text[place : place + 1] != "]":
            place = _expect(text, place, ",")
    return place + 1


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
