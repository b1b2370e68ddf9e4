"""What users do as a rule: how surely an active period is followed by another,
and what they bring per day at the present pace.
"""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.worth import counted_days, credible_worth
from ntg_assets.sql import Query, Source, query


def user_habits(
    user_days: Source,
    capped: pl.DataFrame,
    *,
    cutoff_on: date,
    horizon_days: int,
    settings: ValueSettings,
) -> Query:
    """Count renewals and the present pace of everyone active before the cutoff; see `habits.sql`.

    Args:
        user_days: One row per (user, active day).
        capped: `capped_days`: amounts that count only in part.
        cutoff_on: Days from it on are not looked at.
        horizon_days: Length of a period.
        settings: Half-life of the pace.
    """
    half_life = settings.pace_half_life_days or horizon_days
    clock = {"cutoff_on": cutoff_on, "horizon_days": horizon_days, "half_life_days": half_life}
    return query("revenue.value", "habits", {"user_days": counted_days(user_days, capped)}, **clock)


def renewal(habits: pl.DataFrame, *, settings: ValueSettings) -> pl.DataFrame:
    """Shrink each user's renewal rate towards that of all: (renewed + k m) /
    (periods + k), with m the rate of all.

    The prior strength k is `settings.persistence_prior_periods`. Without any closed period m is
    1/2.
    """
    n_periods, prior = int(habits["n_periods"].sum()), settings.persistence_prior_periods
    mean = int(habits["n_renewed"].sum()) / n_periods if n_periods else 0.5
    shrunk = (pl.col("n_renewed") + prior * mean) / (pl.col("n_periods") + prior)
    return habits.with_columns(persistence=shrunk)


def priced(habits: pl.DataFrame, *, settings: ValueSettings) -> pl.DataFrame:
    """Add `day_worth`, what an active day of each user is worth: its price,
    or as far as amounts bear it out (`worth`).
    """
    ordered = habits.sort("user_id")  # sums of fractions depend on their order
    worth = (
        credible_worth(ordered)
        if settings.basis == "event_value"
        else np.full(ordered.height, settings.day_price)
    )
    return ordered.with_columns(pl.Series("day_worth", worth))


def present_pace(habits: pl.DataFrame, *, horizon_days: int, settings: ValueSettings) -> Floats:
    """Value per day: the decayed active days over the sum of the weights,
    ln 2 / half-life per day, times what a day is worth.
    """
    per_day = np.log(2) / (settings.pace_half_life_days or horizon_days)
    return habits["decayed_active_days"].to_numpy() * habits["day_worth"].to_numpy() * per_day
