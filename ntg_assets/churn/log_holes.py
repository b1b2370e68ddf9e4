"""Days that the log does not hold: a load that is missing, or a service that was closed.

On such days nobody could be active, so a label window over them says that everybody left, and a
forecast over them that nothing came. A run of days is a hole where it holds at most a tenth of
what the four weeks before and the four weeks after it usually hold, lasts for `FEWEST_DAYS`, and
lacks `FEWEST_LOST` active days of users; unless runs at least half as long come more often than
twice a year: then the service rests so (weekends, a log of bursts), and it is no hole.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.sql import Query, Source, query

FEWEST_DAYS = 3  # a weekend is none
FEWEST_LOST = 50.0  # active days of users: fewer are missing by chance
NEARLY_NONE = 0.1  # of the usual number
NEIGHBOUR_DAYS = 28
USUAL_EVERY_DAYS = 182  # a run that comes more often is how the service works
MOST_MISSED = 0.1  # of a window: with more of it missing, what it says is the hole's
HOLES_SCHEMA: dict[str, Any] = {
    "from_on": pl.Date,
    "until_on": pl.Date,
    "n_days": pl.Int64,
    "users_a_day": pl.Float64,
    "usual_users_a_day": pl.Float64,
}


class Hole(NamedTuple):
    """Days `[from_on, until_on)`."""

    from_on: date
    until_on: date


def daily_users(user_days: Source) -> Query:
    """Count the users of every day that has any; see `daily_users.sql`."""
    return query("churn", "daily_users", {"user_days": user_days})


def find_holes(daily: pl.DataFrame) -> pl.DataFrame:
    """Find the days that a log does not hold.

    Args:
        daily: `active_on`, `n_users`; days without any may be left out.

    Returns:
        `log_holes`, by day.
    """
    if daily.is_empty():
        return pl.DataFrame(schema=HOLES_SCHEMA)
    days = daily.sort("active_on")
    first_on, counts = days["active_on"][0], _counts(days)
    runs = [run for run in _quiet_runs(counts) if _is_missing(counts, run)]
    lengths = np.array([end - start for start, end in runs])
    most = max(1.0, len(counts) / USUAL_EVERY_DAYS)
    rows = [
        (
            first_on + timedelta(days=start),
            first_on + timedelta(days=end),
            end - start,
            float(counts[start:end].mean()),
            _usual(counts, (start, end)),
        )
        for start, end in runs
        if (2 * lengths >= end - start).sum() <= most
    ]
    return pl.DataFrame(rows, schema=HOLES_SCHEMA, orient="row")


def _counts(daily: pl.DataFrame) -> Floats:
    """Users of every day from the first to the last one; 0 where a day is left out."""
    place = (daily["active_on"] - daily["active_on"][0]).dt.total_days().to_numpy()
    counts = np.zeros(int(place[-1]) + 1)
    counts[place] = daily["n_users"].cast(pl.Float64).to_numpy()
    return counts


def holes_of(log_holes: pl.DataFrame) -> tuple[Hole, ...]:
    """Read the holes of a table, by day."""
    return tuple(Hole(*row) for row in log_holes.select("from_on", "until_on").iter_rows())


def is_whole(from_on: date, until_on: date, holes: Sequence[Hole]) -> bool:
    """Whether holes take no more than `MOST_MISSED` of the days `[from_on, until_on)`."""
    missed = sum(
        max((min(until_on, hole.until_on) - max(from_on, hole.from_on)).days, 0) for hole in holes
    )
    return missed <= MOST_MISSED * (until_on - from_on).days


def describe_holes(log_holes: pl.DataFrame, *, cutoff_on: date, at_risk_days: int) -> str:
    """Say which days are missing and what that does; nothing where none are.

    Args:
        log_holes: What was found.
        cutoff_on: From where users are looked at.
        at_risk_days: A hole less than so long ago makes users look silent tonight.
    """
    if log_holes.is_empty():
        return ""
    shown = "; ".join(
        f"{row['n_days']} days from {row['from_on']} ({row['users_a_day']:.1f} users a day, where"
        f" {row['usual_users_a_day']:.0f} are usual)"
        for row in log_holes.iter_rows(named=True)
    )
    since = (cutoff_on - max(hole.until_on for hole in holes_of(log_holes))).days
    near = (
        f" The last one ended {since} days before the cutoff: tonight's users look silent for it,"
        " so churn is told too high and value too low."
        if since < at_risk_days
        else ""
    )
    return (
        f"the log does not hold {shown}. Windows over them are not learned from or judged; load the"
        f" days where they exist.{near}"
    )


def _quiet_runs(counts: Floats) -> list[tuple[int, int]]:
    """Runs `[start, end)` of days that hold less than a tenth of the median day, inside the log."""
    usual = float(np.median(counts[counts > 0]))
    return [
        (start, end)
        for start, end in _runs(counts <= NEARLY_NONE * usual)
        if end - start >= FEWEST_DAYS and start > 0 and end < len(counts)
    ]


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int64), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _usual(counts: Floats, run: tuple[int, int]) -> float:
    """The lower of the medians of the four weeks before and after a run."""
    start, end = run
    sides = (counts[max(start - NEIGHBOUR_DAYS, 0) : start], counts[end : end + NEIGHBOUR_DAYS])
    return float(min(np.median(side) for side in sides))


def _is_missing(counts: Floats, run: tuple[int, int]) -> bool:
    start, end = run
    usual = _usual(counts, run)
    lost = usual * (end - start) - float(counts[start:end].sum())
    return bool(counts[start:end].mean() <= NEARLY_NONE * usual and lost >= FEWEST_LOST)
