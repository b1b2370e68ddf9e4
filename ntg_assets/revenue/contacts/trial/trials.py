"""What the users of the contact programme's trial did after they were given an arm.

A user counts once, from the first day on which they were given an arm, and only when their window
has closed inside TRAIN.
"""

from datetime import date, timedelta

import polars as pl

from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.revenue.value.value_model import observed_value
from ntg_assets.sql import Source, query
from ntg_assets.storage.run import run


def trial_outcomes(
    log: pl.DataFrame,
    user_days: pl.DataFrame,
    *,
    complete_until_on: date,
    window_days: int,
    value: ValueSettings,
) -> pl.DataFrame:
    """Count what the users of a trial brought in the window after their day;
    only windows that have closed.

    Returns:
        `trial_outcomes`, by user; users that the log of events does not know are left out.
    """
    days = timedelta(days=window_days)
    closed = log.filter(pl.col("assigned_on") + days <= complete_until_on)
    trial = _known_users(user_days).join(closed, on="listed_id", how="inner").drop("listed_id")
    tables = {"trial": trial, "user_days": user_days}
    outcomes = query("revenue.contacts.trial", "trial_outcomes", tables, window_days=window_days)
    seen = run(outcomes).sort("user_id")
    return seen.select(
        "user_id",
        "assigned_on",
        "is_treated",
        "propensity",
        pl.Series("value", observed_value(seen, settings=value)),
    )


def _known_users(user_days: pl.DataFrame) -> pl.DataFrame:
    """Users of the log of events, with their ids as a list would name them."""
    named = user_days.select("user_id", listed_id=pl.col("user_id").cast(pl.String))
    return named.unique().sort("user_id")


def with_activity_before(outcomes: pl.DataFrame, user_days: Source) -> pl.DataFrame:
    """Add what was known of each user on the day of the arm;
    who had not been active before is left out.
    """
    days = outcomes.select("user_id", cutoff_on="assigned_on")
    before = run(user_activity_features(user_days, days)).drop("cutoff_on")
    return outcomes.join(before, on="user_id", how="inner").sort("user_id")
