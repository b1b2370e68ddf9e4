"""Whether the days that lie ahead were unusual a year ago: a December peak, closed weeks in July.

One wave a year is learned where the log has seen most of it twice (`revenue/value/ways/seasons`);
a peak of a few weeks is no wave, and after one year nothing tells it from the log's course. But
what came a year ago can be said. Of the users who were known before both, with n the active days
in one horizon,

    r(day) = n after the day / n before it

is held against the same ratio at the ends of all other horizons of the log: users leave at all of
them, so it is below 1, and not that is unusual but a ratio `LEAST_FACTOR` from the median one and
`LEAST_Z` of their spreads (1.4826 times the median distance) away.
"""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.churn.log_holes import is_whole
from ntg_assets.churn.snapshots import History
from ntg_assets.sql import Query, Source, query

YEAR_DAYS = 364  # whole weeks, so that weekdays meet
FEWEST_HORIZONS = 5  # to compare with
FEWEST_DAYS = 200  # active days before and after a day: fewer say nothing
LEAST_FACTOR, LEAST_Z = 1.25, 3.0
MEDIAN_TO_SD, LEAST_SPREAD = 1.4826, 0.05  # of ln r


class YearAgo(NamedTuple):
    """What came a year ago.

    Attributes:
        first_on: First of the days that correspond to those ahead.
        factor: Activity in them over the days before, relative to what is usual.
        z: Its logarithm in spreads.
        n_horizons: Horizons that say what is usual.
    """

    first_on: date
    factor: float
    z: float
    n_horizons: int


def windows_around(user_days: Source, history: History, *, horizon_days: int) -> Query:
    """Count activity before and after the ends of all horizons of the log, and of the day a year
    before the cutoff; see `windows_around.sql`.
    """
    horizon = timedelta(days=horizon_days)
    rows = [(day, day - horizon, day + horizon) for day in _anchors(history, horizon_days)]
    names = {"anchor_on": pl.Date, "first_on": pl.Date, "end_on": pl.Date}
    anchors = pl.DataFrame(rows, schema=names, orient="row")
    return query("churn.population", "windows_around", {"user_days": user_days, "anchors": anchors})


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
    on = history.cutoff_on - timedelta(days=YEAR_DAYS)
    enough = windows.filter(pl.min_horizontal("n_before", "n_after") >= FEWEST_DAYS)
    rows = enough.sort("anchor_on").with_columns(
        ratio=(pl.col("n_after") / pl.col("n_before")).log()
    )
    near = timedelta(days=horizon_days)
    is_near = pl.col("anchor_on").is_between(on - near, on + near, closed="none")
    then, usual = rows.filter(pl.col("anchor_on") == on), rows.filter(~is_near)
    if then.is_empty() or usual.height < FEWEST_HORIZONS:
        return None
    ratios = usual["ratio"].to_numpy()
    middle = float(np.median(ratios))
    spread = max(MEDIAN_TO_SD * float(np.median(np.abs(ratios - middle))), LEAST_SPREAD)
    off = float(then["ratio"][0]) - middle
    return YearAgo(on, float(np.exp(off)), off / spread, usual.height)


def describe_year_ago(year_ago: YearAgo | None, *, horizon_days: int) -> str:
    """Say that the days ahead were unusual a year ago; empty where they were not."""
    if year_ago is None or abs(year_ago.z) < LEAST_Z:
        return ""
    if 1 / LEAST_FACTOR < year_ago.factor < LEAST_FACTOR:
        return ""
    way = "too high and value too low" if year_ago.factor > 1 else "too low and value too high"
    return (
        f"a year ago the {horizon_days} days from {year_ago.first_on} on held {year_ago.factor:.2f}"
        " times the activity that usually follows the days before, by users known before both. One"
        " wave a year is foreseen where the log has seen two years, and no peak of a few weeks: if"
        f" it comes again, churn is told {way}."
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


def _anchors(history: History, horizon_days: int) -> list[date]:
    """Ends of horizons, newest first, and the day a year before the cutoff, each with a whole
    horizon on either side, and one of the log before.
    """
    horizon = timedelta(days=horizon_days)
    earliest = history.start_on + 2 * horizon
    days = {history.cutoff_on - timedelta(days=YEAR_DAYS)}
    day = history.cutoff_on - horizon
    while day >= earliest:
        days.add(day)
        day -= horizon
    return sorted(
        day
        for day in days
        if earliest <= day <= history.cutoff_on - horizon
        and is_whole(day - horizon, day + horizon, history.holes)
    )
