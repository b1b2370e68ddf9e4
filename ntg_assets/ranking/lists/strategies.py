"""Strategies: different ways to make lists from the same candidates,
compared on what users went on to take.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.recommendations import popularity_floor
from ntg_assets.ranking.lists.reranking import make_lists
from ntg_assets.ranking.scoring.blend import Lists, top_lists
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.scores import Tell, is_large, scorer, user_blocks
from ntg_assets.ranking.scoring.sources import PLAIN_GRAPH

STRATEGIES = ("popularity", "graph", "blend")


def strategy_weights(model: RankingModel, weights: pl.DataFrame) -> dict[str, Floats]:
    """Return the weights of the strategies that use one source: `popularity` and `graph`."""
    alone = {"popularity": popularity_floor(model, weights), "graph": PLAIN_GRAPH}
    return {
        name: np.array([float(source.name == used) for source in model.sources])
        for name, used in alone.items()
    }


def list_strategies(
    log: Interactions,
    model: RankingModel,
    weights: pl.DataFrame,
    *,
    k: int,
    tell: Tell | None = None,
) -> Iterator[pl.DataFrame]:
    """Make `strategy_lists`, one block of users after the other: what each strategy would show each
    user of TRAIN.

    `blend` is what is recommended, business rules and all. The others are baselines by score alone;
    what the rules exclude is in no list.

    Args:
        log: TRAIN, coded with the items of the model.
        model: Sources, weights, settings.
        weights: `ranking_weights`.
        k: Length of the lists.
        tell: Is told how many of how many users are done.
    """
    compiled, chosen = is_large(log), strategy_weights(model, weights)
    score = scorer(model, compiled=compiled)
    for block in user_blocks(log, compiled=compiled, tell=tell):
        scored = score(block)
        for name, used in chosen.items():
            lists = top_lists(scored.pairs, scored.features, used, k=k, n_users=block.n_users)
            yield _rows(name, lists, block, model)
        blend = make_lists(scored.pairs, scored.features, model, k=k, n_users=block.n_users)
        yield _rows("blend", blend, block, model)


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
