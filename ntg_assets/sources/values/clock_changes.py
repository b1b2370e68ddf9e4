"""Local times that the clocks of a zone jump over, and those that they show twice, as SQL."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ntg_assets.zones import UTC_ZONE

# in between changes are looked for
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)
ONE_DAY, ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


class Changes(NamedTuple):
    """Half-open intervals of local times, in order."""

    gaps: tuple[tuple[datetime, datetime], ...]
    folds: tuple[tuple[datetime, datetime], ...]


@lru_cache(maxsize=8)
def changes_of(zone: str) -> Changes:
    """Intervals that the clocks of a zone jump over (gaps), or show twice (folds)."""
    gaps: list[tuple[datetime, datetime]] = []
    folds: list[tuple[datetime, datetime]] = []
    place = ZoneInfo(zone)
    at = FIRST
    before = place.utcoffset(at.astimezone(place).replace(fold=0)) or timedelta()
    while at < LAST:
        later = at + ONE_DAY
        after = later.astimezone(place).utcoffset() or timedelta()
        if after != before:
            changed_at = _change_between(at, later, place)
            old, new = (changed_at.replace(tzinfo=None) + entry for entry in (before, after))
            (gaps if new > old else folds).append((min(old, new), max(old, new)))
        at, before = later, after
    return Changes(tuple(gaps), tuple(folds))


def in_gap(clock: str, zone: str) -> str:
    """SQL of whether a local time (naive; null: none) is one that the clocks never show."""
    return _inside(clock, changes_of(zone).gaps) if zone != UTC_ZONE else "false"


def in_fold(clock: str, zone: str) -> str:
    """SQL of whether a local time is one that the clocks show twice."""
    return _inside(clock, changes_of(zone).folds) if zone != UTC_ZONE else "false"


def _change_between(low: datetime, high: datetime, place: ZoneInfo) -> datetime:
    """First instant with the later offset, by halving."""
    before = low.astimezone(place).utcoffset()
    while high - low > ONE_SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (
            (middle, high) if middle.astimezone(place).utcoffset() == before else (low, middle)
        )
    return high


def _inside(clock: str, intervals: tuple[tuple[datetime, datetime], ...]) -> str:
    """Whether a time lies in one of the intervals: first by its day, which is quick."""
    if not intervals:
        return "false"
    days = sorted(
        {f"{at:%Y-%m-%d}" for start, end in intervals for at in (start, end - ONE_SECOND)}
    )
    listed = ", ".join(f"date '{day}'" for day in days)
    exact = " or ".join(
        f"({clock} >= timestamp '{start}' and {clock} < timestamp '{end}')"
        for start, end in intervals
    )
    return f"case when cast({clock} as date) in ({listed}) then {exact} else false end"
