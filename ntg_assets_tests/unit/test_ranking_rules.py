from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.rules import Diversity, ItemListSettings, RulesSettings
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets.ranking.checks import LISTS, excluded_places
from ntg_assets.ranking.lists.contracts import (
    DefaultList,
    ItemRules,
    RankingRulesReport,
    Recommendations,
)
from ntg_assets.ranking.lists.excluded_items import ExcludedItems, find_excluded, read_excluded
from ntg_assets.ranking.lists.item_rules import validate_items
from ntg_assets.ranking.lists.reranking import make_lists
from ntg_assets.ranking.lists.rules_report import report_rules
from ntg_assets.ranking.scoring.candidates import Pairs
from ntg_assets.ranking.scoring.list_rules import NO_LIMIT, ListRules
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES
from ntg_assets.sources.sources import Place
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

INTEGERS = IdTypes("integer", "integer")
CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)
CATEGORIES = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    category=pl.concat_str(pl.lit("group "), (pl.col("item_id") - 1) % 3),
    position=pl.lit(1, pl.Int64),
)


def world_with(**rules: Any) -> World:
    chosen = RulesSettings.model_validate(rules)
    return make_world(
        LOG, CUTOFF, ranking=RANKING.model_copy(update={"rules": chosen}), categories=CATEGORIES
    )


@pytest.fixture(scope="module")
def plain() -> World:
    return world_with()


def listed(world: World, name: str = "recommendations") -> pl.DataFrame:
    return world.tables[name].join(
        CATEGORIES.select("item_id", "category"), on="item_id", how="left", maintain_order="left"
    )


def report(world: World) -> pl.DataFrame:
    settings = world.model.settings
    free = ranking_model(
        popularity=world.tables["item_popularity"],
        graphs={graph: world.tables[table] for graph, table in GRAPH_TABLES.items()},
        cutoff_at=CUTOFF,
        settings=settings,
        weights=world.tables["ranking_weights"],
        log=world.log,
    )
    found = report_rules(
        LOG, free, facts=world.tables["item_rules"], excluded=ExcludedItems(), seed=1
    )
    return check_frame(found, RankingRulesReport, ids=INTEGERS)


def test_no_rules_change_nothing_and_report_nothing(plain: World) -> None:
    without = make_world(LOG, CUTOFF)
    assert plain.model.rules is None
    for name in ("candidates", "recommendations", "default_list", "strategy_lists"):
        assert plain.tables[name].equals(without.tables[name])
    assert (
        plain.tables["recommendations"]["rule"].null_count()
        == plain.tables["recommendations"].height
    )
    check_frame(plain.tables["item_rules"], ItemRules, ids=INTEGERS)


def test_excluded_items_and_categories_are_in_no_list_and_lists_stay_full(plain: World) -> None:
    first = plain.tables["recommendations"]["item_id"][0]
    ruled = world_with(exclude_items=[first], exclude_categories=["group 1"])
    for name in ("candidates", "recommendations", "default_list", "strategy_lists"):
        assert first not in ruled.tables[name]["item_id"]
        assert "group 1" not in listed(ruled, name)["category"]
    lengths = [
        world.tables["recommendations"].group_by("user_id").len().sort("user_id")["len"]
        for world in (plain, ruled)
    ]
    assert lengths[1].to_list() == lengths[0].to_list()


def test_a_list_that_shows_what_is_excluded_is_found(plain: World) -> None:
    kept = world_with(exclude_categories=["group 1"]).tables
    assert run(excluded_places({name: kept[name] for name in LISTS})).is_empty()
    wrong = run(
        excluded_places(
            {**{name: plain.tables[name] for name in LISTS}, "item_rules": kept["item_rules"]}
        )
    )
    shown = [
        listed(plain, name).filter(pl.col("category") == "group 1").height
        for name in ("recommendations", "default_list")
    ]
    assert [
        wrong.filter(pl.col("list") == name).height for name in ("recommendations", "default_list")
    ] == shown
    assert sum(shown) > 0


def test_a_boost_multiplies_the_score_and_says_so(plain: World) -> None:
    ruled = world_with(
        boosts=[{"category": "group 2", "factor": 3}, {"category": "group 2", "factor": 2}]
    )
    rows = listed(ruled)
    scores = plain.tables["recommendations"].select("user_id", "item_id", "score")
    before = {(user, item): score for user, item, score in scores.iter_rows()}
    for row in rows.iter_rows(named=True):
        is_boosted = row["category"] == "group 2"
        assert (row["rule"] == "boosts") == is_boosted
        assert row["reason"].endswith(" (boosted)") == is_boosted
        if (score := before.get((row["user_id"], row["item_id"]))) is not None:
            assert row["score"] == score * (6.0 if is_boosted else 1.0)
    first, first_before = (table.filter(pl.col("rank") == 1) for table in (rows, listed(plain)))
    assert (first["category"] == "group 2").sum() > (first_before["category"] == "group 2").sum()


def test_a_cap_bounds_every_list_and_a_cap_of_its_own_goes_before_the_general_one() -> None:
    ruled = world_with(
        category_caps=[{"category": "group 0", "at_most": 2}], every_category_at_most=1
    )
    for name in ("recommendations", "default_list"):
        keys = ["user_id"] if name == "recommendations" else []
        counts = listed(ruled, name).group_by(*keys, "category").len()
        assert counts.filter(pl.col("category") == "group 0")["len"].max() == 2
        assert counts.filter(pl.col("category") != "group 0")["len"].max() == 1
    assert (
        "group 0"
        not in listed(world_with(category_caps=[{"category": "group 0", "at_most": 0}]))["category"]
    )


def test_places_are_held_for_new_items_at_the_end_of_the_list(plain: World) -> None:
    first_seen = LOG.group_by("item_id").agg(pl.col("event_at").min())
    days = sorted((CUTOFF - at).total_seconds() / 86400 for at in first_seen["event_at"])[2]
    new = set(
        world_with(freshness={"within_days": days, "at_least": 1})
        .tables["item_rules"]
        .filter("is_new")["item_id"]
    )
    ruled = world_with(freshness={"within_days": days, "at_least": 2})
    had = LOG.group_by("user_id").agg("item_id")
    for user, items, rules, seen in (
        ruled.tables["recommendations"]
        .group_by("user_id")
        .agg("item_id", "rule")
        .join(had, on="user_id", suffix="_had")
        .iter_rows()
    ):
        assert len(new & set(items)) >= min(2, len(new - set(seen))), user
        held = [place for place, rule in enumerate(rules) if rule == "freshness"]
        assert all(items[place] in new for place in held)
        assert held == list(range(len(items) - len(held), len(items)))
    assert "freshness" in ruled.tables["recommendations"]["rule"]
    assert (
        check_frame(ruled.tables["recommendations"], Recommendations, ids=INTEGERS).height
        == plain.tables["recommendations"].height
    )


def test_ages_bound_what_is_shown() -> None:
    table = world_with().tables["item_rules"]
    middle = table["age_days"].median()
    assert isinstance(middle, float)
    old = (
        world_with(minimum_age_days=middle)
        .tables["recommendations"]
        .join(table.select("item_id", "age_days"), on="item_id")
    )
    young = (
        world_with(maximum_age_days=middle)
        .tables["recommendations"]
        .join(table.select("item_id", "age_days"), on="item_id")
    )
    assert old.select(pl.col("age_days").min()).item() >= middle
    assert young.select(pl.col("age_days").max()).item() <= middle


def test_the_age_of_an_item_is_that_of_its_first_event() -> None:
    log = events((1, 10, "2024-04-21"), (2, 10, "2024-04-30"), (2, 20, "2024-04-30"))
    found = validate_items(log, CATEGORIES, rules=RulesSettings(), cutoff_at=CUTOFF)
    assert found.select("item_id", "age_days").rows() == [(10, 10.0), (20, 1.0)]


@pytest.mark.parametrize("by", ["categories", "graph"])
def test_variety_spreads_the_list_and_a_relevance_of_one_is_the_order_by_score(
    plain: World, by: str
) -> None:
    varied = world_with(diversity={"by": by, "relevance_weight": 0.1})
    same = world_with(diversity={"by": by, "relevance_weight": 1.0})
    columns = ["user_id", "rank", "item_id", "score", "rule"]
    assert (
        same.tables["recommendations"]
        .select(columns)
        .equals(plain.tables["recommendations"].select(columns))
    )
    assert "diversity" in varied.tables["recommendations"]["rule"]
    if by == "categories":
        first = [
            listed(world).filter(pl.col("rank") <= 3).group_by("user_id")
            for world in (plain, varied)
        ]
        spread = [users.agg(pl.col("category").n_unique())["category"].sum() for users in first]
        assert spread[1] > spread[0]


def test_no_list_is_made_of_excluded_items_whoever_proposes_them() -> None:
    no_categories, no_limits = np.full((3, 1), -1), np.full(0, NO_LIMIT)
    rules = ListRules(
        RulesSettings(exclude_items=[2]),
        excluded=np.array([False, True, False]),
        boost=np.ones(3),
        is_new=np.zeros(3, np.bool_),
        categories=no_categories,
        limits=no_limits,
    )
    model = SimpleNamespace(rules=rules, weight_vector=np.ones(1), settings=RANKING, graphs={})
    pairs = Pairs(np.zeros(3, np.int64), np.arange(3))
    lists = make_lists(pairs, np.array([[0.2], [0.9], [0.5]]), model, k=2, n_users=1)  # type: ignore[arg-type]  # all it looks at
    assert lists.item.tolist() == [2, 0]


def test_a_place_goes_to_the_best_balance_of_score_and_unlikeness() -> None:
    # items 0 and 1 share their only category, 2 has another, 3 both: 0.7 * score - 0.3 * shared /
    # all categories
    diversity = Diversity(by="categories", relevance_weight=0.7)
    rules = ListRules(
        RulesSettings(diversity=diversity),
        excluded=np.zeros(4, np.bool_),
        boost=np.ones(4),
        is_new=np.zeros(4, np.bool_),
        categories=np.array([[0, -1], [0, -1], [1, -1], [0, 1]]),
        limits=np.full(2, NO_LIMIT),
    )
    model = SimpleNamespace(rules=rules, weight_vector=np.ones(1), settings=RANKING, graphs={})
    pairs = Pairs(np.zeros(4, np.int64), np.arange(4))
    lists = make_lists(pairs, np.array([[1.0], [0.9], [0.5], [0.6]]), model, k=4, n_users=1)  # type: ignore[arg-type]  # all it looks at
    second = {1: 0.7 * 0.9 - 0.3 * 1 / 1, 2: 0.7 * 0.5, 3: 0.7 * 0.6 - 0.3 * 1 / 2}
    assert max(second, key=lambda item: second[item]) == 2
    third = {1: 0.7 * 0.9 - 0.3 * 1 / 1, 3: 0.7 * 0.6 - 0.3 * 1 / 2}
    assert max(third, key=lambda item: third[item]) == 1
    assert lists.item.tolist() == [0, 2, 1, 3]
    assert lists.given_by.tolist() == ["", "diversity", "", ""]


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    ruled = world_with(
        category_caps=[{"category": "group 0", "at_most": 2}],
        freshness={"within_days": 100, "at_least": 2},
        diversity={},
    )
    longer = ruled.tables["strategy_lists"].filter(
        pl.col("strategy") == "blend", pl.col("rank") <= RANKING.top_k
    )
    columns = ["user_id", "rank", "item_id"]
    shown = ruled.tables["recommendations"].filter(pl.col("score") > 0)
    assert longer.select(columns).equals(shown.select(columns))


def test_the_report_counts_the_places_that_differ(plain: World) -> None:
    ruled = world_with(
        exclude_categories=["group 1"], boosts=[{"item": 4, "factor": 50}], every_category_at_most=1
    )
    rows = report(ruled)
    assert rows["rule"].to_list() == ["exclude_categories", "boosts", "every_category_at_most"]
    assert rows["n_items"].to_list() == [12, 1, 36]
    only = world_with(exclude_categories=["group 1"])
    before, after = (
        world.tables["recommendations"].select("user_id", "rank", "item_id")
        for world in (plain, only)
    )
    both = before.join(after, on=["user_id", "rank"], how="full", suffix="_after")
    changed = both.filter(pl.col("item_id").ne_missing(pl.col("item_id_after")))
    assert rows["n_places_changed"][0] == changed.height > 0
    assert rows["n_users_changed"][0] == changed["user_id"].n_unique()
    lost = only.tables["recommendations"].height - ruled.tables["recommendations"].height
    assert rows["n_places_lost"][2] == lost > 0  # two groups are left, one place each
    assert rows["n_users"].unique().to_list() == [60]


def test_unknown_names_are_told_with_the_nearest_known_one() -> None:
    rows = report(
        world_with(
            exclude_items=[4, 777],
            exclude_categories=["grup 1"],
            category_caps=[{"category": "group 2", "at_most": 3}],
        )
    )
    told = rows["warning"].to_list()
    assert told[0] == "no item of TRAIN has the id '777'"
    assert told[1] == "no item of TRAIN is in the category 'grup 1' (did you mean 'group 1'?)"
    assert told[2] is None


def test_rules_about_categories_without_any_are_refused() -> None:
    nothing = CATEGORIES.clear()
    for rules in (
        RulesSettings(exclude_categories=["group 1"]),
        RulesSettings(every_category_at_most=2),
    ):
        with pytest.raises(
            ConfigurationError, match=r"rules speak of categories, and the source has none"
        ):
            validate_items(LOG, nothing, rules=rules, cutoff_at=CUTOFF)
    validate_items(LOG, nothing, rules=RulesSettings(exclude_items=[1]), cutoff_at=CUTOFF)


def test_excluded_items_come_from_a_file_in_whatever_spelling(tmp_path: Path) -> None:
    (tmp_path / "blocked.csv").write_text(
        "item_id,why\n4,licence\n 5"
        " ,licence\n6.0,licence\n007,licence\n8\u200b,licence\n999,x\n,x\n"
    )
    read = read_excluded(ItemListSettings(files=["blocked.csv"]), place=Place(tmp_path))
    check_frame(read.rows, contract_of("excluded_items"))
    excluded = find_excluded(read.rows["listed_id"], LOG["item_id"].unique())
    rules = RulesSettings.model_validate({"exclude_items_file": "blocked.csv"})
    table = validate_items(LOG, CATEGORIES, rules=rules, cutoff_at=CUTOFF, excluded=excluded.ids)
    assert table.filter(pl.col("exclusion").is_not_null())["item_id"].to_list() == [4, 5, 6, 7, 8]
    assert (
        excluded.warning
        == "no item of TRAIN has the id '999'; 1 items are written otherwise in the log (such as"
        " '8\\u200b' for 8); they are excluded too; 1 rows hold no id"
    )
    with pytest.raises(SourceError, match="no such file"):
        read_excluded(ItemListSettings(files=["nowhere.csv"]), place=Place(tmp_path))
    (tmp_path / "blocked.csv").write_text("id\n4\n")
    with pytest.raises(SourceError, match=r"no column 'item_id'"):
        read_excluded(ItemListSettings(files=["blocked.csv"]), place=Place(tmp_path))


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"boosts": [{"factor": 2}]}, "either an item or a category"),
        ({"boosts": [{"item": 1, "factor": 0}]}, "greater than 0"),
        ({"minimum_age_days": 9, "maximum_age_days": 3}, "no item could be shown"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        RulesSettings.model_validate(rules)


def test_the_default_list_keeps_the_rules() -> None:
    ruled = world_with(
        exclude_categories=["group 1"], boosts=[{"category": "group 0", "factor": 100}]
    )
    rows = listed(ruled, "default_list")
    check_frame(ruled.tables["default_list"], DefaultList, ids=INTEGERS)
    assert set(rows["category"]) == {"group 0"}
    assert rows["reason"].str.ends_with(" (boosted)").all()
    assert np.all(np.diff(rows["score"].to_numpy()) <= 0)
