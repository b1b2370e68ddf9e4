"""What users do as a rule: how surely an active period is followed by another, and what they bring per day at the present pace."""

from datetime import date

import numpy as np
import polars as pl

from ntg_assets.churn.design import Floats
from ntg_assets.revenue.settings import ValueSettings
from ntg_assets.sql import Query, Source, query


def user_habits(user_days: Source, *, cutoff_on: date, horizon_days: int, settings: ValueSettings) -> Query:
    """Count renewals and the present pace of everyone active before the cutoff; see `habits.sql`."""
    half_life = settings.pace_half_life_days or horizon_days
    clock = {"cutoff_on": cutoff_on, "horizon_days": horizon_days, "half_life_days": half_life}
    return query("revenue", "habits", {"user_days": user_days}, **clock)


def renewal(habits: pl.DataFrame, *, settings: ValueSettings) -> pl.DataFrame:
    """Shrink each user's renewal rate towards that of all: (renewed + k m) / (periods + k), with m the rate of all.

    The prior strength k is `settings.persistence_prior_periods`. Without any closed period m is 1/2.
    """
    n_periods, prior = int(habits["n_periods"].sum()), settings.persistence_prior_periods
    mean = int(habits["n_renewed"].sum()) / n_periods if n_periods else 0.5
    shrunk = (pl.col("n_renewed") + prior * mean) / (pl.col("n_periods") + prior)
    return habits.with_columns(persistence=shrunk)


def present_pace(habits: pl.DataFrame, *, horizon_days: int, settings: ValueSettings) -> Floats:
    """Value per day: the decayed total over the sum of the weights, ln 2 / half-life per day; never below 0."""
    per_day = np.log(2) / (settings.pace_half_life_days or horizon_days)
    if settings.basis == "event_value":
        return np.maximum(habits["decayed_value"].to_numpy(), 0.0) * per_day
    return habits["decayed_active_days"].to_numpy() * settings.day_price * per_day
