"""Times of day: which column holds them beside days, and whether times hold one themselves."""

import re
from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.roles.name_matching import by_name, words_of
from ntg_assets.sources.sniffing.roles.role_names import ROLES
from ntg_assets.sources.sniffing.roles.zone_roles import read_together
from ntg_assets.sources.sniffing.sniffed import Sniffed
from ntg_assets.sources.sniffing.time_kinds import Told
from ntg_assets.sources.sniffing.time_words import TIME_WORDS
from ntg_assets.sources.values.day_halves import HALF

CLOCK = re.compile(
    rf"\s*({HALF}\s*)?\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?(\s*{HALF})?"
    r"(\s*(Z|[A-Z]{3,5}|[+-]\d{2}:?\d{2}))?\s*"
)
HAS_CLOCK = re.compile(r"\d:\d|%[HIM]")
LOOKED_AT = 20  # texts
CLOCK_WORDS = frozenset(
    {"time", "clock", "uhrzeit", "zeit", "hora", "heure", "ora", "tijd", "tid", "start", "of",
     "day", "event", "時刻", "时间", "時間", "시간", "시각", "время", "час", "saat", "godzina",
     "godz", "cas", "ido", "vrijeme", "klokkeslæt", "klokkeslett", "klockslag", "kellonaika", "ωρα",
     "الوقت", "שעה", "gio", "jam", "waktu"}
)  # fmt: skip


def has_clock(texts: Sequence[str], read: Told) -> bool:
    """Whether times hold more than days; a time of day alone is none."""
    is_counted = read[0].get("timestamp_unit", "excel_days") != "excel_days"
    return is_counted or any(HAS_CLOCK.search(text) for text in texts[:LOOKED_AT])


def take_clock(
    sniffed: Sniffed, name: str, free: list[str], texts: Mapping[str, list[str]]
) -> None:
    """Read the time of day with the day, where it stands in a column that is called like one; say
    so of another one that could be a length of time.
    """
    if any(HAS_CLOCK.search(text) for text in texts[name][:LOOKED_AT]):
        return
    others = [other for other in free if texts[other] and all(map(CLOCK.fullmatch, texts[other]))]
    about = words_of(name) - TIME_WORDS
    called = [
        other
        for other in others
        if words_of(other) <= CLOCK_WORDS or (about and words_of(other) - CLOCK_WORDS == about)
    ]
    if len(called) == 1 and read_together(sniffed, name, called[0]):
        free.remove(called[0])
        return
    sniffed.notes += [
        f"{name!r} holds days, {other!r} times of day or lengths of time: events are read as days."
        f" Where they are times, answer `event_at=all_of:{name},{other}`"
        for other in others
        if not by_name([other], ROLES["value"])
    ]
