"""Strategies: different ways to make lists from the same candidates, compared on what users went on to take."""

import numpy as np
import polars as pl

from ntg_assets.ranking.candidates import user_blocks
from ntg_assets.ranking.model import RankingModel
from ntg_assets.ranking.recommendations import popularity_floor, rank_users
from ntg_assets.taste.interactions import Floats, Interactions

STRATEGIES = ("popularity", "graph", "blend")
GRAPH_SOURCE = "taste_recent"  # the plain graph strategy: the taste graph with the decayed profile


def strategy_weights(model: RankingModel, weights: pl.DataFrame) -> dict[str, Floats]:
    """Return the weights of each strategy: `popularity` and `graph` use one source, `blend` the published weights."""
    alone = {"popularity": popularity_floor(model, weights), "graph": GRAPH_SOURCE}
    single = {name: np.array([float(source.name == used) for source in model.sources]) for name, used in alone.items()}
    return {**single, "blend": model.weight_vector}


def list_strategies(log: Interactions, model: RankingModel, weights: pl.DataFrame, *, k: int) -> pl.DataFrame:
    """Make `strategy_lists`: what each strategy would show each user of TRAIN.

    Args:
        log: TRAIN, coded with the items of the model.
        model: Sources, weights, settings.
        weights: `ranking_weights`.
        k: Length of the lists.
    """
    parts = [_rows(name, block, model, used, k) for block in user_blocks(log) for name, used in strategy_weights(model, weights).items()]
    return pl.concat(parts) if parts else _rows("blend", log, model, model.weight_vector, k)


def _rows(name: str, block: Interactions, model: RankingModel, weights: Floats, k: int) -> pl.DataFrame:
    lists = rank_users(block, model, k=k, weights=weights).lists
    shown = lists.score > 0  # a strategy has nothing to say of items that only other sources found
    return pl.DataFrame(
        {
            "user_id": block.users.gather(lists.user[shown]),
            "rank": lists.rank[shown],
            "item_id": model.items.gather(lists.item[shown]),
            "score": lists.score[shown],
        }
    ).select(pl.lit(name).alias("strategy"), "user_id", "rank", "item_id", "score")
