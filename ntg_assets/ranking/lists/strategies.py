"""Strategies: different ways to make lists from the same candidates,
compared on what users went on to take.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.recommendations import popularity_floor
from ntg_assets.ranking.scoring.blend import Lists, top_lists
from ntg_assets.ranking.scoring.candidates import Scored
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.sources import PLAIN_GRAPH

STRATEGIES = ("popularity", "graph", "blend")


def strategy_weights(model: RankingModel, weights: pl.DataFrame) -> dict[str, Floats]:
    """Return the weights of the strategies that use one source: `popularity` and `graph`."""
    alone = {"popularity": popularity_floor(model, weights), "graph": PLAIN_GRAPH}
    return {
        name: np.array([float(source.name == used) for source in model.sources])
        for name, used in alone.items()
    }


def strategy_rows(
    scored: Scored,
    block: Interactions,
    model: RankingModel,
    weights: Mapping[str, Floats],
    *,
    blend: Lists,
    k: int,
) -> pl.DataFrame:
    """Make the rows of `strategy_lists` of a block of users.

    `blend` is what is recommended, business rules and all. The others are baselines by score alone;
    what the rules exclude is in no list.

    Args:
        scored: The block's candidates with their features.
        block: The users.
        model: Items and sources.
        weights: Weights of each baseline; see `strategy_weights`.
        blend: The users' lists of `k` items.
        k: Length of the lists.
    """
    lists = {
        name: top_lists(scored.pairs, scored.features, used, k=k, n_users=block.n_users)
        for name, used in weights.items()
    }
    return pl.concat(
        _rows(name, made, block, model) for name, made in (lists | {"blend": blend}).items()
    )


def _rows(name: str, lists: Lists, block: Interactions, model: RankingModel) -> pl.DataFrame:
    shown = lists.score > 0  # a strategy has nothing to say of items that only other sources found
    return pl.DataFrame(
        {
            "user_id": block.users.gather(lists.user[shown]),
            "rank": lists.rank[shown],
            "item_id": model.items.gather(lists.item[shown]),
            "score": lists.score[shown],
        }
    ).select(pl.lit(name).alias("strategy"), "user_id", "rank", "item_id", "score")
