"""Why an item is on a list: its largest contribution, in words."""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.blend import Lists
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import half_life_in_words
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets.ranking.scoring.sources import LATENT, RISING, Source

RULE_WORDS = {
    "boosts": " (boosted)",
    "freshness": " (in a place held for new items)",
    "diversity": " (chosen for variety)",
}
# no source with a weight says anything of the item
NOTHING_KNOWN = "Nothing known speaks for or against it yet"
WORDS = {
    "taste": "Goes with {seed}",
    "sequence": "Often taken up after {seed}",
    "linear": "Predicted by {seed}",
    "latent": "Close in taste to {seed}",
    "rising": "Close in taste to {seed}, and taken up by many of late",
}


class Reasons(NamedTuple):
    """Text of each row's reason and the source behind it."""

    text: pl.Series
    source: pl.Series


class Seeds(NamedTuple):
    """The history item that carries most of each row's graph score
    (-1: none), and its part of that score.
    """

    item: Longs
    strength: Floats


def give_reasons(
    lists: Lists, block: Interactions, model: RankingModel, *, titles: pl.Series
) -> Reasons:
    """Put the largest contribution of each list row into words,
    and the rule that gave the row its place.

    Args:
        lists: Rows with contributions per source.
        block: The users' histories.
        model: Sources and graphs.
        titles: Title of each item of the model.
    """
    strongest = (
        lists.contributions.argmax(axis=1) if lists.contributions.size else np.empty(0, np.int64)
    )
    text = np.empty(len(lists.user), object)
    for position, source in enumerate(model.sources):
        rows = np.flatnonzero(strongest == position)
        if len(rows):
            text[rows] = _words(source, lists.user[rows], lists.item[rows], block, model, titles)
    text[lists.contributions.max(axis=1, initial=0.0) <= 0] = NOTHING_KNOWN
    names = pl.Series([source.name for source in model.sources], dtype=pl.String)
    told = [
        reason + RULE_WORDS.get(rule, "") for reason, rule in zip(text, lists.given_by, strict=True)
    ]
    return Reasons(pl.Series(told, dtype=pl.String), names.gather(strongest))


def strongest_seeds(
    user: Longs, item: Longs, source: Source, block: Interactions, model: RankingModel
) -> Seeds:
    """Find the history item that carries most of what a graph source says of each (user, item)."""
    weights = history_profile(block, model, source)
    sizes = np.diff(weights.indptr)[user]
    row = np.repeat(np.arange(len(user)), sizes)
    entry = (
        np.arange(sizes.sum())
        - np.repeat(np.cumsum(sizes) - sizes, sizes)
        + weights.indptr[user][row]
    )
    part = weights.data[entry] * edge_strengths(
        model, source.graph, weights.indices[entry], item[row]
    )
    best, known = _first_best(part, sizes[sizes > 0]), np.flatnonzero(sizes)
    seeds = Seeds(np.full(len(user), -1), np.zeros(len(user), part.dtype))
    seeds.item[known], seeds.strength[known] = (
        np.where(part[best] > 0, weights.indices[entry[best]], -1),
        part[best],
    )
    return seeds


def _first_best(part: Floats, sizes: Longs) -> Longs:
    """Return the place of the largest part of each group, the first of equal ones."""
    if not len(sizes):
        return sizes
    group = np.repeat(np.arange(len(sizes)), sizes)
    best = np.flatnonzero(part == np.maximum.reduceat(part, np.cumsum(sizes) - sizes)[group])
    return best[np.flatnonzero(np.diff(group[best], prepend=-1))]


def edge_strengths(model: RankingModel, graph: str, start: Longs, end: Longs) -> Floats:
    """Look up the strength of edges; 0 where there is none. Between embedded items it is the
    product of their embeddings.
    """
    if graph in (LATENT, RISING):
        factor = model.rising[end] if graph == RISING else 1.0
        return _products(model.embeddings, start, end) * factor
    keys, strengths = model.edges_by_end[graph]
    if not len(keys):
        return np.zeros(len(start))
    wanted = end.astype(np.int64) * model.n_items + start
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, strengths[place], 0.0)


def _products(embeddings: Floats, start: Longs, end: Longs) -> Floats:
    known = (start < len(embeddings)) & (end < len(embeddings))
    strength = np.zeros(len(start))
    strength[known] = np.einsum("ed,ed->e", embeddings[start[known]], embeddings[end[known]])
    return strength


def _words(
    source: Source,
    user: Longs,
    item: Longs,
    block: Interactions,
    model: RankingModel,
    titles: pl.Series,
) -> list[str]:
    if source.kind == "popularity":
        return [f"Popular of late (half-life {half_life_in_words(source.half_life or 0)})"] * len(
            user
        )
    if source.kind == "consumed":
        return ["Had before, and often comes back"] * len(user)
    seeds = strongest_seeds(user, item, source, block, model)
    return [WORDS[source.graph].format(seed=title) for title in titles.gather(seeds.item)]
