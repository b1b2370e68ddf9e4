"""Profiles: what of a user's past counts, and how much."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntg_assets.arrays import Flags, Floats, Longs, position_in_group, starts_of
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import decay
from ntg_assets.ranking.scoring.repeat_consumption import (
    return_parts,
    rows_of_users,
)
from ntg_assets.ranking.scoring.return_form import return_probability
from ntg_assets.ranking.scoring.sources import NEIGHBOURS, RETURNS, TRANSITION, Source
from ntg_assets.ranking.scoring.user_neighbours import PROFILE_ITEMS, nearest_users
from ntg_assets.taste.item_embeddings import strengths

# an item that counts less than this against the most recent one is not worth spreading over a graph
LEAST_WEIGHT = 1e-6


def source_profile(block: Interactions, model: RankingModel, source: Source) -> sp.csr_array:
    """Return what a source spreads over its graph: users x items
    (`latent`: users x dimensions), added up in the order of the entries.
    """
    if source.kind == NEIGHBOURS and model.neighbours is not None:
        known = model.neighbours
        return _once(
            block,
            (NEIGHBOURS, source.half_life),
            known,
            lambda: nearest_users(history_profile(block, model, source), block.users, known),
        )
    if source.kind == "latent":
        is_next = source.graph == TRANSITION
        places = model.transitions.taken if is_next else model.embeddings
        return _once(
            block,
            ("dimensions", is_next),
            places,
            lambda: _in_dimensions(history_profile(block, model, source), places),
        )
    return history_profile(block, model, source)


def _once(
    block: Interactions, key: object, by: object, make: Callable[[], sp.csr_array]
) -> sp.csr_array:
    """Return what was made of a block before, or make it: sources share profiles, and reasons ask
    for those of the scores.

    Args:
        block: The users.
        key: What is made.
        by: What else it depends on.
        make: Makes it.
    """
    made = block.memo.get(key)
    if isinstance(made, tuple) and made[0] is by:
        return made[1]
    profile = make()
    block.memo[key] = (by, profile)
    return profile


def _in_dimensions(profile: sp.csr_array, embeddings: Floats) -> sp.csr_array:
    """Place users among the dimensions of the items that they have had;
    every entry is kept, zeros too.
    """
    n_users, n_dimensions = profile.shape[0], embeddings.shape[1]
    place: Floats = profile[:, : len(embeddings)] @ embeddings
    dimension, start = (
        np.tile(np.arange(n_dimensions), n_users),
        np.arange(n_users + 1) * n_dimensions,
    )
    return sp.csr_array(
        (place.ravel().astype(np.float32), dimension, start), shape=(n_users, n_dimensions)
    )


def history_profile(block: Interactions, model: RankingModel, source: Source) -> sp.csr_array:
    """Return what a source weighs of each user's past: users x items.

    What the user disliked weighs nothing. A user's own consumption fades with its age and counts by
    the root of the share of users who come back to the item: measured, a little better than either
    alone.
    """
    block = block.liked
    if source.name == RETURNS:
        return _return_profile(block, model)
    if source.kind == "consumed":
        # a score is compared with the user's others alone: counted so, none fades to nothing
        latest = block.at[block.start[block.user]]
        strength = (
            decay(block.at, now=latest, half_life_days=source.half_life or np.inf)
            * np.sqrt(model.return_share)[block.item]
        )
        strength = strength.astype(np.float32)
        if model.rules is None:
            return sp.csr_array(
                (strength, block.item, block.start), shape=(block.n_users, block.n_items)
            )
        shown = ~model.rules.excluded[block.item]
        start = starts_of(block.user[shown], n_groups=block.n_users)
        return sp.csr_array(
            (strength[shown], block.item[shown], start), shape=(block.n_users, block.n_items)
        )
    if source.kind == "latent" and source.half_life is None:
        return _once(block, "strengths", None, lambda: strengths(block))
    n_items = model.settings.profile_items
    if source.kind == NEIGHBOURS:
        n_items = min(n_items, PROFILE_ITEMS)
    half_life = source.half_life or np.inf
    return _once(
        block,
        ("recent", half_life, n_items),
        None,
        lambda: recent_profile(block, half_life=half_life, n_items=n_items),
    )


def _return_profile(block: Interactions, model: RankingModel) -> sp.csr_array:
    found = return_parts(block, model)
    probability = return_probability(found.parts, model.returns)
    if model.rules is not None:
        probability[model.rules.excluded[found.item]] = 0.0
    return sp.csr_array(
        (probability.astype(np.float32), found.item, rows_of_users(found, n_users=block.n_users)),
        shape=(block.n_users, block.n_items),
    )


def recent_profile(block: Interactions, *, half_life: float, n_items: int) -> sp.csr_array:
    """Weigh each user's most recent items by 0.5 ** (place / half-life);
    items of one instant share their mean place.

    Returns:
        Users x items in single precision, each user's entries from the most recent to the oldest.
    """
    rows, place = recent_places(block, n_items=n_items)
    weight = np.exp2(-np.arange(2 * n_items + 1) / 2 / half_life).astype(np.float32)[
        np.rint(2 * place).astype(np.int64)
    ]
    rows, weight = rows[weight >= LEAST_WEIGHT], weight[weight >= LEAST_WEIGHT]
    starts = starts_of(block.user[rows], n_groups=block.n_users)
    return sp.csr_array((weight, block.item[rows], starts), shape=(block.n_users, block.n_items))


def recent_places(block: Interactions, *, n_items: int) -> tuple[Longs, Floats]:
    """Return the rows of each user's most recent distinct items and their places from 0
    (a mean place within one instant).
    """
    pairs = np.flatnonzero(block.is_latest)
    place = position_in_group(block.user[pairs], n_groups=block.n_users)
    pairs, place = pairs[place < n_items], place[place < n_items]
    if not len(pairs):
        return pairs, np.empty(0)
    instant = np.cumsum(_changes(block.user[pairs], block.at[pairs])) - 1
    return pairs, (np.bincount(instant, place) / np.bincount(instant))[instant]


def _changes(user: npt.NDArray[np.int32], at: Longs) -> Flags:
    return np.concatenate(([True], (user[1:] != user[:-1]) | (at[1:] != at[:-1])))
