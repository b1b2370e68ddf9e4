"""The active days of some users as arrays, seen from one cutoff: sums over them in a few passes.

Amounts are whole millionths, so their sums depend on no order of the rows.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs

MILLION = 1e6


@dataclass(frozen=True)
class DayLog:
    """Rows of all fields by user and day.

    Attributes:
        n_users: Users, with days or without.
        user: Place of each day's user, shape (days,), never falling.
        age_days: Days from the day to the cutoff: 1 is the last day before it, 0 the cutoff.
        amount: What the day brought, in millionths.
    """

    n_users: int
    user: Longs
    age_days: Longs
    amount: Floats

    @property
    def is_past(self) -> Flags:
        """Whether the day lies before the cutoff."""
        return self.age_days > 0

    def per_user(self, amounts: Floats, chosen: Flags) -> Floats:
        """Sum whole numbers over the chosen days of each user, shape (n_users,)."""
        sums = np.bincount(self.user[chosen], weights=amounts[chosen], minlength=self.n_users)
        return sums.astype(np.float64)

    def n_days(self, chosen: Flags) -> Floats:
        """Count the chosen days of each user."""
        return np.bincount(self.user[chosen], minlength=self.n_users).astype(np.float64)

    def value(self, chosen: Flags) -> Floats:
        """What the chosen days of each user brought."""
        return self.per_user(self.amount, chosen) / MILLION

    def by_period(self, weights: Floats, *, first: int, n_periods: int, period_days: int) -> Floats:
        """Sum whole numbers over users and periods of equal length.

        Args:
            weights: One number per day of the log.
            first: First period; 0 begins at the cutoff, -1 ends there.
            n_periods: How many.
            period_days: Length.

        Returns:
            Shape (n_users, n_periods).
        """
        period = -self.age_days // period_days - first
        chosen = (period >= 0) & (period < n_periods)
        place = self.user[chosen] * n_periods + period[chosen]
        size = self.n_users * n_periods
        sums = np.bincount(place, weights=weights[chosen], minlength=size)
        return sums.astype(np.float64).reshape(self.n_users, n_periods)


def day_log(
    user_days: pl.DataFrame, users: pl.Series, capped: pl.DataFrame, *, cutoff_on: date
) -> DayLog:
    """Take the days of some users.

    Args:
        user_days: One row per (user, active day).
        users: Whose, in order.
        capped: `capped_days`: these count only in part.
        cutoff_on: From where they are seen.
    """
    places = users.to_frame("user_id").with_columns(user=pl.int_range(pl.len()))
    days = user_days.select("user_id", "active_on", "value_sum").join(places, on="user_id")
    if capped.height:
        less = capped.select("user_id", "active_on", "counted_value")
        days = days.join(less, on=["user_id", "active_on"], how="left").with_columns(
            value_sum=pl.coalesce("counted_value", "value_sum")
        )
    days = days.sort("user", "active_on")
    age = (pl.lit(cutoff_on) - pl.col("active_on").cast(pl.Date)).dt.total_days()
    return DayLog(
        len(users),
        days["user"].cast(pl.Int64).to_numpy(),
        days.select(age.cast(pl.Int64)).to_series().to_numpy(),
        np.rint(days["value_sum"].cast(pl.Float64).to_numpy() * MILLION),
    )
