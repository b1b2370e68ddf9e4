"""The texts of values inside of a JSON text: where each begins and ends, without changing it."""

import json
import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

SPACE = re.compile(r"[ \t\r\n\x1e\ufeff]*")  # and what stands before each text of a sequence
DECODER = json.JSONDecoder()


class Member(NamedTuple):
    """One member of an object: its key, and where its value begins and ends."""

    key: str
    start: int
    end: int


def members(text: str, place: int) -> Iterator[Member]:
    """Members of the object that begins at a place, in order."""
    place = after_space(text, place + 1)
    while text[place : place + 1] == '"':
        key, place = DECODER.raw_decode(text, place)
        start = expect(text, place, ":")
        _, end = DECODER.raw_decode(text, start)
        yield Member(key, start, end)
        place = after_space(text, end)
        if text[place : place + 1] == "}":
            return
        place = expect(text, place, ",")
    if text[place : place + 1] != "}":
        raise json.JSONDecodeError("a key or '}' expected", text, place)


def elements(text: str, place: int) -> Generator[str, None, int]:
    """Texts of the elements of an array, from after its bracket; return where it ends. A comma
    behind the last element, as people leave it, is none more.
    """
    place = after_space(text, place)
    while text[place : place + 1] != "]":
        _, end = DECODER.raw_decode(text, place)
        yield text[place:end]
        place = after_space(text, end)
        if text[place : place + 1] != "]":
            place = expect(text, place, ",")
    return place + 1


def list_in_text(value: object) -> object:
    """The list that is written as JSON inside of a text, where one is; else the value itself."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        inner = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return inner if isinstance(inner, list) else value


def json_in_text(written: str) -> str:
    """The object or list that is written as JSON inside of a JSON text; empty where none is."""
    if not written.startswith('"'):
        return ""
    try:
        inner = json.loads(written).strip()
        return inner if inner[:1] in {"{", "["} and json.loads(inner) is not None else ""
    except (ValueError, RecursionError):
        return ""


def expect(text: str, place: int, sign: str) -> int:
    """Place after a sign that must come next."""
    place = after_space(text, place)
    if text[place : place + 1] != sign:
        raise json.JSONDecodeError(f"{sign!r} expected", text, min(place, len(text)))
    return after_space(text, place + 1)


def after_space(text: str, place: int) -> int:
    """The first place from here on at which something stands."""
    match = SPACE.match(text, place)
    return match.end() if match else place
