"""Since when a log has been quieter than ever before.

The usual level needs no model: every week (7 days, whatever day it begins on, so weekends do not
matter) of the quiet end must hold less than *every* week of the year before it, by more than
chance, and much less than the last weeks before it. A log that comes in bursts has had quiet weeks
before, and a season or a decline is slow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt

import numpy as np

from ntg_assets.events.load_history import Extent
from ntg_assets.local_days import day_of, first_instant
from ntg_assets.zones import UTC_ZONE

Days = np.ndarray[tuple[int], np.dtype[np.float64]]

WEEK = 7
LONGEST_QUIET_DAYS = 90  # a level that has lasted longer is the usual one
USUAL_DAYS = 365  # a quiet season of the year before is usual
FEWEST_USUAL_DAYS = 14
FEWEST_A_WEEK = 50  # below, half as many happen by chance
# a slow decline or a season is no drop from the last weeks before; their level is the one that is
# told
RECENT_DAYS = 56


@dataclass(frozen=True)
class Drop:
    """A quiet end of the log: since when, how many days, the usual number a day,
    the number since.
    """

    since_on: date
    n_days: int
    usual: float
    since: float

    @property
    def ratio(self) -> float:
        return self.since / self.usual


def find_drop(days: Sequence[date], counts: Sequence[int], *, below: float) -> Drop | None:
    """Find since when a log has been quieter than ever before;
    the last day is left out, for it is rarely whole.

    Args:
        days: Days that hold something, ascending.
        counts: What each of them holds.
        below: The largest week since may hold this share of the median week before.

    Returns:
        The drop with the sharpest begin; none where there is none.
    """
    if len(days) < FEWEST_USUAL_DAYS + WEEK:
        return None
    every_day = np.zeros((days[-1] - days[0]).days + 1)
    every_day[[(day - days[0]).days for day in days]] = counts
    whole = every_day[:-1]
    longest = min(LONGEST_QUIET_DAYS, whole.size - FEWEST_USUAL_DAYS)
    matches = [
        (sharpness, size)
        for size in range(WEEK, longest + 1)
        if (sharpness := _sharpness(whole, size, below)) is not None
    ]
    if not matches:
        return None
    _, size = max(matches)
    since_on = days[-1] - timedelta(days=size)
    usual = float(np.median(whole[:-size][-RECENT_DAYS:]))
    goes_on = int(every_day[-1] <= below * usual)
    return Drop(since_on, size + goes_on, usual, float(whole[-size:].mean()))


def looked_at_from(extent: Extent, *, zone: str = UTC_ZONE) -> datetime:
    """First moment of the days that a usual level is made of: older ones are not worth counting."""
    last_on = day_of(extent.last_at, zone) if extent.last_at else date.max
    first_on = last_on - timedelta(days=USUAL_DAYS + LONGEST_QUIET_DAYS + 1)
    return first_instant(first_on, zone)


def _sharpness(days: Days, size: int, below: float) -> float | None:
    """How sharply the last `size` days fall off (the difference of means over its error,
    as in CUSUM); none where they are usual.
    """
    since, usual = days[-size:], days[:-size][-USUAL_DAYS:]
    weeks, largest = _weeks(usual), float(_weeks(since).max())
    typical = float(min(np.median(weeks), np.median(weeks[-RECENT_DAYS:])))
    if (
        typical < FEWEST_A_WEEK
        or largest > below * typical
        or largest + 2 * sqrt(largest) >= weeks.min()
    ):
        return None
    return float(usual.mean() - since.mean()) * sqrt(size * usual.size / (size + usual.size))


def _weeks(days: Days) -> Days:
    """Sums of every seven days running."""
    sums = np.concatenate([np.zeros(1), np.cumsum(days)])
    return np.asarray(sums[WEEK:] - sums[:-WEEK])
