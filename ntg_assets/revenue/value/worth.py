"""What an active day is worth, as far as the log bears it out: amounts that nobody has shown twice
do not make a forecast.

Two steps, both fitted on the days before the cutoff alone:

* *capping*: a day counts up to the amount that the log has reached on five days and on one in a
  thousand, or the user alone on three (winsorising: the largest amounts are taken down to one that
  was shown often enough). One purchase of a billion among purchases of ten counts ten; a user who
  spends a hundred times what others do, time and again, keeps it.
* *credibility*: the mean worth of a user's days is shrunk to that of all, n / (n + k) of it being
  the user's own, with n the user's active days and k the variance within users over that between
  them: learned from the log, not chosen.

Source: Bühlmann and Straub 1970, "Glaubwürdigkeit für Schadensätze" (k and its estimators).
"""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.sql import Query, Source, query

# of the log at least as large: an amount that so many days reached has been shown
LEAST_DAYS, ONE_DAY_IN = 5, 1000
# days are capped: a log of few days cannot tell which of them is out of the way
AT_MOST_ONE_IN = 20
OWN_DAYS = 3  # of one user: what was paid three times is a habit
HALF_LIFE_DAYS = 90.0  # of `decayed_value_90d`
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
    excess = capped.select(
        "user_id", "active_on", excess=pl.col("value_sum") - pl.col("counted_value")
    )
    days = snapshots.join(excess, on="user_id", how="inner").sort(
        "user_id", "snapshot_on", "active_on"
    )
    if days.is_empty():
        return snapshots
    age = (pl.col("snapshot_on") - pl.col("active_on")).dt.total_days()
    window_end = (
        pl.col("window_end_on") if "window_end_on" in days.columns else pl.lit(None, pl.Date)
    )
    parts = {
        "seen": pl.when(age > 0).then("excess").otherwise(0.0),
        "decayed": (
            pl.when(age > 0).then(pl.col("excess") * 0.5 ** (age / HALF_LIFE_DAYS)).otherwise(0.0)
        ),
        "followed": (
            pl.when((age <= 0) & (pl.col("active_on") < window_end)).then("excess").otherwise(0.0)
        ),
    }
    keys = ["user_id", "snapshot_on"]
    sums = days.with_columns(**parts).group_by(keys, maintain_order=True).agg(pl.col(*parts).sum())
    less = {
        "decayed_value_90d": pl.col("decayed"),
        "value_per_active_day": pl.col("seen") / pl.col("active_days"),
        "window_value": pl.col("followed"),
    }
    joined = snapshots.join(sums, on=keys, how="left", maintain_order="left")
    changed = [
        (pl.col(name) - part.fill_null(0.0)).alias(name)
        for name, part in less.items()
        if name in snapshots.columns
    ]
    return joined.with_columns(changed).drop(parts)


def credible_worth(habits: pl.DataFrame) -> Floats:
    """Worth of an active day by user: the decayed mean of the own days shrunk to the mean of all by
    their number; never below 0.

    Args:
        habits: `user_habits`.
    """
    days = habits["decayed_active_days"].to_numpy()
    n_days = habits["n_days"].cast(pl.Float64).to_numpy()
    mean = float(habits["value_sum"].sum()) / max(float(n_days.sum()), 1.0)
    own = np.divide(
        habits["decayed_value"].to_numpy(), days, out=np.full(len(days), mean), where=days > 0
    )
    weight = n_days / (n_days + days_of_doubt(habits))
    return np.maximum(weight * own + (1 - weight) * mean, 0.0)


def days_of_doubt(habits: pl.DataFrame) -> float:
    """k: how many days of their own a user needs before they count as much as everybody's;
    infinite where users do not differ.

    The variance within users over that between their means, by the estimators of Bühlmann and
    Straub; relative to the largest amount.
    """
    scale = float(habits["largest_amount"].max() or 0.0)  # type: ignore[arg-type]  # a column of numbers
    n_days = habits["n_days"].cast(pl.Float64).to_numpy()
    total, n_users = n_days.sum(), len(n_days)
    if scale <= 0 or total <= n_users:
        return np.inf
    means = habits["value_sum"].to_numpy() / scale / n_days
    mean = float((n_days * means).sum() / total)
    within = max(
        float((habits["relative_square_sum"].to_numpy() - n_days * means**2).sum()), 0.0
    ) / (total - n_users)
    spread = float((n_days * (means - mean) ** 2).sum()) - (n_users - 1) * within
    between = spread / (total - float((n_days**2).sum()) / total) if n_users > 1 else 0.0
    return within / between if between > 0 else np.inf
