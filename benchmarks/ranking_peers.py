"""Published methods of ranking, each with the settings that it chooses from on VAL."""

# a peer is imported by the function that uses it: no peer is needed to compare with the others

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import codes_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.popularity import (
    HALF_LIVES,
    MICROSECONDS_PER_DAY,
    fitting_half_lives,
    microseconds,
)
from ntg_assets.taste.ease_graph import regularised_inverse

SEED = 20_260_101
SCORES_AT_ONCE = 20_000_000  # users x items of a block: 160 MB
MOST_ITEMS_OF_EASE = 8_000  # it inverts a matrix of all items
USUAL_DAYS = (1.0, 7.0, 30.0, 90.0, 365.0, 3650.0)


@dataclass(frozen=True)
class Task:
    """A log cut in two: what may be learned from and what is to be predicted,
    with NTG's configuration for it.
    """

    train: pl.DataFrame
    relevant: pl.DataFrame
    cutoff_at: datetime
    strategy: str
    log: Interactions
    taste: TasteSettings
    ranking: RankingSettings

    @property
    def users(self) -> pl.Series:
        return self.relevant["user_id"].unique().sort()


Scorer = Callable[[Task, np.ndarray], np.ndarray]  # (task, user codes) -> users x items
Fit = Callable[[Task], Scorer]
Grid = dict[str, list[tuple[str, Fit]]]


def peer_lists(task: Task, scorer: Scorer, *, k: int) -> np.ndarray:
    """Cut a peer's scores to lists, without what the user has had unless that is allowed;
    -1 where there is nothing.
    """
    codes = codes_of(task.users, known=task.log.users)
    seen, at_once = histories(task.log), max(SCORES_AT_ONCE // max(task.log.n_items, 1), 1)
    parts = []
    for first in range(0, len(codes), at_once):
        block = codes[first : first + at_once]
        scores = np.array(scorer(task, block), np.float64)
        if task.ranking.recommend_consumed == "never":
            scores[seen[block].nonzero()] = -np.inf
        best = np.argpartition(-scores, min(k, scores.shape[1]) - 1, axis=1)[:, :k]
        rows = np.arange(len(block))[:, None]
        best = best[rows, np.lexsort((best, -scores[rows, best]), axis=1)]
        found = np.where(np.isfinite(scores[rows, best]), best, -1)
        parts.append(np.pad(found, ((0, 0), (0, k - found.shape[1])), constant_values=-1))
    return np.concatenate(parts)


def histories(log: Interactions) -> sp.csr_array:
    """Users x items, binary."""
    pairs = np.flatnonzero(log.is_latest)
    return sp.csr_array(
        (np.ones(len(pairs), np.float32), (log.user[pairs], log.item[pairs])),
        shape=(log.n_users, log.n_items),
    )


def _age_days(task: Task) -> np.ndarray:
    return np.maximum(microseconds(task.cutoff_at) - task.log.at, 0) / MICROSECONDS_PER_DAY


def recent_popularity(half_life_days: float) -> Fit:
    """Popularity that halves after each half-life."""

    def fit(task: Task) -> Scorer:
        score = np.bincount(
            task.log.item, np.exp2(-_age_days(task) / half_life_days), minlength=task.log.n_items
        )
        return lambda _, users: np.tile(score, (len(users), 1))

    return fit


def own_frequency(half_life_days: float) -> Fit:
    """A user's own decayed frequency, ties by popularity."""

    def fit(task: Task) -> Scorer:
        weight = np.exp2(-_age_days(task) / half_life_days)
        own = sp.csr_array(
            (weight, (task.log.user, task.log.item)), shape=(task.log.n_users, task.log.n_items)
        )
        return lambda _, users: own[users].toarray()

    return fit


def cosine(neighbours: int, shrink: float) -> Fit:
    """Similaripy's cosine."""

    def fit(task: Task) -> Scorer:
        import similaripy

        x = sp.csr_matrix(histories(task.log))
        similarity = similaripy.cosine(
            x.T.tocsr(), k=neighbours, shrink=shrink, verbose=False
        ).tocsr()
        return lambda _, users: (x[users] @ similarity).toarray()

    return fit


def rp3beta(neighbours: int, beta: float) -> Fit:
    """Similaripy's RP3beta."""

    def fit(task: Task) -> Scorer:
        import similaripy

        x = sp.csr_matrix(histories(task.log))
        similarity = similaripy.rp3beta(
            x.T.tocsr(), alpha=1.0, beta=beta, k=neighbours, verbose=False
        ).tocsr()
        return lambda _, users: (x[users] @ similarity).toarray()

    return fit


class Kept:
    """A task as the key of what was fitted on it: it is equal to itself alone."""

    def __init__(self, value: Task) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and other.value is self.value


def als(factors: int, regularisation: float, alpha: float) -> Fit:
    """Implicit's alternating least squares."""

    def fit(task: Task) -> Scorer:
        model = fitted_als(Kept(task), factors, regularisation, alpha)
        return lambda _, users: model.user_factors[users] @ model.item_factors.T

    return fit


@lru_cache(maxsize=2)
def fitted_als(kept: Kept, factors: int, regularisation: float, alpha: float) -> Any:
    """Fit the factors of users and items; several methods score by them."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=factors,
        regularization=regularisation,
        alpha=alpha,
        iterations=15,
        random_state=SEED,
        num_threads=2,
        use_gpu=False,
    )
    model.fit(sp.csr_matrix(histories(kept.value.log)), show_progress=False)
    return model


def pure_svd(factors: int) -> Fit:
    """Truncated SVD of the binary matrix."""

    def fit(task: Task) -> Scorer:
        from sklearn.utils.extmath import randomized_svd

        x = histories(task.log)
        _, _, vectors = randomized_svd(
            sp.csr_matrix(x), n_components=max(min(factors, min(x.shape) - 1), 1), random_state=SEED
        )
        return lambda _, users: (x[users] @ vectors.T) @ vectors

    return fit


def ease(regularisation: float) -> Fit:
    """EASE over the whole catalogue, or the best supported part of it."""

    def fit(task: Task) -> Scorer:
        weights = ease_weights(Kept(task), regularisation)
        x = histories(task.log)[:, : len(weights)]
        return lambda _, users: padded(x[users] @ weights, task.log.n_items)

    return fit


@lru_cache(maxsize=1)
def ease_weights(kept: Kept, regularisation: float) -> np.ndarray:
    """Learn EASE's weights between the best supported items."""
    x = histories(kept.value.log)[:, :MOST_ITEMS_OF_EASE]
    inverse = regularised_inverse(x.astype(np.float64), regularisation)
    weights = (inverse / -np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def padded(scores: np.ndarray, n_items: int) -> np.ndarray:
    """Put the items that a method leaves out behind all others."""
    missing = n_items - scores.shape[1]
    return np.pad(scores, ((0, 0), (0, missing)), constant_values=-np.inf)


def peers(task: Task) -> Grid:
    """List each peer's settings to choose from."""
    days = sorted({*USUAL_DAYS, *fitting_half_lives(task.log.at)})
    grid: Grid = {
        "recent popularity": [(f"{d:g} d", recent_popularity(d)) for d in days],
        "similaripy cosine": [
            (f"{k}, {s:g}", cosine(k, s)) for k, s in product((50, 200), (0.0, 10.0, 50.0))
        ],
        "similaripy RP3beta": [
            (f"{k}, {b:g}", rp3beta(k, b)) for k, b in product((50, 200), (0.2, 0.4, 0.6))
        ],
        "implicit ALS": [
            (f"{f}, {r:g}, {a:g}", als(f, r, a))
            for f, r, a in product((16, 32, 64, 128), (0.1, 10.0), (1.0, 10.0))
        ],
        "EASE": [(f"{r:g}", ease(r)) for r in (30.0, 100.0, 300.0, 1000.0)],
        "PureSVD": [(f"{f}", pure_svd(f)) for f in (8, 16, 32, 64)],
    }
    if task.ranking.recommend_consumed == "allow":
        own = sorted(
            {
                30.0,
                60.0,
                90.0,
                180.0,
                365.0,
                *(d for d in fitting_half_lives(task.log.at) if d < HALF_LIVES[-1]),
            }
        )
        grid["own decayed frequency"] = [(f"{d:g} d", own_frequency(d)) for d in own]
    return grid
