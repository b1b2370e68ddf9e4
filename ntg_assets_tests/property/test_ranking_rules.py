"""Under any rules a user gets the same list alone, in any block and by either engine,
and it is the list of a plain loop.
"""

from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.configuration.rules import RulesSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.blend import blend_scores
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets_tests.logs import random_log
from ntg_assets_tests.ranking_world import RANKING, World, make_world

CUTOFF = datetime(2024, 8, 1)


def roomy_log(seed: int) -> pl.DataFrame:
    """Make a log whose users have had about a third of the items, so that lists have to choose."""
    return random_log(seed, n_events=180, n_items=40)


def categories_of(log: pl.DataFrame) -> pl.DataFrame:
    """Give each item one of four shared categories,
    and every third seven more of its own: more categories than bits of one word.
    """
    items = log["item_id"].unique().sort()
    named = [
        (
            item,
            [f"c{code % 4}"]
            + [f"own {code}.{place}" for place in range(7 * (code % 3 == 0) + 7 * (code % 5 == 0))],
        )
        for code, item in enumerate(items)
    ]
    rows = [(item, name, place + 1) for item, names in named for place, name in enumerate(names)]
    return pl.DataFrame(
        rows,
        schema={"item_id": log.schema["item_id"], "category": pl.String, "position": pl.Int64},
        orient="row",
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, Any]:
    def some(value: st.SearchStrategy[Any]) -> Any:
        return draw(st.one_of(st.none(), value))

    # ages of items, of which some turn up late
    late = st.sampled_from([130.0, 170.0, 195.0, 205.0])
    rules = {
        "exclude_categories": draw(st.lists(st.sampled_from(["c0", "own 3.1"]), max_size=1)),
        "boosts": draw(
            st.lists(
                st.sampled_from(
                    [{"category": "c1", "factor": 2.5}, {"category": "own 9.0", "factor": 0.3}]
                ),
                max_size=2,
            )
        ),
        "category_caps": draw(
            st.lists(
                st.sampled_from(
                    [{"category": "c2", "at_most": 1}, {"category": "c3", "at_most": 0}]
                ),
                max_size=2,
            )
        ),
        "every_category_at_most": some(st.integers(1, 3)),
        "freshness": some(
            st.fixed_dictionaries({"within_days": late, "at_least": st.integers(1, 5)})
        ),
        "diversity": some(
            st.fixed_dictionaries(
                {
                    "by": st.sampled_from(["categories", "graph"]),
                    "relevance_weight": st.sampled_from([0.0, 0.4, 1.0]),
                }
            )
        ),
        "minimum_age_days": some(late),
    }
    return {key: value for key, value in rules.items() if value is not None}


def ruled_world(seed: int, rules: dict[str, Any], **ranking: Any) -> World:
    log = roomy_log(seed)
    chosen = RANKING.model_copy(update={"rules": RulesSettings.model_validate(rules), **ranking})
    return make_world(log, CUTOFF, ranking=chosen, categories=categories_of(log))


def rows_of(table: pl.DataFrame, user: object) -> list[tuple[Any, ...]]:
    return table.filter(pl.col("user_id") == user).select("item_id", "score").rows()


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), rules=rule_sets(), consumed=st.sampled_from(["never", "allow"]))
@settings(max_examples=25)
def test_a_single_user_gets_the_list_of_the_night_under_any_rules(
    seed: int, rules: dict[str, Any], consumed: str
) -> None:
    world = ruled_world(seed, rules, recommend_consumed=consumed)
    log = roomy_log(seed)
    for user in world.log.users.to_list()[:5]:
        alone = rank_users(
            code_interactions(log.filter(pl.col("user_id") == user), items=world.model.items),
            world.model,
        )
        items = world.model.items.gather(alone.item).to_list()
        assert list(zip(items, alone.score, strict=True)) == rows_of(
            world.tables["recommendations"], user
        )


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), rules=rule_sets())
@settings(max_examples=10)
def test_both_engines_give_the_same_lists_under_any_rules(seed: int, rules: dict[str, Any]) -> None:
    world = ruled_world(seed, rules)
    dense, compiled = (
        rank_users(world.log, world.model, compiled=engine) for engine in (False, True)
    )
    for left, right in zip(dense, compiled, strict=True):
        assert np.array_equal(left, right)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), rules=rule_sets())
@settings(max_examples=25)
def test_lists_are_those_of_a_plain_loop(seed: int, rules: dict[str, Any]) -> None:
    world = ruled_world(seed, rules)
    lists = rank_users(world.log, world.model)
    scored = score_users(world.log, world.model)
    score = blend_scores(scored.features, world.model.weight_vector)
    for user in range(world.log.n_users):
        rows = np.flatnonzero(scored.pairs.user == user)
        expected = plain_loop(scored.pairs.item[rows].tolist(), score[rows].tolist(), world)
        assert lists.item[lists.user == user].tolist() == expected


def plain_loop(items: list[int], score: list[float], world: World) -> list[int]:
    """Choose place by place, as the documentation says it."""
    rules, chosen = world.model.settings.rules, list[int]()
    facts = {row["item_id"]: row for row in world.tables["item_rules"].iter_rows(named=True)}
    known = {code: facts[world.model.items[code]] for code in items}
    worth = {
        code: value * known[code]["boost"]
        for code, value in zip(items, score, strict=True)
        if known[code]["exclusion"] is None
    }
    n_new = min(
        rules.freshness.at_least if rules.freshness else 0,
        sum(known[code]["is_new"] for code in worth),
    )
    caps = {cap.category: cap.at_most for cap in rules.category_caps}
    for place in range(world.model.settings.top_k):
        held = [name for code in chosen for name in known[code]["categories"]]
        free = [
            code
            for code in sorted(worth, key=lambda code: (-worth[code], code))
            if code not in chosen
            and all(
                held.count(name) < caps.get(name, rules.every_category_at_most or 10**9)
                for name in known[code]["categories"]
            )
        ]
        if not free:
            break
        value = {code: marginal(code, chosen, worth, known, world) for code in free}
        best = max(free, key=lambda code: value[code])
        new = [code for code in free if known[code]["is_new"]]
        missing = n_new - sum(known[code]["is_new"] for code in chosen)
        if missing > 0 and missing >= world.model.settings.top_k - place and new:
            best = max(new, key=lambda code: value[code])
        chosen.append(best)
    return chosen


def marginal(
    code: int, chosen: list[int], worth: dict[int, float], known: dict[int, Any], world: World
) -> float:
    diversity = world.model.settings.rules.diversity
    if diversity is None:
        return worth[code]
    graph = world.model.graphs["taste"].toarray()
    mine = set(known[code]["categories"])
    alike = 0.0
    for other in chosen:
        theirs = set(known[other]["categories"])
        by_category = len(mine & theirs) / max(len(mine | theirs), 1)
        by_graph = graph[other, code] if code < graph.shape[1] else 0.0
        alike = max(alike, by_category if diversity.by == "categories" else by_graph)
    best = max(worth.values()) or 1.0
    return (
        diversity.relevance_weight * (worth[code] / best) - (1 - diversity.relevance_weight) * alike
    )
