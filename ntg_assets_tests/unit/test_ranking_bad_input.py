"""Logs and settings at their limits give the right lists or one clear sentence, by both engines."""

import subprocess
import sys
import textwrap
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.errors import ConfigurationError
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.local_days import with_event_on
from ntg_assets.ranking import contracts
from ntg_assets.ranking.lists import contracts as list_contracts
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets.taste.contracts import TasteGraph
from ntg_assets.taste.sequence_graph import build_sequence_graph
from ntg_assets.taste.taste_graph import build_taste_graph
from ntg_assets_tests.logs import EVENT_SCHEMA
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
AWKWARD = ["o'neil", 'say "hi"', "🎬 film", "a;b--", "%s {x}", "tab\tid"]
OPEN = TasteSettings(min_item_support=1, min_shared_users=1, neighbours_per_item=10)


def log_of(*pairs: tuple[int, int]) -> pl.DataFrame:
    """Make a log of (user, item), one a day."""
    first = datetime(2024, 1, 1)
    rows = [
        (user, item, first + timedelta(days=day % 100), "view", 1.0, 1.0)
        for day, (user, item) in enumerate(pairs)
    ]
    return with_event_on(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"))


def assert_engines_agree(world: World) -> None:
    dense, compiled = (
        score_users(world.log, world.model, compiled=engine) for engine in (False, True)
    )
    for left, right in zip(
        (*dense.candidates, *dense.pairs), (*compiled.candidates, *compiled.pairs), strict=True
    ):
        assert np.array_equal(left, right)
    assert np.array_equal(dense.features, compiled.features)


@pytest.mark.parametrize("compiled", [False, True])
def test_items_without_support_are_counted_and_leave(*, compiled: bool) -> None:
    made = build_taste_graph(
        log_of((1, 1), (2, 2), (3, 3)),
        settings=TasteSettings(min_item_support=2),
        compiled=compiled,
    )
    assert made.edges.is_empty()
    assert (
        made.guardrails.filter(pl.col("guardrail") == "min_item_support")["n_items_removed"].item()
        == 3
    )
    assert made.guardrails["n_items_left"][-1] == 0


@pytest.mark.parametrize("compiled", [False, True])
def test_a_catalogue_of_one_item_has_no_edges_and_shows_it_to_nobody_who_had_it(
    *, compiled: bool
) -> None:
    log = log_of((1, 7), (2, 7), (3, 7))
    for build in (build_taste_graph, build_sequence_graph):
        assert build(log, settings=OPEN, compiled=compiled).edges.is_empty()
    world = make_world(log, CUTOFF)
    assert world.tables["recommendations"].is_empty()
    assert world.tables["default_list"]["item_id"].to_list() == [7]
    assert_engines_agree(world)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_more_neighbours_than_items_give_what_there_is(*, compiled: bool) -> None:
    log = log_of((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3))
    edges = build_taste_graph(
        log, settings=OPEN.model_copy(update={"neighbours_per_item": 10_000}), compiled=compiled
    ).edges
    assert edges.group_by("item_id").len().sort("item_id").rows() == [(1, 2), (2, 2), (3, 2)]


def test_more_candidates_than_items_give_what_there_is() -> None:
    chosen = RANKING.model_copy(update={"top_k": 10_000, "candidates_per_source": 10_000})
    world = make_world(communities(3, n_users=12), CUTOFF, ranking=chosen)
    n_new = world.log.n_items - np.bincount(world.log.user[world.log.is_latest])
    assert (
        world.tables["recommendations"].group_by("user_id").len().sort("user_id")["len"].to_list()
        == n_new.tolist()
    )
    assert_engines_agree(world)


def test_users_who_are_all_alike_have_equal_lists() -> None:
    log = log_of(*((user, item) for item in range(1, 7) for user in range(1, 9)))
    edges = build_taste_graph(log, settings=OPEN.model_copy(update={"shrinkage": 0.0})).edges
    assert edges["cosine"].unique().to_list() == [1.0]
    world = make_world(
        log, CUTOFF, ranking=RANKING.model_copy(update={"recommend_consumed": "allow"})
    )
    lists = (
        world.tables["recommendations"]
        .group_by("user_id")
        .agg("item_id")
        .sort("user_id")["item_id"]
        .to_list()
    )
    assert len(lists) == 8
    assert all(found == lists[0] for found in lists)


@pytest.mark.slow
def test_a_user_with_100_000_events_costs_and_counts_no_more_than_the_cap() -> None:
    heavy = log_of(*((1, item % 20_000) for item in range(100_000)))
    log = pl.concat([heavy, log_of(*((user, item) for user in range(2, 40) for item in range(10)))])
    made = build_taste_graph(log, settings=OPEN)
    cap = made.guardrails.filter(pl.col("guardrail") == "max_items_per_user").row(0, named=True)
    assert cap["n_events_removed"] == 20_000 - OPEN.max_items_per_user
    assert cap["n_updates_saved"] == 20_000**2 - OPEN.max_items_per_user**2
    coded = (code_interactions(log, compiled=engine) for engine in (False, True))
    assert all(
        np.array_equal(*columns)
        for columns in zip(*((made.user, made.item, made.at) for made in coded), strict=True)
    )


def test_an_empty_train_gives_empty_tables() -> None:
    world = make_world(log_of(), CUTOFF)
    made = (
        "taste_graph",
        "sequence_graph",
        "linear_graph",
        "item_transitions",
        "candidates",
        "recommendations",
        "default_list",
        "strategy_lists",
    )
    assert [name for name in made if not world.tables[name].is_empty()] == []


def test_ids_with_quotes_and_emoji_stay_as_they_are() -> None:
    log = communities(3, n_users=24)
    awkward = log.with_columns(
        user_id=pl.lit("🎭'") + pl.col("user_id").cast(pl.String),
        item_id=pl.Series([AWKWARD[item % len(AWKWARD)] + str(item) for item in log["item_id"]]),
    )
    world, ids = make_world(awkward, CUTOFF), IdTypes("string", "string")
    check_frame(world.tables["taste_graph"], TasteGraph, ids=ids)
    for name, model in (
        ("candidates", contracts.Candidates),
        ("recommendations", list_contracts.Recommendations),
    ):
        check_frame(world.tables[name], model, ids=ids)
    assert set(world.tables["recommendations"]["item_id"]) <= set(awkward["item_id"])
    assert set(world.tables["recommendations"]["user_id"]) == set(awkward["user_id"])


@pytest.mark.parametrize(
    "key", ["profile_half_life_items", "popularity_half_life_days", "consumed_half_life_days"]
)
def test_a_half_life_of_zero_is_refused(key: str) -> None:
    zero: object = 0 if RankingSettings.model_fields[key].annotation is float else [30, 0]
    with pytest.raises(ConfigurationError, match=rf"(?s)ranking\.{key}.*greater than 0"):
        load_settings("configs/dev.yaml", overrides={f"ranking.{key}": zero})


@pytest.mark.slow
def test_a_small_log_never_pays_for_compiling() -> None:
    script = """
        import sys
        from datetime import datetime
        from ntg_assets_tests.ranking_world import communities, make_world
        made = make_world(communities(3, n_users=12), datetime(2024, 5, 1))
        assert made.tables["recommendations"].height > 0
        assert "numba" not in sys.modules
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], check=True, cwd=Path(__file__).parents[2]
    )
