from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.rules import Diversity, RulesSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.lists.contracts import DefaultListReport
from ntg_assets.ranking.lists.item_rules import validate_items
from ntg_assets.ranking.newcomers.cold_start import (
    DECISION_K,
    FEWEST_NEWCOMERS,
    chosen_half_life,
    evaluate_half_lives,
    newcomer_settings,
)
from ntg_assets_tests.logs import events

INTEGERS = IdTypes("integer", "integer")
SETTINGS = RankingSettings(popularity_half_life_days=[1, 300])
START = datetime(2024, 1, 1)
SCHEMA = {"user_id": pl.Int64(), "item_id": pl.Int64(), "event_at": pl.Datetime("us")}


def changing_fashion(n_newcomers: int) -> pl.DataFrame:
    """Make a log in which known users follow the fashion of the day and newcomers take the
    classics.
    """
    rows = []
    for day in range(60):
        at = START + timedelta(days=day)
        rows += [
            (user, 1000 + day * DECISION_K + place, at)
            for user in range(1, 41)
            for place in range(DECISION_K)
        ]
        rows += [(user, user, at) for user in (1, 2, 3)]
    for newcomer in range(n_newcomers):
        rows += [
            (10_000 + newcomer, item, START + timedelta(days=55, hours=2 * newcomer))
            for item in (1, 2, 3)
        ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def judge(log: pl.DataFrame, floor: float) -> pl.DataFrame:
    found = evaluate_half_lives(
        code_interactions(log),
        floor=floor,
        settings=SETTINGS,
        seed=1,
        rng=np.random.default_rng(1),
        samples=200,
    )
    return check_frame(found, DefaultListReport, ids=INTEGERS)


def test_newcomers_get_the_half_life_that_served_newcomers() -> None:
    report = judge(changing_fashion(60), floor=1.0)
    assert chosen_half_life(report) == 300
    assert report["n_newcomers"].unique().to_list() == [60]
    assert report.filter("is_chosen")["gain_low"].item() > 0
    assert report.filter(pl.col("half_life_days") == 1)["gain"].item() == 0


def test_the_floor_stays_where_it_serves_them_as_well() -> None:
    report = judge(changing_fashion(60), floor=300.0)
    assert chosen_half_life(report) == 300
    assert "+0.0000" in report["evidence"][0]


def test_too_few_newcomers_decide_nothing() -> None:
    report = judge(changing_fashion(FEWEST_NEWCOMERS - 1), floor=1.0)
    assert chosen_half_life(report) == 1
    assert report["ndcg"].null_count() == 2
    assert f"a choice needs {FEWEST_NEWCOMERS}" in report["evidence"][0]


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_hardly_any_events_decide_nothing(n_rows: int) -> None:
    assert chosen_half_life(judge(changing_fashion(0).head(n_rows), floor=300.0)) == 300


def test_a_newcomer_is_shown_what_was_popular_before_the_instant_of_arrival() -> None:
    # every third day two users arrive, an hour apart, and take an item nobody had before: the
    # second finds it on top, the first cannot
    rows = [
        (user, user // 2, START + timedelta(days=3 * (user // 2), hours=user % 2))
        for user in range(2, 402)
    ]
    report = judge(pl.DataFrame(rows, schema=SCHEMA, orient="row"), floor=300.0)
    n_newcomers = report["n_newcomers"][0]
    assert n_newcomers >= FEWEST_NEWCOMERS
    assert report.filter(pl.col("half_life_days") == 1)["ndcg"].item() == pytest.approx(
        0.5, abs=1 / n_newcomers
    )


def test_order_of_rows_does_not_matter() -> None:
    log = changing_fashion(60)
    assert judge(log, floor=1.0).equals(
        judge(log.sample(fraction=1, shuffle=True, seed=3), floor=1.0)
    )


def test_variety_is_for_catalogues_with_categories_and_leaves_a_configured_rule_alone() -> None:
    log, categories = (
        events((1, 10, "2024-01-01")),
        pl.DataFrame({"item_id": [10], "category": ["a"], "position": [1]}),
    )
    with_some = validate_items(
        log, categories, rules=RulesSettings(), cutoff_at=START + timedelta(days=9)
    )
    without = validate_items(
        log, categories.clear(), rules=RulesSettings(), cutoff_at=START + timedelta(days=9)
    )
    varied = newcomer_settings(SETTINGS, with_some).rules.diversity
    assert varied == Diversity(
        by="categories", relevance_weight=SETTINGS.default_list_relevance_weight
    )
    assert newcomer_settings(SETTINGS, without) == SETTINGS
    plain = SETTINGS.model_copy(update={"default_list_relevance_weight": 1.0})
    assert newcomer_settings(plain, with_some) == plain
    ruled = SETTINGS.model_copy(update={"rules": RulesSettings(diversity=Diversity(by="graph"))})
    assert newcomer_settings(ruled, with_some) == ruled
