"""Popularity that fades: each event counts half after each half-life."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from ntg_assets.taste.interactions import Floats, Interactions

MICROSECONDS_PER_DAY = 86_400_000_000
COLUMNS = ["item_id", "half_life_days", "n_users", "n_repeat_users", "score", "rank"]


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return pl.Series([at], dtype=pl.Datetime("us")).to_physical().item()


def decay(at: np.ndarray, *, now: int | np.ndarray, half_life_days: float) -> Floats:
    """Return 0.5 ** (age / half-life) for instants in microseconds; the future counts as now."""
    age_days = np.maximum(now - at, 0) / MICROSECONDS_PER_DAY
    return np.exp2(-age_days / half_life_days)


def item_popularity(log: Interactions, *, now: datetime, half_life_days: Sequence[float]) -> pl.DataFrame:
    """Score every item of a log by decayed popularity.

    Args:
        log: Events before `now`.
        now: The cutoff from which ages are counted.
        half_life_days: Half-lives.

    Returns:
        `item_popularity`: one row per (item, half-life): users, users who came back to the item at another instant, decayed number
        of events, rank (ties: more users, then the lower id).
    """
    n_repeat_users = log.n_repeat_users_of_item
    parts = []
    for days in sorted(set(half_life_days)):
        score = np.bincount(log.item, decay(log.at, now=microseconds(now), half_life_days=days), minlength=log.n_items).astype(np.float64)
        order = np.argsort(-score, kind="stable")
        rank = np.empty(log.n_items, np.int64)
        rank[order] = np.arange(1, log.n_items + 1)
        columns = {"item_id": log.items, "n_users": log.n_users_of_item, "n_repeat_users": n_repeat_users, "score": score, "rank": rank}
        parts.append(pl.DataFrame(columns).with_columns(half_life_days=pl.lit(days, pl.Float64)).select(COLUMNS))
    return pl.concat(parts)
