"""Whether the days that lie ahead were unusual a year ago: a December peak, closed weeks in July.

One wave a year is learned where the log has seen most of it twice (`revenue/value/ways/seasons`);
a peak of a few weeks is no wave, and after one year nothing tells it from the log's course. But
what came a year ago can be said. Of the users who were known before both, with n the active days
in one horizon,

    r(day) = n after the day / n before it

is held against the same ratio at the ends of all other horizons of the log: users leave at all of
them, so it is below 1, and not that is unusual but a ratio `LEAST_FACTOR` from the median one and
`LEAST_Z` of their spreads (1.4826 times the median distance) away.

Value is told of more horizons than the next one. With r_k of the k-th of them, up to half a year
ahead, and m the median one, their sum was

    (r_1 + r_1 r_2 + ...) / (m + m^2 + ...)

times what is usual, which is said where one of them was unusual and the sum is off by
`LEAST_OF_SUM`. Beyond half a year the days that value was learned of held the same season.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.churn.population.windows_around import (
    MOST_AHEAD_DAYS,
    YEAR_DAYS,
    ahead_a_year_ago,
    horizon_ends,
    year_before,
)
from ntg_assets.churn.snapshots import History

FEWEST_HORIZONS = 5  # to compare with
FEWEST_DAYS = 200  # active days before and after a day, or usual after it: fewer say nothing
LEAST_FACTOR, LEAST_Z = 1.25, 3.0
MEDIAN_TO_SD, LEAST_SPREAD = 1.4826, 0.05  # of ln r
LEAST_OF_SUM = 0.1


class YearAgo(NamedTuple):
    """What came a year ago.

    Attributes:
        first_on: First of the days that correspond to those ahead.
        factor: Activity in them over the days before, relative to what is usual.
        z: Its logarithm in spreads.
        n_horizons: Horizons that say what is usual.
        usual: The median ratio of activity after a day to that before it.
    """

    first_on: date
    factor: float
    z: float
    n_horizons: int
    usual: float

    @property
    def is_unusual(self) -> bool:
        """Whether it is far from what is usual, by a factor and by spreads."""
        is_near = 1 / LEAST_FACTOR < self.factor < LEAST_FACTOR
        return abs(self.z) >= LEAST_Z and not is_near


class FurtherAhead(NamedTuple):
    """What came a year ago in all days ahead.

    Attributes:
        unusual: The first horizon after the next one that was.
        factor: Activity in all of them, relative to what is usual.
        n_days: How many these are.
    """

    unusual: YearAgo
    factor: float
    n_days: int


def look_a_year_back(
    windows: pl.DataFrame, history: History, *, horizon_days: int
) -> YearAgo | None:
    """Hold the days a year ago against all others.

    Args:
        windows: `windows_around`.
        history: Span of the log.
        horizon_days: The churn horizon.

    Returns:
        None where the log is too short, or holds too little around one of the days.
    """
    return _held_against_others(windows, history, year_before(history), horizon_days)


def look_further_ahead(
    windows: pl.DataFrame, history: History, *, horizon_days: int, ahead_days: int
) -> FurtherAhead | None:
    """Find days behind the next horizon that were unusual a year ago and move what comes in all.

    Args:
        windows: `windows_around`.
        history: Span of the log.
        horizon_days: The churn horizon.
        ahead_days: Over which value is told.

    Returns:
        None where there are none, where the sum stays what it was, and where the next horizon was
        unusual itself: then that is said.
    """
    n_ahead = min(-(-ahead_days // horizon_days), -(-MOST_AHEAD_DAYS // horizon_days))
    days = ahead_a_year_ago(history, horizon_days)[:n_ahead]
    held = (_held_against_others(windows, history, on, horizon_days) for on in days)
    then = list(_until_unknown(held))
    unusual = next((year_ago for year_ago in then if year_ago.is_unusual), None)
    if unusual is None or unusual is then[0]:
        return None
    factor = _sum_over_usual(then)
    is_moved = abs(factor - 1) >= LEAST_OF_SUM
    return FurtherAhead(unusual, factor, len(then) * horizon_days) if is_moved else None


def _until_unknown(held: Iterable[YearAgo | None]) -> Iterator[YearAgo]:
    for year_ago in held:
        if year_ago is None:
            return
        yield year_ago


def _sum_over_usual(then: Sequence[YearAgo]) -> float:
    """Return the activity in several horizons, each carried on from the one before, over what is
    usual.
    """
    ratios = np.array([year_ago.factor * year_ago.usual for year_ago in then])
    usual = np.full(len(then), then[0].usual)
    return float(np.cumprod(ratios).sum() / np.cumprod(usual).sum())


def _held_against_others(
    windows: pl.DataFrame, history: History, on: date, horizon_days: int
) -> YearAgo | None:
    """Hold what came after one day against what came after the ends of all other horizons."""
    rows = windows.filter(pl.min_horizontal("n_before", "n_after") > 0)
    rows = rows.sort("anchor_on").with_columns(ratio=(pl.col("n_after") / pl.col("n_before")).log())
    near = timedelta(days=horizon_days)
    is_near = pl.col("anchor_on").is_between(on - near, on + near, closed="none")
    is_usual = pl.col("anchor_on").is_in(
        [year_before(history), *horizon_ends(history, horizon_days)]
    )
    is_enough = pl.min_horizontal("n_before", "n_after") >= FEWEST_DAYS
    then, usual = (
        rows.filter(pl.col("anchor_on") == on),
        rows.filter(~is_near & is_usual & is_enough),
    )
    if then.is_empty() or usual.height < FEWEST_HORIZONS:
        return None
    ratios = usual["ratio"].to_numpy()
    middle = float(np.median(ratios))
    n_before, n_after = then.select("n_before", "n_after").row(0)
    if min(n_before, max(n_after, n_before * np.exp(middle))) < FEWEST_DAYS:
        return None  # nothing was to come: few that came are no lull
    spread = max(MEDIAN_TO_SD * float(np.median(np.abs(ratios - middle))), LEAST_SPREAD)
    off = float(then["ratio"][0]) - middle
    return YearAgo(on, float(np.exp(off)), off / spread, usual.height, float(np.exp(middle)))


def describe_year_ago(year_ago: YearAgo | None, *, horizon_days: int) -> str:
    """Say that the days ahead were unusual a year ago; empty where they were not."""
    if year_ago is None or not year_ago.is_unusual:
        return ""
    way = "too high and value too low" if year_ago.factor > 1 else "too low and value too high"
    return f"{_activity_then(year_ago, horizon_days)} if it comes again, churn is told {way}."


def describe_further_ahead(ahead: FurtherAhead | None, *, horizon_days: int) -> str:
    """Say that days behind the next horizon were unusual a year ago; empty where none were."""
    if ahead is None:
        return ""
    way = "too low" if ahead.factor > 1 else "too high"
    return (
        f"{_activity_then(ahead.unusual, horizon_days)} if it comes again, the {ahead.n_days} days"
        f" ahead hold {ahead.factor:.2f} times what is usual, and value is told {way}."
    )


def _activity_then(year_ago: YearAgo, horizon_days: int) -> str:
    return (
        f"a year ago the {horizon_days} days from {year_ago.first_on} on held {year_ago.factor:.2f}"
        " times the activity that usually follows the days before, by users known before both. One"
        " wave a year is foreseen where the log has seen two years, and no peak of a few weeks:"
    )


def describe_closed(history: History, *, ahead_days: int) -> str:
    """Say which days that lie ahead the log does not hold of a year ago; empty where it holds them.

    Args:
        history: Span of the log, and the days that it does not hold.
        ahead_days: The longest horizon that is told of.
    """
    year = timedelta(days=YEAR_DAYS)
    end_on = history.cutoff_on + timedelta(days=ahead_days)
    again = [
        (max(hole.from_on + year, history.cutoff_on), min(hole.until_on + year, end_on))
        for hole in history.holes
    ]
    spans = [f"{first} to {end - timedelta(days=1)}" for first, end in again if first < end]
    if not spans:
        return ""
    return (
        f"of the days ahead, {', '.join(spans)} are days that the log does not hold of a year ago:"
        " if the service closes then, nothing comes in them, and churn and value are told as if it"
        " did not."
    )
