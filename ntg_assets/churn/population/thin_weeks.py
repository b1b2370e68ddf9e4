"""Weeks shortly before the cutoff that hold far less than those before and after them: an outage, a
load of which a part is missing, a lull. They are no holes (`log_holes`), since some users came.

Who would have come in them looks silent tonight. Weeks are counted back from the cutoff, so that
each has the same days. A run of up to `LONGEST` of them is thin where each holds at most `THIN` of
the lower of the medians of the four weeks before and the weeks after it, and the run lacks
`FEWEST_LOST` active days of users and `LEAST_Z` of their spreads. A service lives so where more
than two runs a year are thin against the busiest of the weeks around them (paydays, bursts).
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from math import sqrt
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.log_holes import FEWEST_LOST, USUAL_EVERY_DAYS, is_whole
from ntg_assets.churn.snapshots import History

WEEK_DAYS = 7
THIN = 0.5  # of the usual number: what users do by themselves seldom halves and comes back
LONGEST, NEIGHBOURS = 8, 4  # weeks
LEAST_Z = 4.0
Usual = Callable[[Floats], np.floating]


class ThinWeeks(NamedTuple):
    """Days `[from_on, until_on)` that hold little.

    Attributes:
        from_on: First of them.
        until_on: First day after them.
        users_a_day: Mean of them.
        usual_users_a_day: Before and after them, the lower of both.
    """

    from_on: date
    until_on: date
    users_a_day: float
    usual_users_a_day: float


def find_thin_weeks(
    daily: pl.DataFrame, history: History, *, at_risk_days: int
) -> ThinWeeks | None:
    """Find the thin weeks that make users look silent tonight.

    Args:
        daily: `active_on`, `n_users`; days without any may be left out.
        history: Span of the log, and the days that it does not hold.
        at_risk_days: Weeks that ended so long ago or longer make nobody silent.

    Returns:
        The last ones; None where there are none, or where such weeks are how the service lives.
    """
    weeks = _weeks(daily, history)
    runs, habits = (list(_thin_runs(weeks, usual_of)) for usual_of in (np.median, np.max))
    if not runs or len(habits) > max(1.0, len(weeks) * WEEK_DAYS / USUAL_EVERY_DAYS):
        return None
    start, end = runs[-1]
    first_on = history.cutoff_on - timedelta(days=WEEK_DAYS * len(weeks))
    from_on, until_on = (first_on + timedelta(days=WEEK_DAYS * place) for place in (start, end))
    is_near = (history.cutoff_on - until_on).days < at_risk_days
    if not is_near or not is_whole(from_on, until_on, history.holes):
        return None
    usual = _usual(weeks, start, end, np.median) / WEEK_DAYS
    return ThinWeeks(from_on, until_on, float(weeks[start:end].mean()) / WEEK_DAYS, usual)


def describe_thin_weeks(thin: ThinWeeks | None, history: History) -> str:
    """Say which weeks hold little and what that does; empty where none do."""
    if thin is None:
        return ""
    days, since = (thin.until_on - thin.from_on).days, (history.cutoff_on - thin.until_on).days
    return (
        f"the {days} days from {thin.from_on} on hold {thin.users_a_day:.1f} users a day, where"
        f" {thin.usual_users_a_day:.0f} are usual before and after them: an outage, a load of which"
        f" a part is missing, or a lull. They ended {since} days before the cutoff: who would have"
        " come looks silent for it, so churn is told too high and value too low."
    )


def _weeks(daily: pl.DataFrame, history: History) -> Floats:
    """Active days of users in each week, oldest first; the last one ends at the cutoff."""
    n_weeks = (history.cutoff_on - history.start_on).days // WEEK_DAYS
    ago = pl.lit(history.cutoff_on) - pl.col("active_on")
    back = (ago.dt.total_days() - 1) // WEEK_DAYS
    known = daily.filter(pl.col("active_on") < history.cutoff_on).with_columns(back=back)
    counted = known.filter(pl.col("back") < n_weeks)
    weeks = np.zeros(n_weeks)
    np.add.at(weeks, n_weeks - 1 - counted["back"].to_numpy(), counted["n_users"].to_numpy())
    return weeks


def _thin_runs(weeks: Floats, usual_of: Usual) -> Iterator[tuple[int, int]]:
    """Find the longest thin run at each start, none within another."""
    start = NEIGHBOURS
    while start < len(weeks) - 1:
        ends = range(min(start + LONGEST, len(weeks) - 1), start, -1)
        end = next((end for end in ends if _is_thin(weeks, start, end, usual_of)), None)
        if end is not None:
            yield start, end
        start = start + 1 if end is None else end


def _is_thin(weeks: Floats, start: int, end: int, usual_of: Usual) -> bool:
    usual, run = _usual(weeks, start, end, usual_of), weeks[start:end]
    expected = usual * (end - start)
    lost = expected - float(run.sum())
    return bool(run.max() <= THIN * usual and lost >= max(FEWEST_LOST, LEAST_Z * sqrt(expected)))


def _usual(weeks: Floats, start: int, end: int, usual_of: Usual) -> float:
    """The lower of what is usual in the weeks before and after a run."""
    sides = (weeks[max(start - NEIGHBOURS, 0) : start], weeks[end : end + NEIGHBOURS])
    return float(min(usual_of(side) for side in sides))
