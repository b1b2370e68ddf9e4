"""What an active day is worth, as far as the log bears it out: amounts that nobody has shown twice
do not make a forecast.

*Capping*, fitted on the days before the cutoff alone: a day counts up to the amount that the log
has reached on five days and on one in a thousand, or the user alone on three (winsorising: the
largest amounts are taken down to one that was shown often enough). One purchase of a billion among
purchases of ten counts ten; a user who spends a hundred times what others do, time and again, keeps
it. How near a user's mean lies to that of all is `gamma_gamma`'s to say.
"""

from datetime import date

import polars as pl

from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.sql import Query, Source, query
from ntg_assets.storage.run import run

# of the log at least as large: an amount that so many days reached has been shown
LEAST_DAYS, ONE_DAY_IN = 5, 1000
# days are capped: a log of few days cannot tell which of them is out of the way
AT_MOST_ONE_IN = 20
OWN_DAYS = 3  # of one user: what was paid three times is a habit
HALF_LIFE_DAYS = 90.0  # of `decayed_value_90d`
KEY = ["user_id", "snapshot_on"]
CAPPED = "counts only up to what the log, or the user, has shown often enough"


def capped_days(user_days: Source, *, cutoff_on: date, settings: ValueSettings) -> Query:
    """List the days before the cutoff whose amount counts only in part;
    none where active days are counted. See `capped_days.sql`.
    """
    return query(
        "revenue.value",
        "capped_days",
        {"user_days": user_days},
        cutoff_on=cutoff_on,
        counts_amounts=settings.basis == "event_value",
        least_days=LEAST_DAYS,
        one_day_in=ONE_DAY_IN,
        at_most_one_in=AT_MOST_ONE_IN,
        own_days=OWN_DAYS,
    )


def capped_at(user_days: pl.DataFrame, *, cutoff_on: date, settings: ValueSettings) -> pl.DataFrame:
    """`capped_days` of a log in memory; nothing is asked where active days are counted."""
    if settings.basis != "event_value":
        return user_days.clear().select(
            "user_id", "active_on", "value_sum", counted_value="value_sum"
        )
    return run(capped_days(user_days, cutoff_on=cutoff_on, settings=settings))


def counted_days(user_days: Source, capped: pl.DataFrame) -> Source:
    """Give every active day the amount that it counts for."""
    return (
        query("revenue.value", "counted_days", {"user_days": user_days, "capped_days": capped})
        if capped.height
        else user_days
    )


def counted(snapshots: pl.DataFrame, capped: pl.DataFrame) -> pl.DataFrame:
    """Take what does not count out of the value columns of snapshots.

    Args:
        snapshots: Rows of `churn_snapshots`, or labelled ones with the value of their window.
        capped: `capped_days`.
    """
    sums = _excess(snapshots, capped)
    if sums.is_empty():
        return snapshots
    less = {
        "decayed_value_90d": pl.col("decayed"),
        "value_per_active_day": pl.col("seen") / pl.col("active_days"),
        "window_value": pl.col("followed"),
    }
    joined = snapshots.join(sums, on=KEY, how="left", maintain_order="left")
    changed = [
        (pl.col(name) - part.fill_null(0.0)).alias(name)
        for name, part in less.items()
        if name in snapshots.columns
    ]
    return joined.with_columns(changed).select(snapshots.columns)


def _excess(snapshots: pl.DataFrame, capped: pl.DataFrame) -> pl.DataFrame:
    """What does not count of each snapshot, where there is anything: before it (`seen`, `decayed`),
    and in its window (`followed`).
    """
    excess = capped.select(
        "user_id", "active_on", excess=pl.col("value_sum") - pl.col("counted_value")
    )
    days = snapshots.join(excess, on="user_id", how="inner").sort(*KEY, "active_on")
    age = (pl.col("snapshot_on") - pl.col("active_on")).dt.total_days()
    has_window = "window_end_on" in days.columns
    window_end = pl.col("window_end_on") if has_window else pl.lit(None, pl.Date)
    is_before, amount = age > 0, pl.col("excess")
    is_followed = ~is_before & (pl.col("active_on") < window_end)
    parts = {
        "seen": pl.when(is_before).then(amount).otherwise(0.0),
        "decayed": pl.when(is_before).then(amount * 0.5 ** (age / HALF_LIFE_DAYS)).otherwise(0.0),
        "followed": pl.when(is_followed).then(amount).otherwise(0.0),
    }
    return days.with_columns(**parts).group_by(KEY, maintain_order=True).agg(pl.col(*parts).sum())
