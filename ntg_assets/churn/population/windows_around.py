"""Which days activity is counted around: ends of the horizons of the log, and those a year ago."""

from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.log_holes import is_whole
from ntg_assets.churn.snapshots import History
from ntg_assets.sql import Query, Source, query

YEAR_DAYS = 364  # whole weeks, so that weekdays meet
MOST_AHEAD_DAYS = 182


def windows_around(user_days: Source, history: History, *, horizon_days: int) -> Query:
    """Count activity before and after the ends of all horizons of the log, and of the day a year
    before the cutoff; see `windows_around.sql`.
    """
    horizon = timedelta(days=horizon_days)
    rows = [(day, day - horizon, day + horizon) for day in _anchors(history, horizon_days)]
    names = {"anchor_on": pl.Date, "first_on": pl.Date, "end_on": pl.Date}
    anchors = pl.DataFrame(rows, schema=names, orient="row")
    return query("churn.population", "windows_around", {"user_days": user_days, "anchors": anchors})


def year_before(history: History) -> date:
    """Day a year before the cutoff."""
    return history.cutoff_on - timedelta(days=YEAR_DAYS)


def ahead_a_year_ago(history: History, horizon_days: int) -> list[date]:
    """Starts of the horizons that correspond to those ahead, the next one first."""
    most = max(MOST_AHEAD_DAYS, horizon_days)
    return [year_before(history) + timedelta(days=days) for days in range(0, most, horizon_days)]


def horizon_ends(history: History, horizon_days: int) -> list[date]:
    """Ends of the horizons of the log, newest first."""
    horizon = timedelta(days=horizon_days)
    n_days = (history.cutoff_on - history.start_on).days
    return [history.cutoff_on - places * horizon for places in range(1, n_days // horizon_days - 1)]


def _anchors(history: History, horizon_days: int) -> list[date]:
    """Ends of horizons, and the days a year before those ahead, each with a whole horizon on either
    side, and one of the log before.
    """
    horizon = timedelta(days=horizon_days)
    earliest = history.start_on + 2 * horizon
    days = {*ahead_a_year_ago(history, horizon_days), *horizon_ends(history, horizon_days)}
    return sorted(
        day
        for day in days
        if earliest <= day <= history.cutoff_on - horizon
        and is_whole(day - horizon, day + horizon, history.holes)
    )
