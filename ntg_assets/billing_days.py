"""On which days a contract renews.

It renews every so many months after its anchor, on the anchor's day of the month or, where a month
has none, on its last day; or every so many days.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Longs

# as numpy counts: days since 1970-01-01
Days = Longs


def renewal_days(anchor: Days, months: Longs, days: Longs, count: Longs) -> Days:
    """Day of the count-th renewal after the anchor (0: the anchor itself).

    Args:
        anchor: Days since 1970, shape (n,).
        months: Months of a period, 0 where it is one of days.
        days: Days of a period, 0 where it is one of months.
        count: Which renewal.
    """
    at = anchor.astype("datetime64[D]")
    month = at.astype("datetime64[M]")
    day_of_month = (at - month.astype("datetime64[D]")).astype(np.int64)
    then = month + months * count
    first = then.astype("datetime64[D]")
    length = ((then + 1).astype("datetime64[D]") - first).astype(np.int64)
    by_month = (first + np.minimum(day_of_month, length - 1)).astype(np.int64)
    return np.where(months > 0, by_month, anchor + days * count)


def periods_before(anchor: Days, months: Longs, days: Longs, at: Days) -> Longs:
    """How many renewals lie at or before a day; -1 and less before the anchor.

    The contract is in its period number (this + 1), whose last day is the day before the next
    renewal.
    """
    month_number = anchor.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    month_at = at.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    count = np.where(
        months > 0,
        (month_at - month_number) // np.maximum(months, 1),
        (at - anchor) // np.maximum(days, 1),
    )
    return count - (renewal_days(anchor, months, days, count) > at)


def day_numbers(days: pl.Series) -> Days:
    """Days since 1970 of a column of dates."""
    return days.cast(pl.Int32).cast(pl.Int64).to_numpy()
