"""The half-life of popularity, judged at many instants."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.inner_cut import inner_slices
from ntg_assets.ranking.learning.popularity_pace import INSTANTS, Pace, evaluate_pace
from ntg_assets.ranking.learning.teaching import blended_settings, teach

START = datetime(2024, 1, 1)
SHORT, LONG = 1.0, 100.0
SETTINGS = RankingSettings(popularity_half_life_days=[SHORT, LONG])
N_USERS, N_DAYS = 30, 80


def fading() -> pl.DataFrame:
    """Each day has one item that everybody takes on that day or the day after."""
    rng = np.random.default_rng(1)
    rows = [
        (user, day, START + timedelta(days=day + float(rng.uniform(0, 2))))
        for user in range(N_USERS)
        for day in range(N_DAYS)
        if rng.random() < 0.5
    ]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "event_at"], orient="row")


def steady() -> pl.DataFrame:
    """The lower an item's number the more users take it, at any time."""
    rng = np.random.default_rng(2)
    rows = [
        (user, item, START + timedelta(days=float(rng.uniform(0, N_DAYS))))
        for user in range(60)
        for item in range(60)
        if rng.random() < 1 / (1 + item / 8)
    ]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "event_at"], orient="row")


def judge(log: pl.DataFrame, settings: RankingSettings = SETTINGS) -> Pace:
    pace = evaluate_pace(code_interactions(log), strategy="global_time", settings=settings, seed=1)
    assert pace is not None
    return pace


def test_what_fades_in_a_day_asks_for_a_short_half_life() -> None:
    pace = judge(fading())
    assert pace.chosen == SHORT
    assert len(pace.ndcg) > INSTANTS / 2
    assert pace.mean[0] > 1.2 * pace.mean[1]


def test_what_stays_asks_for_a_long_one() -> None:
    assert judge(steady()).chosen == LONG


def test_row_order_does_not_matter() -> None:
    log = fading()
    assert (judge(log).ndcg == judge(log.sample(fraction=1.0, shuffle=True, seed=3)).ndcg).all()


def test_of_two_within_one_standard_error_the_longer_is_chosen() -> None:
    # differences .02, 0, .02, 0: mean .01, deviation .02 / sqrt(3), error that / sqrt(4) = .0058
    near = np.array([[0.12, 0.10], [0.10, 0.10], [0.12, 0.10], [0.10, 0.10]])
    assert Pace([SHORT, LONG], near).chosen == SHORT
    # differences .02, -.02, .02, 0: mean .005, deviation .0191, error .0096
    nearer = np.array([[0.12, 0.10], [0.10, 0.12], [0.12, 0.10], [0.10, 0.10]])
    assert Pace([SHORT, LONG], nearer).chosen == LONG


def test_an_item_that_a_user_has_had_is_no_hit_unless_it_may_be_shown_again() -> None:
    # the same two items over and over: nothing is new to anybody
    rows = [
        (user, item, START + timedelta(days=day))
        for user in range(20)
        for day in range(40)
        for item in range(2)
    ]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "event_at"], orient="row")
    again = SETTINGS.model_copy(update={"recommend_consumed": "allow"})
    assert (judge(log, again).ndcg == 1.0).all()
    coded = code_interactions(log)
    assert evaluate_pace(coded, strategy="global_time", settings=SETTINGS, seed=1) is None


@pytest.mark.parametrize("strategy", ["per_user", "global_time"])
def test_nothing_is_said_without_a_common_clock_or_without_events(strategy: str) -> None:
    log = fading().filter(pl.lit(strategy == "per_user"))
    coded = code_interactions(log)
    assert evaluate_pace(coded, strategy=strategy, settings=SETTINGS, seed=1) is None
    assert blended_settings(log, strategy=strategy, settings=SETTINGS, seed=1) == (SETTINGS, None)


def test_the_blend_has_the_chosen_popularity_and_the_table_says_why() -> None:
    log = fading()
    weights = teach(
        log,
        strategy="global_time",
        taste=TasteSettings(min_item_support=1, min_shared_users=1, embedding_dimensions=4),
        settings=SETTINGS,
        seed=1,
        rng=random_stream(1, "test"),
        samples=20,
    ).weights
    popular = weights.filter(pl.col("kind") == "popularity").sort("half_life")
    assert popular["half_life"].to_list() == [SHORT, LONG]
    assert popular["is_floor"].to_list() == [True, False]
    assert popular["weight"][1] == 0
    cut = next(inner_slices(log, strategy="global_time", settings=SETTINGS))
    pace = judge(cut.history)
    assert popular["ndcg_at_instants"].to_list() == pace.mean.tolist()
    assert popular["deviation_between_instants"].to_list() == pace.deviation.tolist()
    assert (
        "Popularity halves in 1 days: the slowest within one standard error"
        in (weights["evidence"][0])
    )


def test_what_comes_after_the_latest_inner_cut_has_no_say() -> None:
    log = fading()
    cut = next(inner_slices(log, strategy="global_time", settings=SETTINGS))
    other = cut.labels.with_columns(
        item_id=pl.lit(N_DAYS, pl.Int64), user_id=pl.col("user_id") + N_USERS
    )
    asked, again = (
        blended_settings(events, strategy="global_time", settings=SETTINGS, seed=1).pace
        for events in (log, pl.concat([cut.history, other]))
    )
    assert asked is not None
    assert again is not None
    assert (asked.ndcg == again.ndcg).all()
