"""The blend: one transparent linear score from all sources. The only scoring function, for the night and for a single user."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ntg_assets.ranking.candidates import Candidates
from ntg_assets.taste.interactions import Floats, Longs, position_in_group


class Pairs(NamedTuple):
    """Distinct (user, item) candidates of a block, by user, then by item code."""

    user: Longs
    item: Longs


class Lists(NamedTuple):
    """Chosen items of a block, by user and rank (from 1), each with what every source contributed to its score."""

    user: Longs
    item: Longs
    rank: Longs
    score: Floats
    contributions: Floats


def distinct_pairs(found: Candidates, *, n_items: int) -> Pairs:
    """Return each candidate once, whichever sources found it."""
    key = np.unique(found.user * n_items + found.item)
    return Pairs(key // n_items, key % n_items)


def pair_features(pairs: Pairs, scores: Sequence[Floats]) -> Floats:
    """Look up what each source says of each pair, relative to the best that it says of any item for this user (0 to 1).

    Args:
        pairs: Candidates of a block.
        scores: What each source says of every item, from `source_scores`.

    Returns:
        One row per pair, one column per source.
    """
    features = np.empty((len(pairs.user), len(scores)))
    for position, of_source in enumerate(scores):
        best = of_source.max(axis=1, initial=0.0)
        best[best == 0] = 1.0
        features[:, position] = of_source[pairs.user, pairs.item] / best[pairs.user]
    return features


def blend_scores(features: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of each row's features, added up from the first source to the last."""
    score = np.zeros(len(features))
    for position, weight in enumerate(weights):
        score += features[:, position] * weight
    return score


def top_lists(pairs: Pairs, features: Floats, weights: Floats, *, k: int, n_users: int) -> Lists:
    """Cut scored pairs to each user's `k` best; equal scores go to the item with more users, then to the lower id."""
    score = blend_scores(features, weights)
    order = np.lexsort((pairs.item, -score, pairs.user))
    rank = position_in_group(pairs.user[order], n_groups=n_users) + 1
    kept = order[rank <= k]
    return Lists(pairs.user[kept], pairs.item[kept], rank[rank <= k], score[kept], features[kept] * weights)
