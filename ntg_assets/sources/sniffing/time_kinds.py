"""How the times of a column are written, with the settings that read them."""

import re
from collections.abc import Sequence
from typing import Any

from ntg_assets.sources.sniffing.number_kinds import are_mostly, is_between
from ntg_assets.sources.sniffing.sniffed import show_texts
from ntg_assets.sources.values.time_formats import find_readings

ISO = re.compile(
    r"\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*"
    r"((Z|z|UTC|GMT|[+-]\d{2}(:?\d{2})?)(\[[A-Za-z0-9_/+-]+\])?)?)?\s*",
    re.ASCII,
)
EPOCHS = (
    ("excel_days", 36_526, 60_000),  # from 2000 to 2064
    ("seconds", 1e8, 1e10),
    ("milliseconds", 1e11, 1e13),
    ("microseconds", 1e14, 1e16),
    # of 1990 to 2064; as nanoseconds of 1970 they would lie in 1973, 1989 and before 1997
    ("webkit_microseconds", 1.22e16, 1.47e16),
    ("filetime", 1.22e17, 1.47e17),
    ("dotnet_ticks", 6.27e17, 6.51e17),
    ("nanoseconds", 1e17, 1e19),
    ("julian_days", 2_447_892, 2_474_924),
)
RECENT_SECONDS = 631_152_000, 2_051_222_400  # in a file without names nothing else says so
UNSURE_UNITS = {"excel_days", "seconds", "julian_days"}  # also the size of ids and of amounts
# a day and a minute in digits, which is the size of milliseconds of 1976
DIGITS = re.compile(
    r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d", re.ASCII
)
IN_JSON = re.compile(r"\s*/Date\((-?\d+)([+-]\d{4})?\)/\s*", re.ASCII)  # milliseconds
IN_POWERS = re.compile(r"\s*(\d)(?:\.(\d+))?[eE]\+?(\d+)\s*", re.ASCII)
LIKE_TIME = re.compile(
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d|\d:\d\d|(19|20)\d{6}|[A-Za-z]{3,9}\.? \d{1,2}|\d [A-Za-z]{3}"
    r"|\d{4}[年년]"
)
SHARED_ZONES = {  # by abbreviations that several places have, as which they are read
    "CST": "UTC-6 (Central America, not China)",
    "IST": "UTC+5:30 (India, not Israel or Ireland)",
    "BST": "UTC+1 (British summer, not Bangladesh)",
}
DAY_OF_FORMAT = re.compile(r"%[djuF]")

Told = tuple[dict[str, Any], str, list[Any]]


def time_settings(texts: Sequence[str], *, is_named: bool, has_names: bool = True) -> Told | None:
    """Settings that read these texts as times, why, and the choices where several do."""
    if are_mostly(texts, lambda text: bool(ISO.fullmatch(text))):
        return {}, f"ISO, such as {show_texts(texts)}", []
    numbers = _as_numbers(texts, is_named=is_named, has_names=has_names)
    if numbers is not None:
        return numbers
    is_like = is_named or are_mostly(texts, lambda text: bool(LIKE_TIME.search(text)))
    readings = find_readings(texts) if is_like else []
    if not readings:
        return None
    if len(readings) > 1:
        choices: list[Any] = [_one_or_all(reading.formats) for reading in readings]
        shown = " and ".join(" with ".join(reading.formats) for reading in readings)
        return {}, f"fits {shown}: what is day, month and year cannot be told apart", choices
    formats, n_fitting = readings[0]
    why = f"{' or '.join(formats)} fits {n_fitting:,} of {len(texts):,}"
    return {"timestamp_format": _one_or_all(formats)}, why, []


def what_is_unsure(texts: Sequence[str], settings: dict[str, Any]) -> str | None:
    """Say which zones of times could be others: of abbreviations that several places share, and of
    times that carry none beside some that do.
    """
    if "%Z" in str(settings.get("timestamp_format")):
        shared = [name for name in SHARED_ZONES if any(re.search(rf"\b{name}\b", t) for t in texts)]
        meant = ", ".join(f"{name} as {SHARED_ZONES[name]}" for name in shared)
        return f"are read with {meant}: write offsets where others are meant" if shared else None
    zoned = [bool(match[4]) for text in texts if (match := ISO.fullmatch(text)) and match[1]]
    if settings or all(zoned) or not any(zoned):
        return None
    return (
        f"have no zone in {zoned.count(False):,} of {len(zoned):,} records, and one in the others:"
        " those without are read in `timezone` (UTC, unless you set it)"
    )


def what_is_lost(texts: Sequence[str], settings: dict[str, Any]) -> str | None:
    """Say what times do not hold: the day, or digits that a spreadsheet has cut."""
    formats = settings.get("timestamp_format", [])
    for written in [formats] if isinstance(formats, str) else formats:
        if not DAY_OF_FORMAT.search(written):
            return "hold no day: each is read as the first one of its month"
    powers = [power for text in texts if (power := IN_POWERS.fullmatch(text))]
    cut = [power for power in powers if len(power[2] or "") < int(power[3])]
    if settings.get("timestamp_unit") and cut:
        return f"are in powers of ten ({cut[0].group()!r}), whose last digits are cut"
    return None


def _as_numbers(texts: Sequence[str], *, is_named: bool, has_names: bool) -> Told | None:
    """The unit of epoch numbers, by their size."""
    if are_mostly(texts, lambda text: bool(IN_JSON.fullmatch(text))):
        return {"timestamp_unit": "milliseconds"}, f"milliseconds in {texts[0]}", []
    if are_mostly(texts, lambda text: bool(DIGITS.fullmatch(text.strip()))):
        return None
    plain = [text.replace(",", ".") if text.count(",") == 1 else text for text in texts]
    if not has_names and are_mostly(plain, lambda text: is_between(text, *RECENT_SECONDS)):
        return {"timestamp_unit": "seconds"}, f"seconds of 1990 to 2035, such as {texts[0]}", []
    if not is_named and len(texts) == 1:
        return None
    unit = _unit_of(plain)
    if unit is None or not (is_named or unit not in UNSURE_UNITS):
        return None
    return {"timestamp_unit": unit}, f"{unit} by their size, such as {texts[0]}", []


def _unit_of(numbers: Sequence[str]) -> str | None:
    """The unit of which most of some numbers have the size; the sizes do not overlap."""
    for unit, low, high in EPOCHS:
        if are_mostly(numbers, lambda text, low=low, high=high: is_between(text, low, high)):  # type: ignore[misc]
            return unit
    return None


def mixed_units(texts: Sequence[str]) -> str | None:
    """Say how many numbers are of the size of each unit, where they are of several."""
    counts = {
        unit: sum(is_between(text, low, high) for text in texts) for unit, low, high in EPOCHS
    }
    sizes = {unit: n for unit, n in counts.items() if n}
    if len(sizes) < 2 or sum(sizes.values()) < len(texts) / 2:  # noqa: PLR2004  # several
        return None
    return ", ".join(f"{n:,} like {unit}" for unit, n in sizes.items())


def _one_or_all(formats: tuple[str, ...]) -> str | list[str]:
    return formats[0] if len(formats) == 1 else list(formats)
