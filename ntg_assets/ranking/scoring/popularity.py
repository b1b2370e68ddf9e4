"""Popularity that fades: each event counts half after each half-life."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs, distinct
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.interactions import Interactions

MICROSECONDS_PER_DAY = 86_400_000_000
# the last tenth of all events lies in the window in which returns are counted: it fits logs of any
# pace
RETURN_WINDOW_SHARE = 0.1
LATE_PART = 4  # the last quarter of the window tells an item's trend
RETURN_COLUMNS = [
    "return_window_days",
    "n_window_users",
    "n_late_users",
    "n_earlier_users",
    "n_earlier_returned",
    "n_previous_users",
    "n_previous_returned",
]
MINUTES = 1 / 1440  # in days
# days: from news to films, each about three times the one before
HALF_LIVES = (
    *(minutes * MINUTES for minutes in (5, 15, 60, 180)),
    *(1.0, 3.0, 7.0, 30.0, 90.0, 365.0, 3650.0),
)
FINEST = 1 / 1000  # of the return window: a shorter half-life would look at a few events alone
COARSEST = 2.0  # spans of the log: with a longer half-life nothing fades
COLUMNS = [
    "item_id",
    "half_life_days",
    "n_users",
    "n_repeat_users",
    *RETURN_COLUMNS,
    "score",
    "rank",
]


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return pl.Series([at], dtype=pl.Datetime("us")).to_physical().item()


def decay(at: np.ndarray, *, now: int | np.ndarray, half_life_days: float) -> Floats:
    """Return 0.5 ** (age / half-life) for instants in microseconds; the future counts as now."""
    age_days = np.maximum(now - at, 0) / MICROSECONDS_PER_DAY
    return np.exp2(-age_days / half_life_days)


def half_life_in_words(days: float) -> str:
    """Return a half-life as a person would say it."""
    if days >= 1:
        return f"{days:g} days"
    return f"{24 * days:.3g} hours" if 24 * days >= 1 else f"{days / MINUTES:.3g} minutes"


def with_half_lives(settings: RankingSettings, at: Longs) -> RankingSettings:
    """Fill in the half-lives of popularity that fit a log, unless they are configured.

    Args:
        settings: The configuration.
        at: Instants of TRAIN, microseconds.
    """
    if settings.popularity_half_life_days is not None:
        return settings
    return settings.model_copy(update={"popularity_half_life_days": fitting_half_lives(at)})


def fitting_half_lives(at: Longs) -> list[float]:
    """Return the half-lives between a moment and the whole of a log, in days."""
    if not len(at):
        return [HALF_LIVES[-1]]
    last = int(at.max())
    finest = FINEST * return_window(at, now=last) / MICROSECONDS_PER_DAY
    coarsest = COARSEST * (last - int(at.min())) / MICROSECONDS_PER_DAY
    return [days for days in HALF_LIVES if finest <= days <= coarsest] or [
        min(HALF_LIVES, key=lambda days: abs(days - coarsest))
    ]


def item_popularity(
    log: Interactions, *, now: datetime, half_life_days: Sequence[float] | None
) -> pl.DataFrame:
    """Score every item of a log by decayed popularity.

    Args:
        log: Events before `now`.
        now: The cutoff from which ages are counted.
        half_life_days: Half-lives; None: those that fit the log.

    Returns:
        `item_popularity`: one row per (item, half-life): users, users who came back to the item at
        another instant, users of the last return windows, decayed number of events, rank (ties:
        more users, then the lower id).
    """
    of_item = {
        "n_users": log.n_users_of_item,
        "n_repeat_users": log.n_repeat_users_of_item,
        **_returns(log, microseconds(now)),
    }
    parts = []
    for days in sorted(set(half_life_days or fitting_half_lives(log.at))):
        score = np.bincount(
            log.item,
            decay(log.at, now=microseconds(now), half_life_days=days),
            minlength=log.n_items,
        ).astype(np.float64)
        order = np.argsort(-score, kind="stable")
        rank = np.empty(log.n_items, np.int64)
        rank[order] = np.arange(1, log.n_items + 1)
        columns = {"item_id": log.items, **of_item, "score": score, "rank": rank}
        parts.append(
            pl.DataFrame(columns)
            .with_columns(half_life_days=pl.lit(days, pl.Float64))
            .select(COLUMNS)
        )
    return pl.concat(parts)


def return_window(at: Longs, *, now: int) -> int:
    """Return the microseconds before `now` in which the last tenth of all events lies."""
    if not len(at):
        return 1
    place = min(int(len(at) * (1 - RETURN_WINDOW_SHARE)), len(at) - 1)
    return max(now - int(np.partition(at, place)[place]), 1)


def _returns(log: Interactions, now: int) -> dict[str, Longs | Floats]:
    """Count users of each item in the last return window and before,
    and how many of those before were there in it.
    """
    window = return_window(log.at, now=now)
    age = now - log.at
    in_window = _pairs(log, age <= window)
    earlier, previous = _pairs(log, age > window), _pairs(log, (age > window) & (age <= 2 * window))
    counted = {
        "n_window_users": in_window,
        "n_late_users": _pairs(log, LATE_PART * age <= window),
        "n_earlier_users": earlier,
        "n_earlier_returned": np.intersect1d(earlier, in_window, assume_unique=True),
        "n_previous_users": previous,
        "n_previous_returned": np.intersect1d(previous, in_window, assume_unique=True),
    }
    days = np.full(log.n_items, window / MICROSECONDS_PER_DAY)
    n_items = max(log.n_items, 1)
    return {"return_window_days": days} | {
        name: np.bincount(pairs % n_items, minlength=log.n_items) for name, pairs in counted.items()
    }


def _pairs(log: Interactions, rows: Flags) -> Longs:
    """Return the distinct (user, item) of some rows as numbers."""
    return distinct(log.user[rows].astype(np.int64) * max(log.n_items, 1) + log.item[rows])
