from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.blend_fit import Pull, fit, ndcg_of
from ntg_assets.ranking.learning.examples import FINEST_FOLDS, Examples
from ntg_assets.ranking.learning.harm_guard import Evidence, errors_of, expected_gain
from ntg_assets.ranking.learning.inner_cut import inner_slices, sample_users
from ntg_assets.ranking.learning.ranking_weights import learn_weights
from ntg_assets.ranking.learning.weight_prior import Expected, WeightPrior
from ntg_assets.ranking.scoring.sources import Source
from ntg_assets.statistics.bootstrap import Interval
from ntg_assets_tests.logs import events, random_log
from ntg_assets_tests.ranking_world import communities, make_world

SOURCES = [
    Source("taste_recent", "graph", 3.0, "taste"),
    Source("popularity_7d", "popularity", 7.0),
    Source("popularity_90d", "popularity", 90.0),
]
SETTINGS = RankingSettings()
WEAK = Pull(np.zeros(3), np.ones(3))


def planted(*, n_users: int, strength: float, seed: int = 1, n_candidates: int = 30) -> Examples:
    """Make label users who take one candidate each,
    by a softmax over `strength` times the first feature.
    """
    rng = np.random.default_rng(seed)
    features = rng.random((n_users * n_candidates, len(SOURCES)))
    user = np.repeat(np.arange(n_users), n_candidates)
    luck = rng.gumbel(size=len(user))
    utility = (strength * features[:, 0] + luck).reshape(n_users, n_candidates)
    taken = (utility == utility.max(axis=1, keepdims=True)).ravel()
    return Examples(
        user,
        features,
        np.empty((len(user), 0)),
        taken,
        np.ones(len(taken), np.bool_),
        np.ones(n_users, np.int64),
        np.arange(n_users) % FINEST_FOLDS,
    )


def learned(examples: Examples) -> pl.DataFrame:
    return learn_weights(
        examples, sources=SOURCES, settings=SETTINGS, rng=random_stream(1, "test"), samples=200
    )


def test_the_fit_recovers_planted_weights() -> None:
    weights = fit(planted(n_users=4_000, strength=5.0), WEAK)
    assert weights == pytest.approx([5.0, 0.0, 0.0], abs=0.25)


@pytest.mark.slow
def test_intervals_cover_the_planted_weight() -> None:
    # nothing is expected of the taste graph, which pulls its weight to 0 as 1 / .4^2 does
    row = learned(planted(n_users=20_000, strength=2.0)).row(0, named=True)
    assert row["learned_low"] < 1.97 < row["learned_high"]
    assert row["learned_high"] - row["learned_low"] < 0.2


def test_weights_are_never_negative() -> None:
    assert (fit(planted(n_users=500, strength=-4.0), WEAK) >= 0).all()


def test_a_strong_pull_holds_the_weights_and_a_weak_one_lets_them_go() -> None:
    examples, mean = planted(n_users=20, strength=5.0), np.array([0.5, 0.0, 1.0])
    near, far = (
        np.abs(fit(examples, Pull(mean, np.full(3, precision))) - mean).sum()
        for precision in (1e6, 1.0)
    )
    assert near < 1e-3 < far


def test_each_weight_is_pulled_by_its_own_precision() -> None:
    free, held = (
        fit(planted(n_users=400, strength=3.0), Pull(np.zeros(3), np.array([1, 1, 1]))),
        fit(planted(n_users=400, strength=3.0), Pull(np.zeros(3), np.array([1e6, 1, 1]))),
    )
    assert free[0] > 2
    assert held[0] < 0.01


def test_a_gain_on_inner_labels_lets_the_learned_weights_through() -> None:
    table = learned(planted(n_users=400, strength=6.0))
    assert table["status"].unique().to_list() == ["learned"]
    assert table["gain_low"][0] > 0
    assert table["weight"].to_list() == table["learned_weight"].to_list()
    assert "Learned weights are used" in table["evidence"][0]


def test_few_labels_without_a_gain_stay_near_the_prior_and_say_so() -> None:
    table = learned(planted(n_users=8, strength=0.0, seed=3))
    assert table["status"].unique().to_list() == ["prior"]
    assert table["weight"].to_list() == table["learned_weight"].to_list()
    away = table["weight"] - table["prior_weight"]
    assert (away.abs() < table["prior_deviation"]).all()
    assert "start from other logs" in table["evidence"][0]
    assert "8 label users" in table["evidence"][0]


def test_the_gain_is_judged_by_twenty_places() -> None:
    # everybody takes what the first source has in place 12; popularity shows nothing
    n_users, n_candidates, place = 40, 30, 12
    step = np.tile(np.arange(n_candidates), n_users)
    features = np.zeros((len(step), len(SOURCES)))
    features[:, 0] = 1 - step / n_candidates
    examples = replace(
        planted(n_users=n_users, strength=0.0), features=features, taken=step == place - 1
    )
    by_ten = ndcg_of(examples, features[:, 0])
    table = learned(examples)
    assert by_ten.tolist() == [0.0] * n_users
    assert table["blend_ndcg"][0] == pytest.approx(1 / np.log2(place + 1))
    assert table["gain"][0] == pytest.approx(1 / np.log2(place + 1))
    assert table["status"][0] == "learned"


def test_without_a_label_the_weights_are_the_prior() -> None:
    nobody = planted(n_users=1, strength=0.0).only(np.zeros(1, np.bool_))
    table = learned(nobody)
    assert table["status"].unique().to_list() == ["no_labels"]
    assert table["weight"].to_list() == table["prior_weight"].to_list()
    assert not table["is_floor"].any()


def test_the_floor_is_the_popularity_that_ranks_best_by_itself() -> None:
    examples = planted(n_users=400, strength=6.0)
    swapped = replace(examples, features=examples.features[:, [1, 2, 0]])
    assert learned(swapped).filter("is_floor")["feature"].to_list() == ["popularity_90d"]


def test_ndcg_of_a_list_without_a_word_is_zero() -> None:
    examples = planted(n_users=5, strength=1.0)
    assert ndcg_of(examples, np.zeros(len(examples.user))).tolist() == [0.0] * 5


@pytest.mark.parametrize("strategy", ["global_time", "per_user"])
def test_labels_come_after_the_history_of_the_same_user(strategy: str) -> None:
    for cut in inner_slices(
        random_log(5), strategy=strategy, settings=RankingSettings(inner_slices=3)
    ):
        last = cut.history.group_by("user_id").agg(pl.col("event_at").max().alias("last"))
        assert (
            cut.labels.join(last, on="user_id")
            .filter(pl.col("event_at") < pl.col("last"))
            .is_empty()
        )
        assert cut.history.filter(pl.col("event_at") > cut.cutoff_at).is_empty()


@pytest.mark.parametrize("strategy", ["global_time", "per_user"])
def test_an_event_at_the_cut_is_a_label_and_never_history_too(strategy: str) -> None:
    log = events(*((1, item, f"2024-01-{item:02d}") for item in range(1, 11)))
    (cut,) = inner_slices(
        log, strategy=strategy, settings=RankingSettings(inner_slices=1, inner_label_share=0.2)
    )
    assert (sorted(cut.history["item_id"]), sorted(cut.labels["item_id"])) == (
        [1, 2, 3, 4, 5, 6, 7, 8],
        [9, 10],
    )


def test_slices_do_not_overlap_and_hold_the_share_of_labels() -> None:
    log = random_log(5)
    cuts = list(
        inner_slices(
            log,
            strategy="global_time",
            settings=RankingSettings(inner_slices=3, inner_label_share=0.1),
        )
    )
    labels = pl.concat([cut.labels for cut in cuts])
    assert labels.unique().height == labels.height == pytest.approx(0.3 * log.height, abs=6)


def test_a_log_of_one_instant_has_no_inner_cut() -> None:
    log = random_log(5).with_columns(pl.lit(datetime(2024, 1, 1)).alias("event_at"))
    assert list(inner_slices(log, strategy="global_time", settings=SETTINGS)) == []


def test_sampled_users_do_not_depend_on_the_order() -> None:
    users = pl.Series(range(100))
    assert sample_users(users, most=10, seed=1).equals(
        sample_users(users.reverse(), most=10, seed=1)
    )
    assert len(sample_users(users, most=10, seed=1)) == 10


def test_learning_on_communities_beats_the_floor() -> None:
    table = make_world(communities(7, n_users=150), datetime(2024, 5, 1)).tables["ranking_weights"]
    assert table["status"].unique().to_list() == ["learned"]
    assert table["blend_ndcg"][0] > 2 * table.filter("is_floor")["ndcg_alone"].item()


def test_a_blend_that_does_harm_gives_way_to_the_floor_alone() -> None:
    examples = planted(n_users=600, strength=0.0)
    features = examples.features.copy()
    # the popularity of 90 days knows what is taken, and nothing that learns is told of it
    features[:, 2] = np.where(examples.taken, 1.0, 0.999)
    features[:, 0] = np.where(examples.taken, 0.0, features[:, 0])
    settings = SETTINGS.model_copy(update={"weight_shrinkage": 1e9})
    held = learn_weights(
        replace(examples, features=features),
        sources=[replace(SOURCES[0], name="sequence_recent"), *SOURCES[1:]],
        settings=settings,
        rng=random_stream(1, "test"),
        samples=200,
    )
    floor = held.row(by_predicate=pl.col("is_floor"), named=True)
    assert held["status"].unique().to_list() == ["floor"]
    assert floor["weight"] == 1
    assert held["weight"].sum() == 1
    assert "floor alone" in floor["evidence"]


PRIOR = WeightPrior({}, Expected(0.5, 0.25), ("films", "news"))


@pytest.mark.parametrize(("error", "status"), [(0.10, "prior"), (0.01, "floor")])
def test_few_label_users_do_not_overturn_what_other_logs_gained(error: float, status: str) -> None:
    # these lost .02 of a floor of .2, where others gained half of theirs: .1, give or take .05
    low, high = -0.02 - 1.959964 * error, -0.02 + 1.959964 * error
    gain = Interval(*(np.array([value]) for value in (-0.02, low, high)))
    expected = (-0.02 / error**2 + 0.1 / 0.05**2) / (1 / error**2 + 1 / 0.05**2)
    assert expected_gain(gain, PRIOR, floor=0.2) == pytest.approx(expected, rel=1e-5)
    alone = Interval(*(np.array([value]) for value in (0.2, 0.1, 0.3)))
    evidence = Evidence(0, alone, 0.18, 0.2, gain, expected, 50)
    assert evidence.status == status


@pytest.mark.parametrize(
    ("mean", "is_surer", "status"),
    [
        (-0.001, True, "floor"),
        (-0.001, False, "prior"),
        (0.001, True, "prior"),
    ],
)
def test_labels_that_are_surer_than_other_logs_decide_whether_there_is_a_gain(
    *, mean: float, is_surer: bool, status: str
) -> None:
    gain = Interval(*(np.array([value]) for value in (mean, mean - 0.03, mean + 0.03)))
    alone = Interval(*(np.array([value]) for value in (0.2, 0.1, 0.3)))
    assert Evidence(0, alone, 0.2 + mean, 0.2, gain, 0.002, 48, is_surer).status == status


def test_labels_are_surer_where_their_error_is_below_what_logs_differ_by() -> None:
    # families differ by .25 of a floor of .2: .05
    for error in (0.04, 0.06):
        ends = (-1.959964 * error, 1.959964 * error)
        gain = Interval(*(np.array([value]) for value in (0.0, *ends)))
        assert errors_of(gain, PRIOR, floor=0.2) == pytest.approx((error, 0.05), rel=1e-5)
