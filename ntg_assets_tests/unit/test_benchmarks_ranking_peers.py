"""The peers that know order: each on a log of a few rows whose answer can be counted."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from benchmarks.ranking import CASES, bundled_case, movielens, rolling, task_of
from benchmarks.ranking_blind import blind_pairs, sheet
from benchmarks.ranking_order_peers import (
    baskets,
    decayed_ease,
    followers,
    nearest,
    tifu_knn,
    up_cf,
    vsknn,
)
from benchmarks.ranking_peers import Task, ease, peer_lists
from benchmarks.ranking_repeats import CASES as REPEAT_CASES
from benchmarks.ranking_repeats import compared, goals_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import communities

LOG = events(
    *(
        (user, item, f"2024-01-{day:02d}")
        for user in (1, 2)
        for day, item in ((1, 10), (2, 20), (3, 30))
    ),
    (3, 10, "2024-01-01"),
    (3, 20, "2024-01-04"),
    (4, 40, "2024-01-01"),
    (4, 50, "2024-01-02"),
)


def task(log: pl.DataFrame = LOG, consumed: str = "never") -> Task:
    held = log.unique("user_id", maintain_order=True).with_columns(
        item_id=pl.lit(10, pl.Int64), event_at=pl.lit(datetime(2024, 6, 1))
    )
    ranking = RankingSettings(recommend_consumed=consumed)
    posed = task_of(log, held, strategy="global_time", taste=TasteSettings(), ranking=ranking)
    return posed if posed.relevant.height else posed.__class__(**{**vars(posed), "relevant": held})


def first(posed: Task, fit: object, user: int) -> int:
    lists = peer_lists(posed, fit(posed), k=1)  # type: ignore[operator]
    place = posed.users.to_list().index(user)
    return int(posed.log.items[int(lists[place, 0])])


@pytest.mark.parametrize(
    "fit", [vsknn(2, 3.0), followers(1.0, 0.0), decayed_ease(1.0, 3.0), up_cf(5, 1.0)]
)
def test_what_those_alike_took_next_comes_first(fit: object) -> None:
    posed = task(LOG.filter(pl.col("user_id") != 4))
    posed = posed.__class__(**{**vars(posed), "relevant": LOG.filter(pl.col("user_id") == 3)})
    assert first(posed, fit, 3) == 30


def test_a_follower_counts_one_by_its_lag_and_never_backwards() -> None:
    posed = task()
    scores = followers(0.001, 0.0)(posed)(posed, np.arange(4))
    code = {item: n for n, item in enumerate(posed.log.items)}
    # of user 3, who had 20 last, nothing else counts; 30 followed it once by each of two users
    assert scores[2, code[30]] == 2 * 1.0
    assert scores[2, code[10]] == 0.0


def test_baskets_are_days_counted_from_the_last() -> None:
    age, n_baskets = baskets(task())
    assert age.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 0, 1]
    assert n_baskets.tolist() == [3, 3, 2, 2]


def test_tifu_vectors_fade_within_a_group_and_stand_alone_without_neighbours() -> None:
    posed = task(consumed="allow")
    own = tifu_knn(0.5, 0.9, 1, 1.0)(posed)(posed, np.arange(4))
    code = {item: n for n, item in enumerate(posed.log.items)}
    assert [own[0, code[item]] for item in (30, 20, 10)] == pytest.approx(
        [1 / 3, 0.5 / 3, 0.25 / 3]
    )


def test_tifu_mixes_in_the_nearest_user() -> None:
    posed = task(consumed="allow")
    mixed = tifu_knn(0.5, 0.9, 1, 0.5)(posed)(posed, np.arange(4))
    own = tifu_knn(0.5, 0.9, 1, 1.0)(posed)(posed, np.arange(4))
    # users 1 and 2 are each other's nearest, with the same vector
    np.testing.assert_allclose(mixed[0], 0.5 * own[0] + 0.5 * own[1])


def test_nobody_is_a_neighbour_of_oneself() -> None:
    alike = nearest(np.array([[9.0, 2.0, 1.0], [3.0, 9.0, 0.0]]), np.array([0, 1]), 1)
    assert alike.tolist() == [[0.0, 2.0, 0.0], [3.0, 0.0, 0.0]]


def test_a_profile_that_never_fades_gives_the_lists_of_plain_ease() -> None:
    posed = task(communities(2))
    lists = [peer_lists(posed, fit(posed), k=3) for fit in (ease(5.0), decayed_ease(5.0, 1e12))]
    np.testing.assert_array_equal(lists[0], lists[1])


def test_instants_roll_back_from_the_last_for_global_time_alone() -> None:
    cases = rolling([CASES[0], bundled_case("g", movielens, "global_time", "never", 1.0)], 3)
    assert [name for name, *_ in cases] == ["movielens_per_user", "g", "g_back_1", "g_back_2"]
    logs = [case[1]() for case in cases[1:]]
    whole = logs[0].height
    assert [log.height / whole for log in logs] == pytest.approx([1, 0.95, 0.9], abs=0.002)


def test_a_blind_pair_holds_the_users_own_list_where_the_key_says_so() -> None:
    users = range(1, 9)
    lists = pl.DataFrame(
        [(user, rank, f"{user}/{rank}") for user in users for rank in (2, 1)],
        schema=["user_id", "rank", "title"],
        orient="row",
    )
    histories = pl.DataFrame({"user_id": list(users), "title": [f"had {user}" for user in users]})
    pairs = blind_pairs(lists, histories, n=4, seed=3)
    assert len(pairs) == 4
    for pair in pairs:
        user = pair.history[0].removeprefix("had ")
        assert pair.lists[pair.own] == [f"{user}/1", f"{user}/2"]
        assert pair.lists[1 - pair.own][0] != f"{user}/1"
    assert {pair.own for pair in blind_pairs(lists, histories, n=4, seed=5)} <= {0, 1}
    key = ", ".join(f"{number} {'AB'[pair.own]}" for number, pair in enumerate(pairs, start=1))
    assert sheet(pairs).splitlines()[-1] == f"Key: {key}"


def test_repeated_and_new_items_are_judged_apart() -> None:
    posed = task(consumed="allow")
    taken = pl.DataFrame({"user_id": [1, 1, 4], "item_id": [10, 40, 40]})
    posed = posed.__class__(**{**vars(posed), "relevant": taken})
    code = {item: n for n, item in enumerate(posed.log.items)}
    ours = np.full((2, 10), -1)
    ours[0, :2], ours[1, 0] = (code[10], code[40]), code[40]
    theirs = np.full((2, 10), -1)
    theirs[:, 0] = code[40]
    found = dict(compared(posed, ours, {"theirs": theirs}))
    assert found["all_items"]["ndcg"] == 1
    # user 1 had 10 before, user 4 had 40
    assert (found["repeated_items"]["ndcg"], found["repeated_items"]["theirs"]) == (1, 0.5)
    assert found["new_items"]["ndcg"] == pytest.approx(1 / np.log2(3))
    assert (found["new_items"]["theirs"], found["new_items"]["n_users"]) == (1, 1)


def test_lists_of_habit_below_their_best_rival_miss_the_goal() -> None:
    found = {
        "scoring_relative": 1.31,
        "learning_relative": 1.9,
        "all_items": {"relative_to_best_peer": 0.99},
    }
    goals = goals_of("habit", REPEAT_CASES["habit_per_user"], found)
    assert [goal.is_met for goal in goals] == [False, True, False]
