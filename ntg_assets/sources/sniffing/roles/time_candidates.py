"""Which columns may say when, the likeliest first, by their names."""

import re
from collections.abc import Sequence

from ntg_assets.sources.sniffing.roles.enclosing_objects import is_of_item
from ntg_assets.sources.sniffing.roles.name_matching import by_name, words_of
from ntg_assets.sources.sniffing.roles.role_names import ROLES
from ntg_assets.sources.sniffing.sniffed import Sniffed
from ntg_assets.sources.sniffing.time_words import LATER_TIMES, OTHER_TIMES, TIME_WORDS

CORE_DATA_TIME = re.compile(r"Z[A-Z_]+(DATE|TIME|TIMESTAMP)(PLAYED|WATCHED|VIEWED|OPENED|READ)?")
CHANGES = frozenset({"updated", "end"})


def time_candidates(
    free: Sequence[str], sniffed: Sniffed, *, has_names: bool
) -> tuple[list[str], list[str], list[str]]:
    """Columns that are called like times, those whose names hold such a word, and all others; of
    exploded records those of the element first.
    """
    said = sniffed.said
    if said.get("event_at") in free:
        return [said["event_at"]], [], []
    of_event = [
        name
        for name in free
        if name not in said.values() and not is_of_item(name, sniffed.without_names)
    ]
    of_event = [name for name in of_event if not _is_part_of_date(name, free)]
    free = sorted(of_event, key=sniffed.is_outside)
    named = sorted(by_name(free, ROLES["event_at"]), key=sniffed.is_outside)
    if (element := sniffed.elements.get("event_at")) in free:
        named.insert(0, element)
    alike = [name for name in free if name not in named and _is_called_like_time(name)]
    alike.sort(key=lambda name: (sniffed.is_outside(name), bool(words_of(name) & LATER_TIMES)))
    if any(not sniffed.is_outside(name) for name in alike):  # an inner time is that of the event
        named = [name for name in named if not sniffed.is_outside(name)]
    others = [name for name in free if name not in {*named, *alike}]
    if has_names:  # when something was changed, or ended, is better than no time at all
        later = [
            name for name in others if words_of(name) & CHANGES and words_of(name) & TIME_WORDS
        ]
        others = [name for name in others if not words_of(name) & OTHER_TIMES] + later
    return named, alike, others


def _is_part_of_date(name: str, columns: Sequence[str]) -> bool:
    """Whether a column is the day of a date whose month and year are columns, too."""
    above, dot, last = name.rpartition(".")
    return bool(dot) and last == "day" and {f"{above}.month", f"{above}.year"} <= {*columns}


def _is_called_like_time(name: str) -> bool:
    """Whether a word in a name says that a column holds times of events."""
    words = words_of(name)
    return bool(words & TIME_WORDS or CORE_DATA_TIME.fullmatch(name)) and not words & OTHER_TIMES
