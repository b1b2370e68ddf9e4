"""Everything that taste and ranking make of a log, as the assets make it, without Dagster."""

from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.teaching import teach
from ntg_assets.ranking.lists.item_rules import validate_items
from ntg_assets.ranking.lists.recommendations import default_list
from ntg_assets.ranking.lists.scored_users import (
    candidate_rows,
    recommendation_rows,
    strategy_list_rows,
    walk_users,
)
from ntg_assets.ranking.newcomers.cold_start import (
    chosen_half_life,
    evaluate_half_lives,
    floor_half_life,
)
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES, graphs_of

TASTE = TasteSettings(
    min_item_support=1,
    min_shared_users=1,
    shrinkage=2,
    linear_regularisation=1,
    embedding_dimensions=4,
    embedding_min_item_support=1,
    linear_min_item_support=1,
    neighbours_per_item=10,
)
RANKING = RankingSettings(
    top_k=5,
    candidates_per_source=10,
    popularity_half_life_days=[7, 90],
    evaluation_k=[3, 5],
    inner_slices=2,
    inner_label_users=0,
)
NO_TITLES = pl.DataFrame(schema={"item_id": pl.Int64, "title": pl.String})
SAMPLES = 100


class World(NamedTuple):
    """Tables by name, and what they were made with."""

    tables: dict[str, pl.DataFrame]
    examples: Examples
    model: RankingModel
    log: Interactions


def make_world(
    train: pl.DataFrame,
    cutoff_at: datetime,
    *,
    taste: TasteSettings = TASTE,
    ranking: RankingSettings = RANKING,
    strategy: str = "global_time",
    titles: pl.DataFrame = NO_TITLES,
    categories: pl.DataFrame | None = None,
) -> World:
    """Make all tables of taste graphs and ranking from TRAIN."""
    if categories is None:
        categories = pl.DataFrame(
            schema={"item_id": train.schema["item_id"], "category": pl.String, "position": pl.Int64}
        )
    coded = code_interactions(train)
    graphs = graphs_of(coded, taste=taste, seed=1)
    tables = {table: graphs[name] for name, table in GRAPH_TABLES.items()}
    tables["item_popularity"] = item_popularity(
        coded, now=cutoff_at, half_life_days=ranking.popularity_half_life_days
    )
    rng = random_stream(1, "ranking_weights")
    examples, weights, _ = teach(
        train,
        strategy=strategy,
        taste=taste,
        settings=ranking,
        seed=1,
        rng=rng,
        samples=SAMPLES,
    )
    tables["ranking_weights"] = weights
    tables["item_rules"] = validate_items(
        train, categories, rules=ranking.rules, cutoff_at=cutoff_at
    )
    log = code_interactions(train, items=catalogue(tables["item_popularity"]))
    model = model_of(tables, cutoff_at, ranking=ranking, log=log)
    known = titles if len(titles) else titles.cast({"item_id": train.schema["item_id"]})
    rows_of = {
        "candidates": candidate_rows,
        "recommendations": recommendation_rows(model, titles=known, cutoff_at=cutoff_at),
        "strategy_lists": strategy_list_rows(model, weights, k=max(ranking.evaluation_k)),
    }
    blocks = walk_users(log, model, list(rows_of.values()))
    tables |= {
        name: pl.concat(parts)
        for name, parts in zip(rows_of, zip(*blocks, strict=True), strict=True)
    }
    floor, rng = floor_half_life(weights, settings=ranking), random_stream(1, "default_list_report")
    report = evaluate_half_lives(
        code_interactions(train), floor=floor, settings=ranking, seed=1, rng=rng, samples=SAMPLES
    )
    popular = ranking_model(
        popularity=tables["item_popularity"],
        graphs={},
        cutoff_at=cutoff_at,
        settings=ranking,
        item_rules=tables["item_rules"],
    )
    tables["default_list_report"] = report
    tables["default_list"] = default_list(popular, chosen_half_life(report), titles=known)
    return World(tables, examples, model, log)


def model_of(
    tables: dict[str, pl.DataFrame],
    cutoff_at: datetime,
    *,
    ranking: RankingSettings = RANKING,
    log: Interactions | None = None,
) -> RankingModel:
    """Build the model that the lists are made with."""
    return ranking_model(
        popularity=tables["item_popularity"],
        graphs={graph: tables[table] for graph, table in GRAPH_TABLES.items()},
        cutoff_at=cutoff_at,
        settings=ranking,
        weights=tables["ranking_weights"],
        item_rules=tables["item_rules"],
        log=log,
    )


def communities(
    seed: int, *, n_users: int = 60, n_groups: int = 3, items_per_group: int = 12, per_user: int = 8
) -> pl.DataFrame:
    """Make a log in which each user takes items of one group in rising order,
    a few hours apart: taste that can be learned.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        first = (user % n_groups) * items_per_group
        start = int(rng.integers(0, items_per_group - per_user + 1))
        hours = np.sort(rng.choice(24 * 100, per_user, replace=False))
        rows += [
            (user + 1, first + start + place + 1, datetime(2024, 1, 1) + timedelta(hours=int(hour)))
            for place, hour in enumerate(hours)
        ]
    schema = {"user_id": pl.Int64(), "item_id": pl.Int64(), "event_at": pl.Datetime("us")}
    return pl.DataFrame(rows, schema=schema, orient="row")
