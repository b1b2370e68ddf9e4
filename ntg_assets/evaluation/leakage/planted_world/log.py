"""The log of the planted world: who comes when, and takes what of which taste.

Time is counted in churn horizons, so that every horizon has as many closed windows. Tastes are
strong enough that the blend is learned, not fallen back from.
"""

from datetime import date, datetime

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.local_days import with_event_on

ZONE = "America/Los_Angeles"  # its midnight is not that of UTC
STARTS_ON = date(2019, 1, 1)
TRAIN_HORIZONS, HELD_OUT_HORIZONS = 9, 2
N_USERS, N_ITEMS, N_TASTES = 150, 140, 7
N_NEWCOMERS = 45  # join shortly before TRAIN ends: enough to choose by
VISITS_PER_HORIZON, ITEMS_PER_VISIT = 5.0, 2
LEAVES_WITHIN_HORIZONS = 14.0  # mean of how long a user stays
FAVOURED = 0.85  # share of what a user takes that is of the user's own taste
THERE_AT_ONCE, FINISHED = 0.5, 0.3
N_LATER_ITEMS, NEW_ITEM_SHARE = 20, 0.2  # released after TRAIN, with their share of what is taken
HOLE = 1.0, 1.3  # horizons that the log does not hold
PRICES_JUMP_AT, JUMP = 3.5, 1.6  # all amounts from then on
N_AT_THE_END = 3  # events exactly when VAL begins
SECONDS_PER_DAY = 86_400


def ordered(events: pl.DataFrame) -> pl.DataFrame:
    """Put events into one order, with their local day."""
    rows = events.drop("event_on", strict=False).sort(
        "event_at", "user_id", "item_id", "event_type", "value"
    )
    return with_event_on(rows, ZONE)


def as_events(
    users: Longs, items: Longs, at: pl.Series, values: Floats, kinds: list[str]
) -> pl.DataFrame:
    """Put columns together as events are stored."""
    return pl.DataFrame(
        {
            "user_id": users,
            "item_id": items,
            "event_at": at,
            "event_type": kinds,
            "value": np.round(values, 2),
            "weight": np.where(np.array(kinds) == "finish", 2.0, 1.0),
            "load_file": np.ones(len(users), np.int64),
        }
    )


def instants(start_at: datetime, horizon_days: int, horizons: Floats) -> pl.Series:
    """Instants so many horizons after the world's first, to the second."""
    seconds = np.floor(horizons * horizon_days * SECONDS_PER_DAY).astype(np.int64)
    return pl.Series(seconds * 1_000_000).cast(pl.Duration("us")) + start_at


def planted_events(rng: np.random.Generator, start_at: datetime, horizon_days: int) -> pl.DataFrame:
    """Make the log, in no order.

    Args:
        rng: Source of chance.
        start_at: First instant of the world.
        horizon_days: Churn horizon, in which time is counted.

    Returns:
        Rows of `ingest.events`, without their local day.
    """
    span = float(TRAIN_HORIZONS + HELD_OUT_HORIZONS)
    joins, leaves = _stays(rng, span)
    pace = VISITS_PER_HORIZON * rng.lognormal(0.0, 0.5, N_USERS)
    n_visits = np.maximum(rng.poisson(pace * (leaves - joins)), 3)
    user = np.repeat(np.arange(N_USERS), n_visits)
    share = rng.beta(0.9, 1.1, len(user))  # who is about to leave comes less
    at = joins[user] + share * (leaves - joins)[user]
    user, at = np.repeat(user, ITEMS_PER_VISIT), np.repeat(at, ITEMS_PER_VISIT)
    at = np.minimum(at + rng.random(len(at)) * 0.01, span - 1e-6)
    taste = np.where(
        rng.random(len(user)) < FAVOURED, user % N_TASTES, rng.integers(0, N_TASTES, len(user))
    )
    rank = np.minimum(rng.exponential(5.0 + 2.0 * at), N_ITEMS // N_TASTES - 1).astype(np.int64)
    item = rank * N_TASTES + taste
    is_new = (at > TRAIN_HORIZONS) & (rng.random(len(at)) < NEW_ITEM_SHARE)
    item = np.where(is_new, N_ITEMS + rng.integers(0, N_LATER_ITEMS, len(at)), item)
    values = (1.0 + 4.0 * rng.random(len(user)) + 0.5 * (user % 3)) * np.where(
        at < PRICES_JUMP_AT, 1.0, JUMP
    )
    kinds = ["finish" if draw < FINISHED else "view" for draw in rng.random(len(user)).tolist()]
    events = as_events(user + 1, item + 1, instants(start_at, horizon_days, at), values, kinds)
    return events.filter(~pl.Series((at > HOLE[0]) & (at < HOLE[1])))


def _stays(rng: np.random.Generator, span: float) -> tuple[Floats, Floats]:
    """When each user joins and leaves, in horizons after the world's first instant."""
    joins = np.where(
        rng.random(N_USERS) < THERE_AT_ONCE,
        rng.random(N_USERS),
        rng.uniform(0.0, span - 0.5, N_USERS),
    )
    joins[-N_NEWCOMERS:] = rng.uniform(TRAIN_HORIZONS - 1.3, TRAIN_HORIZONS - 0.1, N_NEWCOMERS)
    leaves = np.minimum(joins + 0.4 + rng.exponential(LEAVES_WITHIN_HORIZONS / 2, N_USERS), span)
    return joins, leaves


def with_some_at(events: pl.DataFrame, instant: datetime) -> pl.DataFrame:
    """Move the events that are nearest to an instant onto it."""
    distance = (pl.col("event_at") - pl.lit(instant)).abs().rank("ordinal")
    at_it = pl.when(distance <= N_AT_THE_END).then(pl.lit(instant))
    return events.with_columns(event_at=at_it.otherwise("event_at"))
