"""Billing periods: what their names mean, and on which days a contract renews.

A period is a number of months or a number of days. A contract renews every so many months after
its anchor, on the anchor's day of the month or, where a month has none, on its last day.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Longs

MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7, "fortnight": 14}
WORDS = {
    "daily": "1 day",
    "weekly": "1 week",
    "biweekly": "2 week",
    "fortnightly": "2 week",
    "monthly": "1 month",
    "quarterly": "3 month",
    "yearly": "1 year",
    "annual": "1 year",
    "annually": "1 year",
    "semiannual": "6 month",
    "half-year": "6 month",
    "half-yearly": "6 month",
}
ISO_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
LONGEST = 10_000  # units; beyond it a number is a mistake

# as numpy counts: days since 1970-01-01
Days = Longs


def period_lengths(texts: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Read billing periods: `month`, `monthly`, `3 months`, `P1Y`, `30 days`.

    Returns:
        Months and days, one of which is zero; both null where the text is no period.
    """
    word = texts.str.strip_chars().str.to_lowercase()
    word = word.replace(WORDS)
    iso = word.str.extract(r"^p([0-9]{1,5})[dwmy]$", 1)
    number = (
        pl.when(iso.is_not_null())
        .then(iso)
        .otherwise(word.str.extract(r"^([0-9]{1,5})[ _-]*[a-z]+$", 1))
        .cast(pl.Int64)
        .fill_null(pl.when(word.str.contains(r"^[a-z]+$")).then(1))
    )
    unit = (
        pl.when(iso.is_not_null())
        .then(word.str.slice(-1).replace(ISO_UNITS))
        .otherwise(word.str.extract(r"([a-z]+?)s?$", 1))
    )
    is_usable = number.is_between(1, LONGEST)
    months = unit.replace_strict(MONTHS, default=None, return_dtype=pl.Int64)
    days = unit.replace_strict(DAYS, default=None, return_dtype=pl.Int64)
    is_known = is_usable & (months.is_not_null() | days.is_not_null())
    return (
        pl.when(is_known).then(number * months.fill_null(0)),
        pl.when(is_known).then(number * days.fill_null(0)),
    )


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
