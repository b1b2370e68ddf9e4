"""NTG's own lists in the ranking benchmark: everything from TRAIN,
by the functions that the assets call.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from benchmarks.ranking_peers import Task
from ntg_assets.arrays import codes_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.dislikes import mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.teaching import teach
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.ranking.scoring.scores import is_large, user_blocks
from ntg_assets.ranking.scoring.sources import graphs_of


class Learned(NamedTuple):
    """What NTG knows of a task.

    Attributes:
        examples: What taught the weights.
        weights: `ranking_weights`.
        settings: Those of the task, with the half-lives that the blend has.
        tables: Popularity and graphs, by name.
        users: Histories of the evaluated users, coded with the items of TRAIN.
    """

    examples: Examples
    weights: pl.DataFrame
    settings: RankingSettings
    tables: dict[str, pl.DataFrame]
    users: Interactions


def learn(task: Task, *, seed: int, samples: int) -> Learned:
    """Learn weights inside TRAIN and build every source from it."""
    settings, log = task.ranking, task.log
    taught = teach(
        task.train,
        strategy=task.strategy,
        taste=task.taste,
        settings=settings,
        seed=seed,
        rng=random_stream(seed, "ranking_weights"),
        samples=samples,
    )
    tables = {
        **graphs_of(log, taste=task.taste, seed=seed),
        "popularity": item_popularity(
            log, now=task.cutoff_at, half_life_days=settings.popularity_half_life_days
        ),
    }
    asked = mark_dislikes(
        task.train.filter(pl.col("user_id").is_in(task.users.implode())), settings.dislikes
    )
    return Learned(*taught, tables, code_interactions(asked, items=log.items))


def model_of(task: Task, learned: Learned, *, weights: pl.DataFrame | None) -> RankingModel:
    """Build the model of a task."""
    graphs = {name: table for name, table in learned.tables.items() if name != "popularity"}
    return ranking_model(
        popularity=learned.tables["popularity"],
        graphs=graphs,
        cutoff_at=task.cutoff_at,
        settings=learned.settings,
        weights=weights,
        log=task.log,
    )


def ntg_lists(task: Task, learned: Learned, *, k: int) -> np.ndarray:
    """Return the blend's lists: evaluated users x places of item codes,
    -1 where there is nothing.
    """
    model, log = model_of(task, learned, weights=learned.weights), learned.users
    lists = np.full((log.n_users, k), -1, np.int64)
    first = 0
    for block in user_blocks(log, compiled=is_large(log)):
        found = rank_users(block, model, k=k, compiled=is_large(log))
        lists[found.user + first, found.rank - 1] = found.item
        first += block.n_users
    return lists[codes_of(task.users, known=log.users)]
