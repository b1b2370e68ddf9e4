"""Candidates: what each source would show a user, before anything is weighed against anything."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.ranking.model import RankingModel
from ntg_assets.ranking.popularity import decay
from ntg_assets.ranking.sources import Source
from ntg_assets.taste.interactions import Flags, Floats, Interactions, Longs, position_in_group
from ntg_assets.taste.neighbours import rows_at_once
from ntg_assets.taste.top_k import top_k_rows


class Candidates(NamedTuple):
    """Rows (user, item, source) of one block of users: by user, then by source in the model's order, then by rank.

    Attributes:
        user: Code of the user in the block.
        item: Code of the item in the model.
        source: Position of the source in the model.
        score: The source's own score, above 0.
        rank: From 1 within (user, source).
    """

    user: Longs
    item: Longs
    source: Longs
    score: Floats
    rank: Longs


def user_blocks(log: Interactions) -> Iterator[Interactions]:
    """Cut a log into blocks of users whose dense scores stay small."""
    at_once = rows_at_once(log.n_items)
    for first in range(0, log.n_users, at_once):
        yield log.block(first, first + at_once)


def find_candidates(scores: Sequence[Floats], *, per_source: int) -> Candidates:
    """Find the best items of each source for each user of a block.

    Args:
        scores: What each source says of every item, from `source_scores`, in the model's order.
        per_source: Most items of one source for one user.

    Returns:
        Items with a score above 0; equal scores go to the item with more users, then to the lower id.
    """
    parts = []
    for position, of_source in enumerate(scores):
        top = top_k_rows(of_source, per_source)
        parts.append(Candidates(top.row, top.column, np.full(len(top.row), position), top.value, top.rank + 1))
    merged = Candidates(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((merged.rank, merged.source, merged.user))
    return Candidates(*(column[order] for column in merged))


def source_scores(block: Interactions, model: RankingModel) -> list[Floats]:
    """Score every item for every user of a block by each source (users x items); 0: nothing to say, or not to be shown.

    Args:
        block: Users with all their rows; coded with the items of the model.
        model: Graphs, popularity, settings.
    """
    return [_scores_of(block, model, source) for source in model.sources]


def _scores_of(block: Interactions, model: RankingModel, source: Source) -> Floats:
    if source.kind == "popularity":
        scores = np.tile(model.popularity[source.name], (block.n_users, 1))
    elif source.kind == "consumed":
        strength = decay(block.at, now=model.now, half_life_days=source.half_life)
        scores = _matrix(block.user, block.item, strength, block)
    elif source.graph in model.graphs:
        scores = (profile(block, half_life=source.half_life, n_items=model.settings.profile_items) @ model.graphs[source.graph]).toarray()
    else:
        scores = np.zeros((block.n_users, block.n_items))
    if model.settings.recommend_consumed == "never":
        scores[block.user, block.item] = 0.0
    return scores


def profile(block: Interactions, *, half_life: float, n_items: int) -> sp.csr_array:
    """Weigh each user's most recent items by 0.5 ** (place / half-life); items of one instant share their mean place.

    Returns:
        Users x items, each user's entries from the most recent to the oldest: scores are added up in that order.
    """
    rows, place = recent_places(block, n_items=n_items)
    weight = np.exp2(-np.arange(2 * n_items + 1) / 2 / half_life)[np.rint(2 * place).astype(np.int64)]
    starts = np.concatenate(([0], np.cumsum(np.bincount(block.user[rows], minlength=block.n_users))))
    return sp.csr_array((weight, block.item[rows], starts), shape=(block.n_users, block.n_items))


def recent_places(block: Interactions, *, n_items: int) -> tuple[Longs, Floats]:
    """Return the rows of each user's most recent distinct items and their places from 0 (a mean place within one instant)."""
    pairs = np.flatnonzero(block.is_latest)
    user, at = block.user[pairs], block.at[pairs]
    place = position_in_group(user, n_groups=block.n_users)
    kept = place < n_items
    pairs, user, at, place = pairs[kept], user[kept], at[kept], place[kept]
    instant = np.cumsum(_changes(user, at)) - 1
    mean = np.bincount(instant, place, minlength=1) / np.maximum(np.bincount(instant, minlength=1), 1)
    return pairs, mean[instant] if len(pairs) else np.empty(0)


def _changes(user: np.ndarray, at: np.ndarray) -> Flags:  # type: ignore[type-arg]
    if not len(user):
        return np.empty(0, np.bool_)
    return np.concatenate(([True], (user[1:] != user[:-1]) | (at[1:] != at[:-1])))


def _matrix(user: np.ndarray, item: np.ndarray, value: Floats, block: Interactions) -> Floats:  # type: ignore[type-arg]
    flat = user.astype(np.int64) * block.n_items + item
    return np.bincount(flat, value, minlength=block.n_users * block.n_items).reshape(block.n_users, block.n_items)


def candidate_table(found: Candidates, block: Interactions, model: RankingModel) -> pl.DataFrame:
    """Write candidates with the ids of the source data."""
    names = pl.Series([source.name for source in model.sources], dtype=pl.String)
    return pl.DataFrame(
        {
            "user_id": block.users.gather(found.user),
            "item_id": block.items.gather(found.item),
            "source": names.gather(found.source),
            "score": found.score,
            "rank": found.rank,
        }
    )
