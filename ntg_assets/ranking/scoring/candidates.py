"""Candidates: what each source would show a user, before anything is weighed against anything."""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs, distinct
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.model import RankingModel


class Candidates(NamedTuple):
    """Rows (user, item, source) of one block of users: by user,
    then by source in the model's order, then by rank.

    Attributes:
        user: Code of the user in the block.
        item: Code of the item in the model.
        source: Position of the source in the model.
        score: The source's own score, above 0.
        rank: From 1 within (user, source); equal scores go to the item with more users, then to the
            lower id.
    """

    user: Longs
    item: Longs
    source: Longs
    score: Floats
    rank: Longs


class Pairs(NamedTuple):
    """Distinct (user, item) candidates of a block, by user, then by item code."""

    user: Longs
    item: Longs


class Scored(NamedTuple):
    """Candidates of one block of users with their features: all that the blend needs.

    Attributes:
        candidates: What each source found.
        pairs: The distinct candidates.
        features: Pairs x sources: what each source says of each pair, relative to the best that it
            says of any item for the user (0 to 1).
    """

    candidates: Candidates
    pairs: Pairs
    features: Floats


def by_user(parts: list[Candidates]) -> Candidates:
    """Merge the candidates of several sources, each by user and rank."""
    merged = Candidates._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((merged.rank, merged.source, merged.user))
    return Candidates._make(column[order] for column in merged)


def distinct_pairs(found: Candidates, *, n_items: int) -> Pairs:
    """Return each candidate once, whichever sources found it."""
    key = distinct(found.user * n_items + found.item)
    return Pairs(key // max(n_items, 1), key % max(n_items, 1))


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
