from math import log2

import numpy as np
import pytest

from ntg_assets.evaluation.ranking.list_breadth import gini
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.statistics.ranking_metrics import hits_by_place, user_metrics

HITS = np.array(
    [[True, False, True, False], [False, False, False, True], [False, False, False, False]]
)
RELEVANT = np.array([2, 5, 1])


def test_metrics_follow_their_definitions() -> None:
    found = user_metrics(HITS, RELEVANT, k=4)
    best_of_two, best_of_four = 1 + 1 / log2(3), 1 + 1 / log2(3) + 1 / 2 + 1 / log2(5)
    assert found.ndcg == pytest.approx([(1 + 1 / 2) / best_of_two, (1 / log2(5)) / best_of_four, 0])
    assert found.recall == pytest.approx([1, 1 / 5, 0])
    assert found.average_precision == pytest.approx([(1 + 2 / 3) / 2, (1 / 4) / 4, 0])
    assert found.reciprocal_rank == pytest.approx([1, 1 / 4, 0])
    assert found.hit.tolist() == [1, 1, 0]


def test_places_beyond_k_do_not_count() -> None:
    assert user_metrics(HITS, RELEVANT, k=3).hit.tolist() == [1, 0, 0]


def test_a_perfect_list_has_ndcg_one_however_many_items_are_relevant() -> None:
    assert user_metrics(np.ones((1, 3), np.bool_), np.array([7]), k=3).ndcg.tolist() == [1.0]


def test_rows_are_laid_out_by_rank() -> None:
    laid = hits_by_place(
        np.array([0, 0, 1]), np.array([2, 9, 1]), np.array([True, True, True]), n_users=2, k=3
    )
    assert laid.tolist() == [[False, True, False], [True, False, False]]


def test_an_interval_covers_the_mean_and_narrows_with_users() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for n_users in (50, 4_000):
        found = mean_intervals(
            rng.normal(size=(n_users, 1)), rng=np.random.default_rng(2), samples=400
        )
        assert found.low[0] < found.mean[0] < found.high[0]
        widths.append((found.high - found.low)[0])
    assert widths[1] == pytest.approx(widths[0] * (50 / 4_000) ** 0.5, rel=0.25)


def test_many_users_get_the_normal_interval_of_the_same_width() -> None:
    values = np.random.default_rng(1).normal(size=(5_000, 1))
    normal = mean_intervals(values, rng=np.random.default_rng(2), samples=400)
    drawn = mean_intervals(values[:-1], rng=np.random.default_rng(2), samples=400)
    assert normal.high - normal.low == pytest.approx(drawn.high - drawn.low, rel=0.1)


@pytest.mark.parametrize(
    ("exposure", "expected"),
    [([1, 1, 1, 1], 0), ([0, 0, 0, 8], 3 / 4), ([1, 3], 1 / 4), ([0, 0], 0)],
)
def test_gini(exposure: list[float], expected: float) -> None:
    assert gini(np.array(exposure, np.float64)) == pytest.approx(expected)
