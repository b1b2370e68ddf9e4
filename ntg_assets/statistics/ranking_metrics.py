"""Metrics of lists against what users went on to take, one value per user."""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs

METRICS = ("ndcg", "recall", "average_precision", "reciprocal_rank", "hit")


class UserMetrics(NamedTuple):
    """One value per user, each from 0 to 1.

    Attributes:
        ndcg: Discounted gain 1 / log2(place + 1) of the hits, relative to that of a perfect list.
        recall: Share of the relevant items that the list holds.
        average_precision: Mean over hits of the precision up to each, divided by min(k, relevant
        items).
        reciprocal_rank: 1 / place of the first hit; 0 without one.
        hit: 1 with any hit.
    """

    ndcg: Floats
    recall: Floats
    average_precision: Floats
    reciprocal_rank: Floats
    hit: Floats


def user_metrics(hits: Flags, n_relevant: Longs, *, k: int) -> UserMetrics:
    """Measure lists of length `k`.

    Args:
        hits: Users x places: whether the item at each place is relevant; short lists are filled up
        with False.
        n_relevant: Relevant items of each user, at least 1.
        k: List length; places beyond it do not count.

    Source: Jarvelin and Kekalainen 2002 (NDCG, binary gains).
    """
    is_hit = hits[:, :k]
    places = np.arange(1, is_hit.shape[1] + 1)
    gain = 1 / np.log2(places + 1)
    best_possible = np.cumsum(1 / np.log2(np.arange(1, k + 1) + 1))[np.minimum(n_relevant, k) - 1]
    n_found = is_hit.sum(axis=1)
    return UserMetrics(
        ndcg=_row_sums(is_hit * gain) / best_possible,
        recall=n_found / n_relevant,
        average_precision=_row_sums(is_hit * np.cumsum(is_hit, axis=1) / places)
        / np.minimum(n_relevant, k),
        reciprocal_rank=1 / _first_hits(is_hit),
        hit=(n_found > 0).astype(np.float64),
    )


def _first_hits(is_hit: Flags) -> Floats:
    """Return the place of each user's first hit, from 1; infinite without one."""
    if not is_hit.shape[1]:
        return np.full(len(is_hit), np.inf)
    return np.where(is_hit.any(axis=1), is_hit.argmax(axis=1) + 1, np.inf)


def hits_by_place(user: Longs, rank: Longs, is_hit: Flags, *, n_users: int, k: int) -> Flags:
    """Lay list rows out as users x places (ranks from 1; rows beyond `k` are left out).

    Args:
        user: Of each row, numbered from 0.
        rank: Place of the row's item, from 1.
        is_hit: Whether the item was taken.
        n_users: Users, those without rows included.
        k: Places.
    """
    hits = np.zeros((n_users, k), np.bool_)
    kept = rank <= k
    hits[user[kept], rank[kept] - 1] = is_hit[kept]
    return hits


def _row_sums(values: Floats) -> Floats:
    """Add up each row from left to right, so that the bits do not depend on the other rows."""
    total = np.zeros(len(values))
    for column in values.T:
        total += column
    return total
