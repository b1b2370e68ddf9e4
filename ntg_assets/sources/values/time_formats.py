"""Formats that times are written in, made from the texts themselves: each text is divided into the
parts of a date and of a clock, and what remains must stand in the text as it is.

What fits is asked of the reader's own expression, so that a proposed format reads what it promises.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from ntg_assets.sources.values.day_halves import differ_in_words_only
from ntg_assets.sources.values.time_parts import formats_of
from ntg_assets.sources.values.time_texts import time_in_format
from ntg_assets.sources.values.times import TimeReading
from ntg_assets.sql import Query
from ntg_assets.storage.run import run

EXAMINED_TEXTS, TRIED_FORMATS, MOST_FORMATS = 300, 12, 4
FITTING_SHARE = 0.99  # the rest are bad records, of which a load takes as many
FEWEST_WITH_ONE = 20  # texts of which one may be none of a column: a total below it, a header
ORDERS = DAY_FIRST, MONTH_FIRST, YEAR_FIRST = ("day first", "month first", "year first")
MUCH_LONGER = 4  # a log as long as that, in another reading, is none


class Reading(NamedTuple):
    """Formats that read a column together, in the order in which they are tried."""

    formats: tuple[str, ...]
    n_fitting: int


def find_readings(texts: Sequence[str]) -> list[Reading]:
    """Find what reads a column of times: several readings where day and month could be either, none
    where no format is known.

    Args:
        texts: Not empty each; those of a column, in any order.
    """
    shapes: Counter[str] = Counter()
    for text in list(dict.fromkeys(texts))[:EXAMINED_TEXTS]:
        shapes.update(list(dict.fromkeys(formats_of(text))))
    tried = [format_ for format_, _ in shapes.most_common(TRIED_FORMATS)]
    if not tried:
        return []
    parsed = _parse(texts, tried)
    needed = len(texts) - most_others(len(texts))
    matches: dict[tuple[datetime | None, ...], Reading] = {}
    for order in ORDERS:
        usable = [entry for entry in tried if _order_of(entry) in {None, order}]
        reading, instants = _cover(usable, parsed)
        if (
            reading.formats
            and reading.n_fitting >= needed
            and not differ_in_words_only(reading.formats)
        ):
            matches.setdefault(tuple(instants), reading)
    simplest = min((len(reading.formats) for reading in matches.values()), default=0)
    usual = {
        instants: reading
        for instants, reading in matches.items()
        if len(reading.formats) == simplest
    }
    return list(_without_far_years(usual).values())


def most_others(n_texts: int) -> int:
    """How many of some texts may be of another kind than their column."""
    return max(int((1 - FITTING_SHARE) * n_texts), int(n_texts >= FEWEST_WITH_ONE))


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
