"""Which column of a file says when: by its name and by how its values are written."""

import re
from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.null_words import ask_of_gaps, sniff_null_words
from ntg_assets.sources.sniffing.role_names import ROLES, by_name, words_of
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts
from ntg_assets.sources.sniffing.time_kinds import Told, time_settings, what_is_lost
from ntg_assets.sources.values.numbers import typed

# words in a name that say what it is, and those that say that it is something else
TIME_WORDS = frozenset(
    {"date", "time", "timestamp", "datetime", "datum", "zeit", "zeitpunkt", "fecha", "when", "at"}
)
OTHER_TIMES = frozenset(
    {"release", "released", "birth", "birthday", "published", "publication", "updated", "zone",
     "runtime", "duration", "total", "expires", "expiry", "end"}
)  # fmt: skip
CLOCK = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s*[APap][Mm])?\s*")
HAS_CLOCK = re.compile(r"\d:\d|%[HIM]")
LOOKED_AT = 20  # texts
YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
# with the years in which logs of our time lie
OTHER_CALENDARS = (("the Buddhist calendar", 2533, 2593), ("the Persian calendar", 1369, 1429))


def sniff_time(
    sniffed: Sniffed, free: list[str], texts: Mapping[str, list[str]], *, has_names: bool
) -> None:
    """Find the column that says when, and how its values are written.

    Args:
        sniffed: What is known of the file; it is completed.
        free: Columns that have no role yet; the one that is taken is removed.
        texts: Values of each column that are not empty.
        has_names: Whether the columns have names of their own.
    """
    named, alike, others = _candidates(free, sniffed.said, has_names=has_names)
    why = "as you said" if sniffed.said.get("event_at") in free else "by its name"
    for name in [*named, *alike, *others]:
        if all(CLOCK.fullmatch(text) for text in texts[name]):
            continue  # a time of day is no time
        is_named = name in named or name in alike
        read = time_settings(texts[name], is_named=is_named, has_names=has_names)
        if read is not None:
            free.remove(name)
            _take_time(sniffed, name, read, texts, why=why if is_named else "")
            return
    if named:
        sniffed.open["timestamp_format"] = [f"the format of {show_texts(texts[named[0]])}"]
        sniffed.take("event_at", named[0], f"{why}; its values are in no format known here")
        free.remove(named[0])


def _candidates(
    free: Sequence[str], said: Mapping[str, str], *, has_names: bool
) -> tuple[list[str], list[str], list[str]]:
    """Columns that are called like times, those whose names hold such a word, and all others."""
    if said.get("event_at") in free:
        return [said["event_at"]], [], []
    free = [name for name in free if name not in said.values()]
    named = by_name(free, ROLES["event_at"])
    alike = [
        name
        for name in free
        if name not in named and words_of(name) & TIME_WORDS and not words_of(name) & OTHER_TIMES
    ]
    others = [
        name
        for name in free
        if name not in {*named, *alike} and not (has_names and words_of(name) & OTHER_TIMES)
    ]
    return named, alike, others


def _take_time(
    sniffed: Sniffed, name: str, read: Told, texts: Mapping[str, list[str]], *, why: str
) -> None:
    settings, fits, choices = read
    sniffed.take("event_at", name, f"{why}{' and ' if why else ''}its values: {fits}")
    for key, value in settings.items():
        sniffed.take(key, value, fits)
    if choices:
        sniffed.open["timestamp_format"] = choices
    if calendar := _other_calendar(texts[name]):
        sniffed.settings.pop("timestamp_format", None)
        sniffed.open["timestamp_format"] = [f"none for {calendar}"]
        sniffed.notes.append(
            f"times of {name!r} are of {calendar} ({texts[name][0]!r}), which no setting reads:"
            " deliver them in the Gregorian one"
        )
    sniff_null_words(sniffed, name)
    if lost := what_is_lost(texts[name], settings):
        sniffed.notes.append(f"times of {name!r} {lost}")
    ask_of_gaps(sniffed, name)
    _tell_clock_apart(sniffed, name, texts)


def _other_calendar(texts: Sequence[str]) -> str | None:
    """Which calendar the years of times are of, where it is not the Gregorian one."""
    years = [YEAR.search(typed(text)) for text in texts[:LOOKED_AT]]
    for calendar, first, last in OTHER_CALENDARS:
        if all(year and first <= int(year[0]) <= last for year in years):
            return calendar
    return None


def _tell_clock_apart(sniffed: Sniffed, name: str, texts: Mapping[str, list[str]]) -> None:
    """Say that the time of day stands in a column of its own, which is not read."""
    if any(HAS_CLOCK.search(text) for text in texts[name][:LOOKED_AT]):
        return
    for other, values in texts.items():
        if other != name and values and all(CLOCK.fullmatch(text) for text in values):
            sniffed.notes.append(
                f"{name!r} holds days, {other!r} times of day: events are read as days. Deliver one"
                " column of both where the hour matters"
            )
