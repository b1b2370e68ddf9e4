"""Which column of a file says when: by its name and by how its values are written."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from ntg_assets.sources.sniffing.epochs import latest_of, other_epoch
from ntg_assets.sources.sniffing.null_words import (
    ask_of_gaps,
    odd_words,
    sniff_null_words,
    take_odd_words,
)
from ntg_assets.sources.sniffing.roles.clock_roles import CLOCK, has_clock, take_clock
from ntg_assets.sources.sniffing.roles.name_matching import CORE_DATA, words_of
from ntg_assets.sources.sniffing.roles.time_candidates import time_candidates
from ntg_assets.sources.sniffing.roles.zone_roles import take_zone
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts
from ntg_assets.sources.sniffing.time_calendars import CALENDARS, calendar_of, read_times
from ntg_assets.sources.sniffing.time_kinds import Told, mixed_units, what_is_lost, what_is_unsure
from ntg_assets.sources.sniffing.time_words import TIME_WORDS

NO_TIMES = frozenset({"0", "-1", "0.0"})  # seconds of a clock that shows nothing


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
    whole = [name for name in free if not sniffed.is_part(name)]
    named, alike, others = time_candidates(whole, sniffed, has_names=has_names)
    why = "as you said" if sniffed.said.get("event_at") in free else "by its name"
    for name in [*named, *alike, *others]:
        if all(CLOCK.fullmatch(text) for text in texts[name]):
            continue  # a time of day is no time
        is_named = name in named or name in alike
        read = read_times(texts[name], is_named=is_named, has_names=has_names)
        if read is None and is_named:
            read = _without_odd_words(sniffed, name, texts)
        if read is not None:
            name, read = _finer(name, read, [*named, *alike], texts)  # noqa: PLW2901  # the same
            free.remove(name)
            _take_time(sniffed, name, read, texts, why=why if is_named else "")
            take_clock(sniffed, name, free, texts)
            take_zone(sniffed, free, texts)
            return
    if named:
        sniffed.open["timestamp_format"] = [f"the format of {show_texts(texts[named[0]])}"]
        sniffed.take("event_at", named[0], f"{why}; its values are in no format known here")
        sniffed.notes += [
            f"times of {named[0]!r} are numbers of several units ({sizes}): write one of them"
            for sizes in filter(None, [mixed_units(texts[named[0]])])
        ]
        free.remove(named[0])


def _without_odd_words(sniffed: Sniffed, name: str, texts: Mapping[str, list[str]]) -> Told | None:
    """Settings that read times beside which a few words, or zeros, stand in the place of others."""
    odd = odd_words(texts[name]) or {text for text in texts[name] if text.strip() in NO_TIMES}
    rest = [text for text in texts[name] if text not in odd]
    read = read_times(rest, is_named=True) if odd and 2 * len(rest) >= len(texts[name]) else None
    if read is None:
        return None
    if odd <= {*NO_TIMES}:
        n_odd = len(texts[name]) - len(rest)
        sniffed.notes.append(
            f"{n_odd:,} time(s) of {name!r} are {show_texts([*odd])}, of a clock that shows"
            " nothing: a load refuses them. Leave such records out before, or raise `max_bad_share`"
        )
        return read
    take_odd_words(sniffed, name, odd)
    return read


def _finer(
    name: str, read: Told, others: Sequence[str], texts: Mapping[str, list[str]]
) -> tuple[str, Told]:
    """The column that holds the same with the time of day, where one does (`event_timestamp` beside
    `event_date`), else the column itself.
    """
    if has_clock(texts[name], read):
        return name, read
    for other in others:
        if other != name and words_of(other) - TIME_WORDS == words_of(name) - TIME_WORDS:
            told = read_times(texts[other], is_named=True)
            if told is not None and has_clock(texts[other], told):
                return other, told
    return name, read


def _take_time(
    sniffed: Sniffed, name: str, read: Told, texts: Mapping[str, list[str]], *, why: str
) -> None:
    settings, fits, choices = read
    sniffed.take("event_at", name, f"{why}{' and ' if why else ''}its values: {fits}")
    for key, value in settings.items():
        sniffed.take(key, value, fits)
    if choices:
        sniffed.open["timestamp_format"] = choices
    calendar = calendar_of(texts[name])
    if calendar and "calendar" not in settings:
        called = CALENDARS[calendar].called
        sniffed.settings.pop("timestamp_format", None)
        sniffed.open["timestamp_format"] = [f"none for {called}"]
        sniffed.notes.append(
            f"times of {name!r} are of {called} ({texts[name][0]!r}), which is read where the year"
            " stands first: deliver them so, or in the Gregorian one"
        )
    _ask_of_epoch(sniffed, name, texts[name])
    sniff_null_words(sniffed, name)
    for told in (what_is_lost(texts[name], settings), what_is_unsure(texts[name], settings)):
        sniffed.notes += [f"times of {name!r} {told}"] if told else []
    ask_of_gaps(sniffed, name)


def _ask_of_epoch(sniffed: Sniffed, name: str, texts: Sequence[str]) -> None:
    """Ask what numbers count from that end many years before their file was written."""
    unit, written_at = sniffed.settings.get("timestamp_unit"), sniffed.written_at
    last_at = latest_of(texts, unit) if unit else None
    if unit is None or last_at is None or written_at is None:
        return
    other = other_epoch(unit, last_at=last_at, written_at=written_at)
    if other is None:
        return
    later = last_at + timedelta(seconds=other.later_seconds)
    fits = f"as {unit} they end in {last_at:%Y-%m}, as {other.unit} in {later:%Y-%m}"
    if CORE_DATA.match(name):
        sniffed.take("timestamp_unit", other.unit, f"a name of Apple's Core Data; {fits}")
        return
    sniffed.notes.append(f"times of {name!r} may count from another year: {fits}")
    if other.unit != "excel_1904_days":  # hardly any log is as old as the other reading says
        sniffed.settings.pop("timestamp_unit")
        sniffed.open["timestamp_unit"] = [other.unit, unit]
