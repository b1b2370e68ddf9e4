"""Parts of a written time (dates, clocks, zones, words), and the formats that one text may be in:
each text is divided into parts, and what remains must stand in the text as it is.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from ntg_assets.sources.values.calendar_words import (
    ENGLISH_MONTHS,
    ENGLISH_WEEKDAYS,
    MONTHS,
    SHORT,
    WEEKDAYS,
)
from ntg_assets.sources.values.day_halves import HALF


class Part(NamedTuple):
    """A part of a text: the formats that it may have, the order of day and month in each."""

    pattern: re.Pattern[str]
    formats: tuple[str, ...]
    kind: str


def _part(kind: str, pattern: str, *formats: str) -> Part:
    return Part(re.compile(pattern), formats, kind)


# `\g<n>` stands for what the group n has found; in order, the longest first
DATES = (
    _part("date", r"\d{4}-W\d{2}-\d(?!\d)", "%G-W%V-%u"),
    _part("date", r"\d{4}W\d{3}(?!\d)", "%GW%V%u"),
    _part("date and clock", r"\d{14}([.,])\d{1,9}(?!\d)", r"%Y%m%d%H%M%S\g<1>%f"),
    _part("date and clock", r"\d{14}(?!\d)", "%Y%m%d%H%M%S"),
    _part("date and clock", r"\d{8}T\d{6}([.,])\d{1,9}(?!\d)", r"%Y%m%dT%H%M%S\g<1>%f"),
    _part("date and clock", r"\d{8}T\d{6}(?!\d)", "%Y%m%dT%H%M%S"),
    _part("date and clock", r"\d{8}T\d{4}(?!\d)", "%Y%m%dT%H%M"),
    _part("date and clock", r"\d{12}(?!\d)", "%Y%m%d%H%M"),
    _part("date", r"\d{8}(?!\d)", "%Y%m%d"),
    _part("date", r"\d{4}(\. |[-/. ])\d{1,2}\1\d{1,2}(?!\d)", r"%Y\g<1>%m\g<1>%d"),
    _part("date", r"\d{4}-\d{3}(?!\d)", "%Y-%j"),
    _part("date", r"(?:19|20)\d{2}[0-3]\d{2}(?!\d)", "%Y%j"),
    _part("date", r"\d{4}([年년] ?)\d{1,2}([月월] ?)\d{1,2}([日일])", r"%Y\g<1>%m\g<2>%d\g<3>"),
    _part("date", r"\d{4}([-/.])\d{1,2}(?!\d)", r"%Y\g<1>%m"),
    _part(
        "date", r"\d{1,2}(\. |[-/. ])\d{1,2}\1\d{4}(?!\d)", r"%d\g<1>%m\g<1>%Y", r"%m\g<1>%d\g<1>%Y"
    ),
    _part(
        "date",
        r"\d{1,2}([-/. ])\d{1,2}\1\d{2}(?!\d)",
        r"%d\g<1>%m\g<1>%y",
        r"%m\g<1>%d\g<1>%y",
        r"%y\g<1>%m\g<1>%d",
    ),
)
HALF_DAYS = rf"([ ]*){HALF}"
CLOCKS = (
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}\1\d{{2}}([.,])\d{{1,9}}{HALF_DAYS}",
          r"%I\g<1>%M\g<1>%S\g<2>%f\g<3>%p"),
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}\1\d{{2}}{HALF_DAYS}", r"%I\g<1>%M\g<1>%S\g<2>%p"),
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}{HALF_DAYS}", r"%I\g<1>%M\g<2>%p"),
    _part("clock", rf"\d{{1,2}}{HALF_DAYS}", r"%I\g<1>%p"),
    _part("clock", rf"{HALF}([ ]*)\d{{1,2}}([:.])\d{{2}}\2\d{{2}}(?!\d)",
          r"%p\g<1>%I\g<2>%M\g<2>%S"),
    _part("clock", rf"{HALF}([ ]*)\d{{1,2}}([:.])\d{{2}}(?!\d)", r"%p\g<1>%I\g<2>%M"),
    _part("clock", r"\d{1,2}([時时시] ?)\d{1,2}([分분] ?)\d{1,2}([秒초])",
          r"%H\g<1>%M\g<2>%S\g<3>"),
    _part("clock", r"\d{1,2}([時时시] ?)\d{1,2}([分분])", r"%H\g<1>%M\g<2>"),
    _part("clock", r"\d{1,2}([hH])\d{2}(?!\d)", r"%H\g<1>%M"),
    _part("clock", r"\d{1,2}([:.])\d{2}\1\d{2}([.,])\d{1,9}", r"%H\g<1>%M\g<1>%S\g<2>%f"),
    _part("clock", r"\d{1,2}([:.])\d{2}\1\d{2}(?!\d)", r"%H\g<1>%M\g<1>%S"),
    _part("clock", r"\d{1,2}([:.])\d{2}(?!\d)", r"%H\g<1>%M"),
    # in names of files, where no colon may stand, and in tables of hours
    _part("clock", r"(?<=[T_ ])\d{2}([-_])\d{2}\1\d{2}(?![\d.])", r"%H\g<1>%M\g<1>%S"),
    _part("clock", r"(?<=\d[T_ ])([01]\d|2[0-3])[0-5]\d[0-5]\d(?!\d)", "%H%M%S"),
    _part("clock", r"(?<=\dT)([01]\d|2[0-3])(?=$|Z|[-+]\d)", "%H"),
)  # fmt: skip
OFFSETS = (
    _part("zone", r"(UTC|GMT)(?=[+-]\d)", r"\g<1>"),
    _part("zone", r"[+-]\d{2}:?\d{2}(?!\d)|Z\b", "%z"),
    _part("zone", r"[A-Z][a-z]+/[A-Za-z_/]+|[A-Z]{3,5}\b", "%Z"),
    _part("comment", r"[ ]*(\([^()]*\)|\[[^\[\]]*\])$", ""),
)
# in brackets, where nothing else says the zone
BRACKETED = (
    _part("zone", r"([ ]*)\([+-]\d{2}(?::?\d{2})?\)$", r"\g<1>(%z)"),
    _part("zone", r"([ ]*)\([A-Z]{3,5}\)$", r"\g<1>(%Z)"),
)
NUMBERS = (
    _part("year", r"\d{4}(?!\d)", "%Y"),
    _part("number", r"\d{1,2}(?!\d)", "%d", "%y"),
)
IN_JSON = re.compile(r"""\s*[\[{]\s*["'\[{]""")  # a record or a list is no time
WORD = re.compile(r"[^\W\d_]+")


def formats_of(text: str) -> Iterator[str]:
    """Yield the formats that one text may be written in."""
    if IN_JSON.match(text):
        return
    pieces: list[tuple[str, ...]] = []
    seen: set[str] = set()
    plain, place = text.strip().replace("\u202f", " ").replace("\xa0", " "), 0
    while place < len(plain):
        part = _next_part(plain, place, seen)
        if part is None:
            return
        formats, kind, place = part
        seen.update(kind.split(" and "))
        pieces.append(formats)
    if not seen & {"date", "month"}:
        return
    for chosen in product(*pieces):
        written = "".join(chosen)
        if all(written.count(mark) <= 1 for mark in ("%d", "%y", "%Y")) and _names_a_day(written):
            yield written


def _names_a_day(written: str) -> bool:
    """Whether a format names a year, a day beside a month's name, and the day before a year of two
    digits.
    """
    if "%d" not in written and ("%b" in written or "%B" in written):
        return False
    if "%y" in written:
        is_first = "%y" in written and "%m" in written and written.index("%y") < written.index("%m")
        return "%d" in written and (is_first or written.index("%d") < written.index("%y"))
    return "%Y" in written or "%G" in written


def _next_part(text: str, place: int, seen: set[str]) -> tuple[tuple[str, ...], str, int] | None:
    """What stands at a place: its formats, its kind, and where it ends; None: nothing known."""
    for part in _expected(seen):
        if match := part.pattern.match(text, place):
            formats = tuple(match.expand(entry) for entry in part.formats)
            return formats, part.kind, match.end()
    if word := WORD.match(text, place):
        return *_word(word.group()), word.end()
    sign = text[place]
    return None if sign.isdigit() or sign == "%" else ((sign,), "sign", place + 1)


def _expected(seen: set[str]) -> Iterable[Part]:
    """Parts that may come next."""
    if "date" not in seen and "month" not in seen:
        yield from DATES
    if "clock" in seen and "zone" not in seen:
        yield from BRACKETED
    yield from OFFSETS if "clock" in seen else CLOCKS
    if "date" not in seen:
        yield from NUMBERS


def _word(word: str) -> tuple[tuple[str, ...], str]:
    lower = word.lower()
    for names, abroad, kind, short, long in (
        (MONTHS, ENGLISH_MONTHS, "month", "%b", "%B"),
        (WEEKDAYS, ENGLISH_WEEKDAYS, "weekday", "%a", "%A"),
    ):
        if lower in names:
            return ((short, long) if len(lower) == SHORT else (long,)), kind
        if lower in abroad:  # either reads it, but a column should have one
            return ((long, short) if len(lower) > SHORT + 1 else (short, long)), kind
        if lower in {name[:SHORT] for name in names} or (kind == "month" and lower == "sept"):
            return (short,), kind
    return (word,), "word"
