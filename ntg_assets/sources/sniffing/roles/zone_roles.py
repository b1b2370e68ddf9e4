"""In which zone the times of a file are, where it says so: in a column, or in the name of one."""

import re
from collections.abc import Mapping, Sequence

from ntg_assets.sources.sniffing.roles.name_matching import divided
from ntg_assets.sources.sniffing.roles.role_names_abroad import folded
from ntg_assets.sources.sniffing.sniffed import Sniffed, show_texts
from ntg_assets.sources.sniffing.time_calendars import read_times
from ntg_assets.zones import is_zone

IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]\s*$")
ABBREVIATION = re.compile(r"(?!GMT$)[A-Z]{2,4}T|(UTC|GMT)\s*[+-]\s*\d.*")
ZONE_NAMES = frozenset(
    {"timezone", "time_zone", "tz", "zone", "zeitzone", "fuseau_horaire", "zona_horaria",
     "fuso_horario", "fuso_orario", "tijdzone", "tidszon", "tidszone", "tidssone", "utc_offset",
     "tz_offset", "timezone_name", "local_timezone", "timezone_offset", "strefa_czasowa"}
)  # fmt: skip


def take_zone(sniffed: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> None:
    """Read the zone with a day and a time of day, where it stands in a column that is called so,
    take it where the name of the column of times says it, and say so of one that could not be read,
    or that stands beside whole times (which may be those of UTC all the same).
    """
    event_at = sniffed.settings["event_at"]
    names = event_at["all_of"] if isinstance(event_at, dict) else [event_at]
    _take_named_zone(sniffed, names)
    called = [name for name in free if folded(divided(name)) in ZONE_NAMES and texts[name]]
    if not called or called[0] in sniffed.said.values() or "%Z" in str(sniffed.settings):
        return
    if isinstance(event_at, dict) and read_together(sniffed, *names, called[0]):
        free.remove(called[0])
        return
    sniffed.notes.append(
        f"{called[0]!r} names zones of times ({show_texts(texts[called[0]])}), which are not read:"
        " times without a zone of their own are those of `timezone` (UTC, unless you set it)"
    )


def _take_named_zone(sniffed: Sniffed, names: Sequence[str]) -> None:
    """Take the zone that stands in brackets behind the name of a column (`Created (Europe/Rome)`);
    tell of one that could be several.
    """
    for name, match in ((name, IN_BRACKETS.search(name)) for name in names):
        zone = match.group(1).strip() if match else ""
        if _is_place(zone):
            sniffed.take("timezone", zone, f"the name {name!r} says it")
        elif ABBREVIATION.fullmatch(zone):
            sniffed.notes.append(
                f"the name {name!r} says a zone that could be several: times without a zone of"
                " their own are those of `timezone` (UTC, unless you set it)"
            )


def _is_place(zone: str) -> bool:
    """Whether a text is the name of a zone by a place in it."""
    return "/" in zone and is_zone(zone)


def read_together(sniffed: Sniffed, *names: str) -> bool:
    """Read a day, a time of day, and a zone, as one, where their texts together are a time; tell
    whether.
    """
    rows = zip(*(sniffed.values[name] for name in names), strict=True)
    together = [" ".join(row) for row in rows if all(map(str.strip, row))]
    read = read_times(together, is_named=True)
    if read is None or len(read[2]) != len(sniffed.open.get("timestamp_format", [])):
        return False
    settings, fits, choices = read
    sniffed.settings.pop("timestamp_format", None)
    sniffed.take("event_at", {"all_of": [*names]}, f"day and time of day: {fits}")
    for key, value in settings.items():
        sniffed.take(key, value, fits)
    sniffed.open |= {"timestamp_format": choices} if choices else {}
    return True
