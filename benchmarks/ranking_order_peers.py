"""Published methods that know order, time or repeats, each with settings to choose from on VAL."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import product

import numpy as np
import scipy.sparse as sp

from benchmarks.ranking_peers import (
    Fit,
    Grid,
    Kept,
    Scorer,
    Task,
    ease_weights,
    fitted_als,
    histories,
    padded,
)
from ntg_assets.arrays import Floats, Longs
from ntg_assets.ranking.scoring.profiles import recent_profile

PROFILE_ITEMS = 1_000
DAY_US = 86_400_000_000
GROUP = 7  # baskets of a group (Hu et al. 2020)
WINDOW = 10  # items after an item that follow it


def recent(task: Task, half_life: float) -> sp.csr_array:
    """Users x items, the n-th most recent item of each user weighing 0.5 ** (n / half-life)."""
    return recent_profile(task.log, half_life=half_life, n_items=PROFILE_ITEMS).astype(np.float64)


def decayed_ease(regularisation: float, half_life: float) -> Fit:
    """EASE (Steck 2019) whose input row is the decayed profile."""

    def fit(task: Task) -> Scorer:
        weights, profile = ease_weights(Kept(task), regularisation), recent(task, half_life)
        n_items = len(weights)
        return lambda _, users: padded(profile[users][:, :n_items] @ weights, task.log.n_items)

    return fit


def decayed_als(factors: int, half_life: float) -> Fit:
    """Alternating least squares (Hu et al. 2008), users folded in by their decayed profile."""

    def fit(task: Task) -> Scorer:
        model, profile = fitted_als(Kept(task), factors, 10.0, 1.0), recent(task, half_life)

        def score(_: Task, users: Longs) -> Floats:
            rows = sp.csr_matrix(profile[users].astype(np.float32))
            return np.asarray(model.recalculate_user(users, rows) @ model.item_factors.T)

        return score

    return fit


def vsknn(neighbours: int, half_life: float) -> Fit:
    """V-SKNN (Ludewig and Jannach 2018): users who share what was taken last, weighed by its place;
    items by their rarity.
    """

    def fit(task: Task) -> Scorer:
        had, profile = histories(task.log).astype(np.float64), recent(task, half_life)
        rarity = np.log(task.log.n_users / np.maximum(task.log.n_users_of_item, 1)) + 1e-9
        length = np.sqrt(np.maximum(np.asarray(had.sum(axis=1)).ravel(), 1))

        def score(_: Task, users: Longs) -> Floats:
            likeness = (profile[users] @ had.T).toarray() / length
            return (nearest(likeness, users, neighbours) @ had) * rarity

        return score

    return fit


def nearest(likeness: Floats, users: Longs, k: int) -> Floats:
    """Keep each user's `k` most alike others; the rest is 0."""
    likeness[np.arange(len(users)), users] = 0.0
    k = min(k, likeness.shape[1])
    least = np.partition(likeness, -k, axis=1)[:, [-k]]
    return np.where(likeness >= np.maximum(least, 1e-12), likeness, 0.0)


def baskets(task: Task) -> tuple[Longs, Longs]:
    """Number each row's day among its user's days, the most recent 0; and count each user's."""
    log, day = task.log, task.log.at // DAY_US
    is_new = np.ones(len(day), np.bool_)
    is_new[1:] = (log.user[1:] != log.user[:-1]) | (day[1:] != day[:-1])
    number = np.cumsum(is_new) - 1
    return number - number[log.start[log.user]], np.bincount(log.user, is_new, log.n_users)


def tifu_knn(within: float, between: float, neighbours: int, own: float) -> Fit:
    """TIFU-KNN (Hu et al. 2020): frequency that fades within and between groups of baskets, mixed
    with that of the nearest users.
    """

    def fit(task: Task) -> Scorer:
        log, (age, n_baskets) = task.log, baskets(task)
        group = age // GROUP
        n_groups = np.maximum(np.ceil(n_baskets / GROUP), 1)[log.user]
        size = np.where(group == n_groups - 1, n_baskets[log.user] - group * GROUP, GROUP)
        weight = within ** (age % GROUP) * between**group / (size * n_groups)
        vectors = sp.csr_array((weight, (log.user, log.item)), shape=(log.n_users, log.n_items))
        squares = np.asarray((vectors**2).sum(axis=1)).ravel()

        def score(_: Task, users: Longs) -> Floats:
            products = (vectors[users] @ vectors.T).toarray()
            away = np.sqrt(np.maximum(squares[users][:, None] + squares - 2 * products, 0))
            is_near = nearest(1 / (away + 1e-9), users, neighbours) > 0
            others = (is_near / is_near.sum(axis=1, keepdims=True)) @ vectors
            return own * vectors[users].toarray() + (1 - own) * others

        return score

    return fit


def up_cf(recency: int, locality: float) -> Fit:
    """UP-CF@r (Faggioli et al. 2020): popularity of each item within users' last r baskets, over
    users weighed by asymmetric likeness.
    """

    def fit(task: Task) -> Scorer:
        log, (age, n_baskets) = task.log, baskets(task)
        rows = np.flatnonzero(age < recency)
        pair = np.unique(
            (log.user[rows].astype(np.int64) * log.n_items + log.item[rows]) * 4096
            + age[rows] % 4096
        )
        user, item = pair // 4096 // log.n_items, pair // 4096 % log.n_items
        weight = 1 / np.maximum(np.minimum(n_baskets, recency), 1)[user]
        popular = sp.csr_array((weight, (user, item)), shape=(log.n_users, log.n_items))
        had = histories(log).astype(np.float64)
        length = np.maximum(np.asarray(had.sum(axis=1)).ravel(), 1)

        def score(_: Task, users: Longs) -> Floats:
            shared = (had[users] @ had.T).toarray()
            likeness = shared / np.sqrt(length[users][:, None] * length)
            return likeness**locality @ popular

        return score

    return fit


@lru_cache(maxsize=1)
def _followers(kept: Kept) -> sp.csr_array:
    log, parts = kept.value.log, []
    for lag in range(1, WINDOW + 1):
        same = log.user[lag:] == log.user[:-lag]
        # rows run from the most recent on: the later item stands first
        parts.append((log.item[lag:][same], log.item[:-lag][same], np.full(same.sum(), 1 / lag)))
    start, end, weight = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    shape = (log.n_items, log.n_items)
    return sp.coo_array((weight, (start, end)), shape=shape).tocsr()


def followers(half_life: float, damping: float) -> Fit:
    """Directed co-occurrence: what was taken soon after what the user took last, 1 / lag."""

    def fit(task: Task) -> Scorer:
        counts, profile = _followers(Kept(task)), recent(task, half_life)
        support = np.maximum(task.log.n_users_of_item, 1) ** damping
        return lambda _, users: (profile[users] @ counts).toarray() / support

    return fit


def order_peers(task: Task) -> Grid:
    """List the settings of each method to choose from."""
    grid: Grid = {
        "EASE, decayed profile": _settings(
            decayed_ease, product((30.0, 100.0, 300.0, 1000.0), (3.0, 10.0, 30.0))
        ),
        "ALS, decayed profile": _settings(decayed_als, product((32, 64, 128), (3.0, 10.0, 30.0))),
        "V-SKNN": _settings(vsknn, product((50, 100, 500), (1.0, 3.0, 10.0, 30.0))),
        "directed co-occurrence": _settings(followers, product((1.0, 3.0, 10.0), (0.0, 0.25, 0.5))),
        "UP-CF@r": _settings(up_cf, product((1, 5, 25, 4096), (1.0, 5.0, 25.0))),
    }
    if task.ranking.recommend_consumed == "allow":
        grid["TIFU-KNN"] = _settings(
            tifu_knn, product((0.7, 0.9), (0.6, 0.9), (100, 300), (0.5, 0.7, 0.9))
        )
    return grid


def _settings(method: object, choices: Iterable[tuple[float, ...]]) -> list[tuple[str, Fit]]:
    return [(", ".join(f"{value:g}" for value in chosen), method(*chosen)) for chosen in choices]  # type: ignore[operator]
