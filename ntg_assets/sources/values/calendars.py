"""Years of other calendars in the texts of times, as those of the Gregorian one."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.inputs.written_values import Calendar
from ntg_assets.sources.values.numbers import typed_text
from ntg_assets.sql import Query
from ntg_assets.storage.run import run

BUDDHIST_YEARS = 543  # it is ahead
# years in which logs lie: a number of four digits that is no such year stays as it is, and so the
# time of a day in a text without separators
BUDDHIST_YEAR = r"(?:^|\D)(2[45]\d\d)(?:\D|$|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
# groups: what stands before, year, sign, month, sign, day, what follows
PERSIAN_DATE = r"^(\s*)(1[34]\d\d)([-/.])(0?[1-9]|1[0-2])([-/.])(0?[1-9]|[12]\d|3[01])((?:\D.*)?)$"
CYCLE_YEARS, LEAPS_IN_CYCLE = 33, 8
AHEAD = 1_595  # years to the beginning of a cycle of them
BEFORE_1970 = 1_075_195  # days from there to 1970-01-01


def in_gregorian(text: str, calendar: Calendar) -> str:
    """SQL of a text with its year (and, where the calendar asks it, month and day) in the Gregorian
    calendar; a text that holds none stays as it is, and a day that the calendar does not have
    becomes empty.

    Args:
        text: SQL expression.
        calendar: Of the text.

    Source: the Persian years by the arithmetic of their 33-year cycle, which agrees with the
    observed calendar in 1244-1531 (K. Borkowski, The Persian calendar for 3000 years, 1996).
    """
    plain = typed_text(text)
    if calendar == "gregorian":
        return text
    if calendar == "buddhist":
        year = f"regexp_extract(t, '{BUDDHIST_YEAR}', 1)"
        new = f"cast(cast({year} as integer) - {BUDDHIST_YEARS} as varchar)"
        moved = f"regexp_replace(t, {year}, {new})"  # the first one
        return _where_it_is(year, moved, plain)
    parts = [f"regexp_extract(t, '{PERSIAN_DATE}', {group})" for group in range(1, 8)]
    before, year, sign, month, second, day, after = parts
    date = _gregorian_day(*(f"cast({part} as integer)" for part in (year, month, day)))
    new_year, new_month, new_day = (f"strftime({date}, '{mark}')" for mark in ("%Y", "%m", "%d"))
    new_date = f"{new_year} || {sign} || {new_month} || {second} || {new_day}"
    written = f"{before} || {new_date} || {after}"
    return _where_it_is(year, written, plain)


def _where_it_is(year: str, written: str, text: str) -> str:
    """SQL of a text as it is written in another calendar, where its year is one of that."""
    # a lambda, so that the text is put together once
    changed = f"case when {year} <> '' then {written} else t end"
    return f"list_transform([{text}], lambda t: {changed})[1]"


def as_gregorian(texts: Sequence[str], calendar: Calendar) -> list[str]:
    """The same of texts, by the same SQL."""
    rows = pl.DataFrame({"place": range(len(texts)), "text": texts})
    text = f"select {in_gregorian('text', calendar)} as t from texts order by place"  # noqa: S608  # our own text, values are bound
    return [entry or "" for entry in run(Query(text, {"texts": rows}))["t"]]


def _start_of(year: str) -> str:
    """SQL of the first day of a Persian year, in days after 1970-01-01."""
    since = f"({year} + {AHEAD})"
    leaps = f"({since} // {CYCLE_YEARS}) * {LEAPS_IN_CYCLE} + (({since} % {CYCLE_YEARS}) + 3) // 4"
    return f"({since} * 365 + {leaps} - {BEFORE_1970})"


def _gregorian_day(year: str, month: str, day: str) -> str:
    """SQL of the date of a Persian day; null where its month is shorter."""
    of_year = f"(({month} - 1) * 31 - greatest({month} - 7, 0))"
    length = (
        f"case when {month} < 7 then 31 when {month} < 12 then 30 else"
        f" {_start_of(f'({year} + 1)')} - {_start_of(year)} - 336 end"
    )
    return (
        f"case when {day} <= {length} then date '1970-01-01' + cast({_start_of(year)} + {of_year} +"
        f" {day} - 1 as integer) end"
    )
