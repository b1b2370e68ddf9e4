"""Why an item has its score for a user: parts that add up,
and the history items and edges behind each part.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import codes_of
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.evidence import source_strengths
from ntg_assets.ranking.scoring.blend import blend_scores
from ntg_assets.ranking.scoring.candidates import Pairs
from ntg_assets.ranking.scoring.dense_scores import DenseScores
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets.ranking.scoring.sources import NEIGHBOURS, Source

SEEDS_SHOWN = 3
FIRST = np.zeros(1, np.int64)  # the only user


class Seed(NamedTuple):
    """A history item behind a part of a score: its weight in the profile,
    the strength of its edge to the item, their product.
    """

    item_id: int | str
    title: str
    profile_weight: float
    edge_strength: float
    strength: float


class Contribution(NamedTuple):
    """What one source adds to a score: weight * feature;
    for graphs with the history items that carry most of it.
    """

    source: str
    weight: float
    feature: float
    contribution: float
    seeds: list[Seed]


def explain_item(
    block: Interactions, model: RankingModel, item_id: int | str, *, titles: pl.Series
) -> list[Contribution]:
    """Take the score of an item for a single user apart.

    Args:
        block: One user's history, coded with the items of the model.
        model: Sources and weights.
        item_id: The item.
        titles: Title of each item of the model.

    Returns:
        One part per source in the model's order; their contributions, added up in this order, are
        the score, to the bit.

    Raises:
        NotEnoughDataError: the item or the history is unknown.
    """
    code = codes_of(pl.Series([item_id]).cast(model.items.dtype), known=model.items)
    if code[0] < 0 or block.n_users != 1:
        what = (
            f"item {item_id!r} is not in the catalogue of TRAIN"
            if code[0] < 0
            else "the user has no known item"
        )
        raise NotEnoughDataError(
            f"explain: {what}. Ask for an item and a user that the tables know."
        )
    pair = Pairs(np.zeros(1, np.int64), code)
    features = DenseScores(block, model).features(pair)[0]
    return [
        Contribution(
            source.name,
            float(weight),
            float(feature),
            float(feature * weight),
            _seeds(source, block, model, int(code[0]), titles),
        )
        for source, weight, feature in zip(
            model.sources, model.weight_vector, features, strict=True
        )
    ]


def total(parts: list[Contribution]) -> float:
    """Add the parts up as the blend does."""
    features, weights = (
        np.array([getattr(part, name) for part in parts]) for name in ("feature", "weight")
    )
    return float(blend_scores(features[None, :], weights)[0])


def _seeds(
    source: Source, block: Interactions, model: RankingModel, code: int, titles: pl.Series
) -> list[Seed]:
    if source.kind not in ("graph", "latent", NEIGHBOURS):
        return []
    profile = history_profile(block, model, source)
    had, weight = profile.indices.astype(np.int64), profile.data.astype(np.float64)
    edge = source_strengths(
        source, block, model, (FIRST, np.array([code])), (np.zeros(len(had), np.int64), had)
    )
    best = np.lexsort((np.arange(len(had)), -weight * edge))[:SEEDS_SHOWN]
    return [
        Seed(
            model.items[int(had[b])],
            titles[int(had[b])],
            float(weight[b]),
            float(edge[b]),
            float(weight[b] * edge[b]),
        )
        for b in best
        if edge[b] > 0
    ]
