"""Times whose years are those of another calendar, with the setting that reads them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ntg_assets.configuration.inputs.written_values import Calendar
from ntg_assets.sources.sniffing.time_kinds import Told, time_settings
from ntg_assets.sources.values.calendars import as_gregorian
from ntg_assets.sources.values.numbers import typed

LOOKED_AT = 20  # texts
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)|^\s*\d{4}(?=\d{4}(\D|$))")


class _Years(NamedTuple):
    """The years of a calendar in which logs of our time lie, and how it is called."""

    first: int
    last: int
    called: str


CALENDARS: Mapping[Calendar, _Years] = {
    "buddhist": _Years(2533, 2593, "the Buddhist calendar"),
    "persian": _Years(1369, 1429, "the Persian calendar"),
}


def calendar_of(texts: Sequence[str]) -> Calendar | None:
    """Which calendar the years of times are of, where it is not the Gregorian one."""
    years = [YEAR.search(typed(text)) for text in texts[:LOOKED_AT]]
    for calendar, (first, last, _) in CALENDARS.items():
        if years and all(year and first <= int(year[0]) <= last for year in years):
            return calendar
    return None


def read_times(texts: Sequence[str], *, is_named: bool, has_names: bool = True) -> Told | None:
    """Settings that read these texts as times (see `time_settings`), the calendar included."""
    calendar = calendar_of(texts)
    if calendar is None:
        return time_settings(texts, is_named=is_named, has_names=has_names)
    written = as_gregorian(texts, calendar)
    if calendar_of([text for text in written if text]) is not None:
        return time_settings(texts, is_named=is_named, has_names=has_names)  # in another order
    read = time_settings([text for text in written if text], is_named=is_named, has_names=has_names)
    if read is None:
        return None
    settings, why, choices = read
    return {"calendar": calendar, **settings}, f"{CALENDARS[calendar].called}: {why}", choices
