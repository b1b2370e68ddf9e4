"""Formats that times are written in, made from the texts themselves: each text is divided into the
parts of a date and of a clock, and what remains must stand in the text as it is.

What fits is asked of the reader's own expression, so that a proposed format reads what it promises.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

import polars as pl

from ntg_assets.sources.values.calendar_words import (
    ENGLISH_MONTHS,
    ENGLISH_WEEKDAYS,
    MONTHS,
    SHORT,
    WEEKDAYS,
)
from ntg_assets.sources.values.time_texts import time_in_format
from ntg_assets.sources.values.times import TimeReading
from ntg_assets.sql import Query
from ntg_assets.storage.run import run

EXAMINED_TEXTS, TRIED_FORMATS, MOST_FORMATS = 300, 12, 4
FITTING_SHARE = 0.99  # the rest are bad records, of which a load takes as many
ORDERS = DAY_FIRST, MONTH_FIRST, YEAR_FIRST = ("day first", "month first", "year first")
MUCH_LONGER = 4  # a log as long as that, in another reading, is none


class Reading(NamedTuple):
    """Formats that read a column together, in the order in which they are tried."""

    formats: tuple[str, ...]
    n_fitting: int


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
    _part("date and clock", r"\d{14}(?!\d)", "%Y%m%d%H%M%S"),
    _part("date and clock", r"\d{8}T\d{6}(?!\d)", "%Y%m%dT%H%M%S"),
    _part("date and clock", r"\d{12}(?!\d)", "%Y%m%d%H%M"),
    _part("date", r"\d{8}(?!\d)", "%Y%m%d"),
    _part("date", r"\d{4}([-/. ])\d{1,2}\1\d{1,2}(?!\d)", r"%Y\g<1>%m\g<1>%d"),
    _part("date", r"\d{4}-\d{3}(?!\d)", "%Y-%j"),
    _part("date", r"(?:19|20)\d{2}[0-3]\d{2}(?!\d)", "%Y%j"),
    _part("date", r"\d{4}([年년] ?)\d{1,2}([月월] ?)\d{1,2}([日일])", r"%Y\g<1>%m\g<2>%d\g<3>"),
    _part("date", r"\d{4}([-/.])\d{1,2}(?!\d)", r"%Y\g<1>%m"),
    _part("date", r"\d{1,2}([-/. ])\d{1,2}\1\d{4}(?!\d)", r"%d\g<1>%m\g<1>%Y", r"%m\g<1>%d\g<1>%Y"),
    _part(
        "date",
        r"\d{1,2}([-/. ])\d{1,2}\1\d{2}(?!\d)",
        r"%d\g<1>%m\g<1>%y",
        r"%m\g<1>%d\g<1>%y",
        r"%y\g<1>%m\g<1>%d",
    ),
)
HALF_DAYS = r"([ ]*)(?i:[ap]\.?m\b\.?)"
CLOCKS = (
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}\1\d{{2}}([.,])\d{{1,9}}{HALF_DAYS}",
          r"%I\g<1>%M\g<1>%S\g<2>%f\g<3>%p"),
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}\1\d{{2}}{HALF_DAYS}", r"%I\g<1>%M\g<1>%S\g<2>%p"),
    _part("clock", rf"\d{{1,2}}([:.])\d{{2}}{HALF_DAYS}", r"%I\g<1>%M\g<2>%p"),
    _part("clock", rf"\d{{1,2}}{HALF_DAYS}", r"%I\g<1>%p"),
    _part("clock", r"\d{1,2}([時时시] ?)\d{1,2}([分분] ?)\d{1,2}([秒초])",
          r"%H\g<1>%M\g<2>%S\g<3>"),
    _part("clock", r"\d{1,2}([時时시] ?)\d{1,2}([分분])", r"%H\g<1>%M\g<2>"),
    _part("clock", r"\d{1,2}([hH])\d{2}(?!\d)", r"%H\g<1>%M"),
    _part("clock", r"\d{1,2}([:.])\d{2}\1\d{2}([.,])\d{1,9}", r"%H\g<1>%M\g<1>%S\g<2>%f"),
    _part("clock", r"\d{1,2}([:.])\d{2}\1\d{2}(?!\d)", r"%H\g<1>%M\g<1>%S"),
    _part("clock", r"\d{1,2}([:.])\d{2}(?!\d)", r"%H\g<1>%M"),
)  # fmt: skip
OFFSETS = (
    _part("zone", r"(UTC|GMT)(?=[+-]\d)", r"\g<1>"),
    _part("zone", r"[+-]\d{2}:?\d{2}(?!\d)|Z\b", "%z"),
    _part("zone", r"[A-Z][a-z]+/[A-Za-z_/]+|[A-Z]{3,5}\b", "%Z"),
    _part("comment", r"[ ]*(\([^()]*\)|\[[^\[\]]*\])$", ""),
)
NUMBERS = (
    _part("year", r"\d{4}(?!\d)", "%Y"),
    _part("number", r"\d{1,2}(?!\d)", "%d", "%y"),
)
WORD = re.compile(r"[^\W\d_]+")


def find_readings(texts: Sequence[str]) -> list[Reading]:
    """Find what reads a column of times: several readings where day and month could be either, none
    where no format is known.

    Args:
        texts: Not empty each; those of a column, in any order.
    """
    shapes: Counter[str] = Counter()
    for text in list(dict.fromkeys(texts))[:EXAMINED_TEXTS]:
        shapes.update(set(formats_of(text)))
    tried = [format_ for format_, _ in shapes.most_common(TRIED_FORMATS)]
    if not tried:
        return []
    parsed = _parse(texts, tried)
    needed = FITTING_SHARE * len(texts)
    matches: dict[tuple[datetime | None, ...], Reading] = {}
    for order in ORDERS:
        usable = [entry for entry in tried if _order_of(entry) in {None, order}]
        reading, instants = _cover(usable, parsed)
        if reading.formats and reading.n_fitting >= needed:
            matches.setdefault(tuple(instants), reading)
    simplest = min((len(reading.formats) for reading in matches.values()), default=0)
    usual = {
        instants: reading
        for instants, reading in matches.items()
        if len(reading.formats) == simplest
    }
    return list(_without_far_years(usual).values())


def _without_far_years(
    readings: Mapping[tuple[datetime | None, ...], Reading],
) -> dict[tuple[datetime | None, ...], Reading]:
    """Of a year of two digits that could be a day, the readings in which the log is not many times
    as long as in another one: `24/01/05`, `24/02/17` is no log of twelve years.
    """
    spans = {instants: _span(instants) for instants in readings}
    by_order = {
        is_first: min(
            (spans[entry] for entry in readings if _has_year_first(readings[entry]) == is_first),
            default=None,
        )
        for is_first in (True, False)
    }
    return {
        instants: reading
        for instants, reading in readings.items()
        if (other := by_order[not _has_year_first(reading)]) is None
        or spans[instants] <= MUCH_LONGER * other
    }


def _has_year_first(reading: Reading) -> bool:
    return any(_order_of(written) == YEAR_FIRST for written in reading.formats)


def _span(instants: Sequence[datetime | None]) -> timedelta:
    """Time between the first and the last one."""
    read = [instant for instant in instants if instant is not None]
    return max(read) - min(read)


def formats_of(text: str) -> Iterator[str]:
    """Yield the formats that one text may be written in."""
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
    if "clock" not in seen:
        yield from CLOCKS
    if "clock" in seen:
        yield from OFFSETS
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


def _order_of(given: str) -> str | None:
    """Order of day and month, where both are numbers and the year does not come first."""
    if "%d" not in given or "%m" not in given or re.search(r"%Y\W?%m", given):
        return None
    if re.search(r"%y\W?%m", given):
        return YEAR_FIRST
    return DAY_FIRST if given.index("%d") < given.index("%m") else MONTH_FIRST


def _parse(texts: Sequence[str], tried: Sequence[str]) -> pl.DataFrame:
    """What the reader makes of each text in each format, one column each."""
    reading = TimeReading(formats=tuple(tried))
    columns = ", ".join(
        f"cast({time_in_format('text', place, format_)} as timestamp) as f{place}"
        for place, format_ in enumerate(tried)
    )
    values = pl.DataFrame({"place": range(len(texts)), "text": texts})
    text = f"select {columns} from texts order by place"  # noqa: S608  # our own text, values are bound
    parsed = run(Query(text, {"texts": values}, reading.parameters))
    return parsed.rename(dict(zip(parsed.columns, tried, strict=True)))


def _cover(usable: Sequence[str], parsed: pl.DataFrame) -> tuple[Reading, list[datetime | None]]:
    """Formats that read as many texts as they can together, the one that reads most first; and what
    they make of the texts.
    """
    chosen: list[str] = []
    instants = pl.Series("instant", [None] * parsed.height, dtype=pl.Datetime("us"))
    while len(chosen) < MOST_FORMATS and instants.null_count():
        gains = {
            format_: int((parsed[format_].is_not_null() & instants.is_null()).sum())
            for format_ in usable
            if format_ not in chosen
        }
        best = max(gains, key=lambda format_: gains[format_], default=None)
        if best is None or gains[best] == 0:
            break
        chosen.append(best)
        instants = instants.fill_null(parsed[best])
    return Reading(tuple(chosen), parsed.height - instants.null_count()), instants.to_list()
