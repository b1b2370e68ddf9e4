from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking import contracts
from ntg_assets.ranking.lists import contracts as list_contracts
from ntg_assets.ranking.lists.recommendations import rank_users, recommendation_id
from ntg_assets.ranking.newcomers.cold_start import chosen_half_life
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.profiles import recent_profile
from ntg_assets.ranking.scoring.sources import configured_sources
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

INTEGERS = IdTypes("integer", "integer")
CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)
CONTRACTS = {
    "item_popularity": contracts.ItemPopularity,
    "ranking_weights": contracts.RankingWeights,
    "candidates": contracts.Candidates,
    "recommendations": list_contracts.Recommendations,
    "default_list": list_contracts.DefaultList,
    "default_list_report": list_contracts.DefaultListReport,
    "strategy_lists": list_contracts.StrategyLists,
}


@pytest.fixture(scope="module")
def world() -> World:
    titles = pl.DataFrame({"item_id": [1, 2], "title": ["One", "Two"]})
    return make_world(LOG, CUTOFF, titles=titles)


def assert_contracts(world: World, ids: IdTypes = INTEGERS) -> None:
    for name, model in CONTRACTS.items():
        check_frame(world.tables[name], model, ids=ids)


def test_every_table_keeps_its_contract(world: World) -> None:
    assert_contracts(world)


def test_lists_stay_inside_the_taste_of_the_user(world: World) -> None:
    first = world.tables["recommendations"].filter(pl.col("rank") == 1)
    own = ((first["item_id"] - 1) // 12) == ((first["user_id"] - 1) % 3)
    assert own.sum() > 0.95 * len(own)


def test_nothing_that_the_user_has_had_is_shown(world: World) -> None:
    seen = LOG.select("user_id", "item_id")
    for name in ("candidates", "recommendations", "strategy_lists"):
        assert world.tables[name].join(seen, on=["user_id", "item_id"]).is_empty()


def test_what_the_user_has_had_may_be_shown_where_that_is_allowed() -> None:
    allowed = make_world(
        LOG, CUTOFF, ranking=RANKING.model_copy(update={"recommend_consumed": "allow"})
    )
    assert_contracts(allowed)
    shown = allowed.tables["recommendations"].join(
        LOG.select("user_id", "item_id"), on=["user_id", "item_id"]
    )
    assert shown.height > 0


def test_ranks_run_from_one_without_gaps_by_falling_score(world: World) -> None:
    lists = world.tables["recommendations"]
    ranks = lists.group_by("user_id", maintain_order=True).agg("rank", "score")
    for rank, score in ranks.select("rank", "score").iter_rows():
        assert rank == list(range(1, len(rank) + 1))
        assert score == sorted(score, reverse=True)


def test_the_blend_strategy_is_what_is_recommended(world: World) -> None:
    blend = (
        world.tables["strategy_lists"]
        .filter(pl.col("strategy") == "blend")
        .select("user_id", "rank", "item_id", "score")
    )
    assert blend.equals(
        world.tables["recommendations"]
        .filter(pl.col("score") > 0)
        .select("user_id", "rank", "item_id", "score")
    )


def test_titles_fall_back_to_the_id(world: World) -> None:
    lists = world.tables["recommendations"].select("item_id", "title").unique()
    known = {1: "One", 2: "Two"}
    assert all(title == known.get(item, str(item)) for item, title in lists.iter_rows())


def test_a_recommendation_id_depends_on_user_item_and_cutoff_alone() -> None:
    ids = {
        recommendation_id(user, item, at)
        for user in (1, 2)
        for item in (1, 2)
        for at in (CUTOFF, CUTOFF + timedelta(days=1))
    }
    assert len(ids) == 8
    assert recommendation_id(1, 2, CUTOFF) == recommendation_id(1, 2, CUTOFF)


def test_a_reason_names_the_history_item_behind_it(world: World) -> None:
    rows = world.tables["recommendations"].filter(
        pl.col("strongest_source").str.starts_with("sequence")
    )
    histories = LOG.group_by("user_id").agg("item_id")
    titles = {1: "One", 2: "Two"}
    for reason, had in (
        rows.join(histories, on="user_id", suffix="_had")
        .select("reason", "item_id_had")
        .iter_rows()
    ):
        named = (
            reason.removesuffix("; popular too").removeprefix("Often next after ").split(" and ")
        )
        assert set(named) <= {titles.get(item, str(item)) for item in had}


def test_the_default_list_is_what_is_popular_at_the_chosen_half_life(world: World) -> None:
    chosen = chosen_half_life(world.tables["default_list_report"])
    popular = (
        world.tables["item_popularity"]
        .filter(pl.col("half_life_days") == chosen)
        .sort("rank")["item_id"]
        .head(5)
    )
    assert world.tables["default_list"]["item_id"].to_list() == popular.to_list()


def test_a_list_longer_than_the_catalogue_holds_what_there_is() -> None:
    small = events(
        (1, 10, "2024-01-01"),
        (1, 20, "2024-01-02"),
        (2, 20, "2024-01-03"),
        (2, 30, "2024-01-04"),
        (3, 10, "2024-01-05"),
    )
    made = make_world(
        small,
        CUTOFF,
        ranking=RANKING.model_copy(update={"top_k": 1000, "candidates_per_source": 1000}),
    )
    assert_contracts(made)
    assert made.tables["recommendations"].group_by("user_id").agg(pl.col("item_id").sort()).sort(
        "user_id"
    ).rows() == [
        (1, [30]),
        (2, [10]),
        (3, [20, 30]),
    ]


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_hardly_any_events_give_hardly_any_rows(n_rows: int) -> None:
    made = make_world(LOG.head(n_rows), CUTOFF)
    assert_contracts(made)
    assert made.tables["ranking_weights"]["status"].unique().to_list() == ["no_labels"]
    assert made.tables["recommendations"].is_empty()  # a single user has had all that there is


def test_users_alike_have_nothing_left_to_be_shown() -> None:
    alike = pl.concat(
        [
            LOG.filter(pl.col("user_id") == 1).with_columns(user_id=pl.lit(user, pl.Int64))
            for user in range(1, 9)
        ]
    )
    made = make_world(alike, CUTOFF)
    assert_contracts(made)
    assert made.tables["recommendations"].is_empty()


def test_string_ids_give_the_same_lists(world: World) -> None:
    text = {name: pl.col(name).cast(pl.String).str.zfill(3) for name in ("user_id", "item_id")}
    strings = LOG.with_columns(
        pl.concat_str(pl.lit('it\'s "user" 🎬 '), text["user_id"]).alias("user_id"), text["item_id"]
    )
    made = make_world(strings, CUTOFF)
    assert_contracts(made, IdTypes("string", "string"))
    scores = made.tables["recommendations"].select(
        pl.col("user_id").str.slice(-3).cast(pl.Int64),
        "rank",
        pl.col("item_id").cast(pl.Int64),
        "score",
    )
    # folds and label users are chosen by id, so only the weights may differ; these lists do not
    # depend on them here
    assert scores.select("user_id", "rank").equals(
        world.tables["recommendations"].select("user_id", "rank")
    )


def test_the_profile_halves_with_the_place_and_shares_it_within_an_instant() -> None:
    log = code_interactions(
        events(
            (1, 10, "2024-01-04"),
            (1, 20, "2024-01-03"),
            (1, 30, "2024-01-03"),
            (1, 40, "2024-01-01"),
        )
    )
    weights = recent_profile(log, half_life=2.0, n_items=10).toarray()[0]
    by_id = {int(item): weight for item, weight in zip(log.items, weights, strict=True)}
    assert by_id == pytest.approx(
        {10: 1, 20: 0.5 ** (1.5 / 2), 30: 0.5 ** (1.5 / 2), 40: 0.5 ** (3 / 2)}
    )


def test_popularity_halves_after_each_half_life() -> None:
    log = code_interactions(
        events((1, 10, "2024-04-24"), (2, 10, "2024-04-17"), (1, 20, "2024-05-01"))
    )
    found = item_popularity(log, now=CUTOFF, half_life_days=[7])
    assert dict(found.select("item_id", "score").iter_rows()) == pytest.approx(
        {10: 1 / 2 + 1 / 4, 20: 1}
    )
    assert dict(found.select("item_id", "rank").iter_rows()) == {20: 1, 10: 2}


def test_users_who_come_back_to_an_item_are_counted_once() -> None:
    log = code_interactions(
        events(
            *((1, 10, f"2024-04-0{day}") for day in (1, 2, 3)),
            (2, 10, "2024-04-01"),
            (2, 20, "2024-04-01"),
        )
    )
    found = item_popularity(log, now=CUTOFF, half_life_days=[7])
    assert found.sort("item_id").select("item_id", "n_users", "n_repeat_users").rows() == [
        (10, 2, 1),
        (20, 1, 0),
    ]


def test_a_single_user_gets_the_list_of_the_night(world: World) -> None:
    nightly = world.tables["recommendations"]
    for user in (1, 17, 60):
        alone = code_interactions(LOG.filter(pl.col("user_id") == user), items=world.model.items)
        lists = rank_users(alone, world.model)
        rows = nightly.filter(pl.col("user_id") == user)
        assert world.model.items.gather(lists.item).to_list() == rows["item_id"].to_list()
        assert np.array_equal(lists.score, rows["score"].to_numpy())


def test_sources_are_those_of_the_configuration() -> None:
    names = [
        source.name
        for source in configured_sources(
            RankingSettings(popularity_half_life_days=[30, 7, 7], recommend_consumed="allow")
        )
    ]
    assert [name for name in names if name.startswith("popularity")] == [
        "popularity_7d",
        "popularity_30d",
    ]
    assert "consumed_90d" in names
