"""What of a user's past stands behind a score: history items and the edges from them."""

from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats, Longs
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.profiles import history_profile, source_profile
from ntg_assets.ranking.scoring.sources import LATENT, NEIGHBOURS, RISING, TRANSITION, Source
from ntg_assets.ranking.scoring.user_neighbours import shared_with

# pairs of embeddings side by side: 4 MB at 32 dimensions; all of a block at once took hundreds
PRODUCTS_AT_ONCE = 8_192


class Seeds(NamedTuple):
    """The history items that carry most of each row's graph score (-1: none), and their parts of
    that score: the largest, then the second.
    """

    item: Longs
    strength: Floats
    second_item: Longs
    second_strength: Floats


def strongest_seeds(
    user: Longs, item: Longs, source: Source, block: Interactions, model: RankingModel
) -> Seeds:
    """Find the two history items that carry most of what a graph source says of each
    (user, item).
    """
    weights = history_profile(block, model, source)
    sizes = np.diff(weights.indptr)[user]
    row = np.repeat(np.arange(len(user)), sizes)
    entry = (
        np.arange(sizes.sum())
        - np.repeat(np.cumsum(sizes) - sizes, sizes)
        + weights.indptr[user][row]
    )
    had = weights.indices[entry].astype(np.int64)
    part = weights.data[entry] * source_strengths(source, block, model, (user, item), (row, had))
    known = np.flatnonzero(sizes)
    found = []
    for _ in range(2):
        best = _first_best(part, sizes[sizes > 0])
        items, strength = np.full(len(user), -1), np.zeros(len(user), part.dtype)
        items[known] = np.where(part[best] > 0, weights.indices[entry[best]], -1)
        strength[known] = np.maximum(part[best], 0)
        found += [items, strength]
        part[best] = -np.inf
    return Seeds(*found)


def _first_best(part: Floats, sizes: Longs) -> Longs:
    """Return the place of the largest part of each group, the first of equal ones."""
    if not len(sizes):
        return sizes
    group = np.repeat(np.arange(len(sizes)), sizes)
    best = np.flatnonzero(part == np.maximum.reduceat(part, np.cumsum(sizes) - sizes)[group])
    return best[np.flatnonzero(np.diff(group[best], prepend=-1))]


def source_strengths(
    source: Source,
    block: Interactions,
    model: RankingModel,
    pairs: tuple[Longs, Longs],
    of: tuple[Longs, Longs],
) -> Floats:
    """Look up what having an item adds to what a source says of another, per weight in the profile.

    Args:
        source: One that spreads a profile.
        block: The users.
        model: Graphs, embeddings, neighbours.
        pairs: User and item of each pair.
        of: Number of the pair (ascending) and history item of each entry.
    """
    if source.kind == NEIGHBOURS and model.neighbours is not None:
        return shared_with(source_profile(block, model, source), model.neighbours, pairs, of)
    (_, item), (pair, had) = pairs, of
    return edge_strengths(model, source.graph, had, item[pair])


def edge_strengths(model: RankingModel, graph: str, start: Longs, end: Longs) -> Floats:
    """Look up the strength of edges; 0 where there is none. Between embedded items it is the
    product of their embeddings; what is taken next has sides of its own.
    """
    if graph in (LATENT, RISING):
        factor = model.rising[end] if graph == RISING else 1.0
        return _products(model.embeddings, model.embeddings, start, end) * factor
    if graph == TRANSITION:
        return _products(*model.transitions, start, end)
    keys, strengths = model.edges_by_end[graph]
    if not len(keys):
        return np.zeros(len(start))
    wanted = end.astype(np.int64) * model.n_items + start
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, strengths[place], 0.0)


def _products(starts: Floats, ends: Floats, start: Longs, end: Longs) -> Floats:
    known = np.flatnonzero((start < len(starts)) & (end < len(ends)))
    strength = np.zeros(len(start))
    for first in range(0, len(known), PRODUCTS_AT_ONCE):
        rows = known[first : first + PRODUCTS_AT_ONCE]
        strength[rows] = np.einsum("ed,ed->e", starts[start[rows]], ends[end[rows]])
    return strength
