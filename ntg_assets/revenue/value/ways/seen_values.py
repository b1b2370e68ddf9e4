"""What users brought after a cutoff, period by period: what a forecast is held against."""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Flags, Floats
from ntg_assets.revenue.value.ways.day_log import MILLION, DayLog
from ntg_assets.revenue.value.ways.population import MOST_PAST_PERIODS
from ntg_assets.revenue.value.ways.value_candidates import Population

# a user's period counts at most so many times the largest one that was known at the cutoff: one
# amount that nobody could foresee decides nothing
LARGEST_SURPRISE = 3.0


class Seen(NamedTuple):
    """What users brought after a cutoff: value by period, and whether the first one was silent."""

    value: Floats
    silent_first: Flags


def seen_values(log: DayLog, known: Population, *, log_days: int, period_days: int) -> Seen:
    """What followed, period by period.

    Args:
        log: Whole amounts of these users, seen from the cutoff.
        known: What was known of them then.
        log_days: Days from the first day of the log to the cutoff.
        period_days: The churn horizon.
    """
    shape = {"n_periods": len(known.period_ends), "period_days": period_days}
    inside = (log.age_days > -known.period_ends[-1]).astype(np.float64)
    active = log.by_period(inside, first=0, **shape)
    if known.day_price is not None:
        return Seen(active * known.day_price, active[:, 0] == 0)
    n_past = min(log_days // period_days, MOST_PAST_PERIODS)
    past = log.by_period(log.amount, first=-n_past, n_periods=n_past, period_days=period_days)
    most = LARGEST_SURPRISE * float(past.max(initial=0.0)) / MILLION
    amounts = log.by_period(log.amount * inside, first=0, **shape) / MILLION
    return Seen(np.clip(amounts, 0.0, most if most > 0 else np.inf), active[:, 0] == 0)
