from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ntg_assets.errors import NotEnoughDataError, StorageError
from ntg_assets.ranking.lists.explain import total
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.storage.connection import connect
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(LOG, CUTOFF)


@pytest.fixture(scope="module")
def recommender(world: World, tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Publish the tables to a store and load them back."""
    store = tmp_path_factory.mktemp("published") / "published.duckdb"
    boundaries = pl.DataFrame(
        {"part": ["train"], "start_at": [datetime(2024, 1, 1)], "end_at": [CUTOFF]}
    )
    items = pl.DataFrame({"item_id": [1], "title": ["One"], "categories": [None]})
    tables = {
        **{("live", name): frame for name, frame in world.tables.items()},
        ("ingest", "events"): LOG,
        ("ingest", "items"): items,
    }
    with connect(store) as connection:
        for (schema, name), frame in {**tables, ("live", "split_boundaries"): boundaries}.items():
            connection.register("incoming", frame)
            connection.execute(f'create schema if not exists "{schema}"')
            connection.execute(f'create table "{schema}"."{name}" as select * from incoming')
    return Recommender.load(store, settings=RANKING)


@pytest.mark.slow
def test_a_published_user_gets_the_list_of_the_night_to_the_bit(
    recommender: Recommender, world: World
) -> None:
    nightly = world.tables["recommendations"]
    for user in range(1, 61):
        found, expected = recommender.recommend(user), nightly.filter(pl.col("user_id") == user)
        columns = ["user_id", "rank", "item_id", "score", "strongest_source", "recommendation_id"]
        assert found.select(columns).equals(expected.select(columns))


def test_a_history_given_by_hand_gives_the_list_of_a_user_with_that_history(
    recommender: Recommender,
) -> None:
    history = LOG.filter(pl.col("user_id") == 5)
    by_hand = recommender.recommend(events=history.select("item_id", "event_at"))
    in_order = recommender.recommend(events=history.sort("event_at").select("item_id"))
    stored = recommender.recommend(5)
    assert by_hand.select("rank", "item_id", "score").equals(
        stored.select("rank", "item_id", "score")
    )
    assert in_order["item_id"].to_list() == stored["item_id"].to_list()


def test_an_unknown_user_is_shown_the_default_list(recommender: Recommender, world: World) -> None:
    assert recommender.recommend(999, k=3).equals(world.tables["default_list"].head(3))
    assert recommender.recommend(events=pl.DataFrame({"item_id": [123_456]}), k=3).equals(
        world.tables["default_list"].head(3)
    )


def test_a_shorter_list_is_the_head_of_the_long_one(recommender: Recommender) -> None:
    assert recommender.recommend(7, k=2).equals(recommender.recommend(7, k=5).head(2))


def test_the_parts_of_an_explanation_add_up_to_the_score(recommender: Recommender) -> None:
    for item, score in recommender.recommend(8).select("item_id", "score").iter_rows():
        parts = recommender.explain(item, 8)
        assert total(parts) == score
        for part in parts:
            assert part.contribution == part.weight * part.feature
            assert [seed.strength for seed in part.seeds] == sorted(
                (seed.strength for seed in part.seeds), reverse=True
            )


def test_seeds_are_items_of_the_history(recommender: Recommender) -> None:
    had = set(LOG.filter(pl.col("user_id") == 8)["item_id"])
    first = recommender.recommend(8)["item_id"][0]
    seeds = [seed for part in recommender.explain(first, 8) for seed in part.seeds]
    assert seeds
    assert {seed.item_id for seed in seeds} <= had
    assert np.all([seed.strength == seed.profile_weight * seed.edge_strength for seed in seeds])


def test_what_cannot_be_answered_is_said_in_one_sentence(
    recommender: Recommender, tmp_path: Path
) -> None:
    with pytest.raises(
        NotEnoughDataError, match="neither a user of a published store nor a history"
    ):
        recommender.recommend()
    with pytest.raises(NotEnoughDataError, match="item 777 is not in the catalogue"):
        recommender.explain(777, 8)
    with pytest.raises(StorageError, match="does not exist yet"):
        Recommender.load(tmp_path / "nothing.duckdb", settings=RANKING)
