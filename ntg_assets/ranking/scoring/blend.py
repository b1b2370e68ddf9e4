"""The blend: one transparent linear score from all sources. The only scoring function,
for the night and for a single user.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats, Longs, position_in_group
from ntg_assets.ranking.scoring.candidates import Pairs

Texts = npt.NDArray[np.str_]
NO_RULE = ""  # the score alone gave an item its place


class Lists(NamedTuple):
    """Chosen items of a block, by user and rank (from 1).

    Attributes:
        contributions: What every source adds to each item's score, before boosts.
        given_by: The business rule that gave each item its place, or `NO_RULE`.
    """

    user: Longs
    item: Longs
    rank: Longs
    score: Floats
    contributions: Floats
    given_by: Texts


def blend_scores(features: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of each row's features,
    added up from the first source to the last.
    """
    score = np.zeros(len(features))
    for position, weight in enumerate(weights):
        score += features[:, position] * weight
    return score


def top_lists(pairs: Pairs, features: Floats, weights: Floats, *, k: int, n_users: int) -> Lists:
    """Cut scored pairs to each user's `k` best; equal scores go to the item with more users,
    then to the lower id.
    """
    score = blend_scores(features, weights)
    near = np.flatnonzero(score >= _thresholds(pairs.user, score, k=k, n_users=n_users)[pairs.user])
    order = near[np.lexsort((pairs.item[near], -score[near], pairs.user[near]))]
    rank = position_in_group(pairs.user[order], n_groups=n_users) + 1
    kept = order[rank <= k]
    no_rule = np.full(len(kept), NO_RULE)
    return Lists(
        pairs.user[kept],
        pairs.item[kept],
        rank[rank <= k],
        score[kept],
        features[kept] * weights,
        no_rule,
    )


def _thresholds(user: Longs, score: Floats, *, k: int, n_users: int) -> Floats:
    """Return each user's k-th largest score; what lies below need not be sorted."""
    place = position_in_group(user, n_groups=n_users)
    most = int(place.max(initial=-1)) + 1
    if most <= k:
        return np.full(n_users, -np.inf)
    rows = np.full((n_users, most), -np.inf)
    rows[user, place] = score
    return np.partition(rows, most - k, axis=1)[:, most - k]
