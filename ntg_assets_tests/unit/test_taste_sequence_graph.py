from math import sqrt

import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.taste.contracts import SequenceGraph
from ntg_assets.taste.sequence_graph import build_sequence_graph
from ntg_assets_tests.logs import events

OPEN = TasteSettings(min_item_support=1, min_shared_users=1, shrinkage=0, sequence_window=3)
LOG = events(
    (1, 10, "2024-01-01"),
    (1, 20, "2024-01-02"),
    (1, 30, "2024-01-03"),
    (2, 10, "2024-01-01"),
    (2, 30, "2024-01-05"),
)


def strengths(log: pl.DataFrame, settings: TasteSettings = OPEN) -> dict[tuple[int, int], float]:
    edges = build_sequence_graph(log, settings=settings).edges
    return {
        (item, neighbour): cosine
        for item, neighbour, cosine in edges.select("item_id", "neighbour_id", "cosine").iter_rows()
    }


def test_an_edge_weighs_one_over_the_lag_and_has_a_direction() -> None:
    assert strengths(LOG) == {
        (10, 20): 1 / sqrt(2 * 1),
        (20, 30): 1 / sqrt(1 * 2),
        (10, 30): (1 / 2 + 1) / sqrt(2 * 2),  # two steps later for user 1, the next step for user 2
    }


def test_what_is_taken_at_one_instant_has_no_order() -> None:
    basket = events((1, 10, "2024-01-01"), (1, 20, "2024-01-01"), (1, 30, "2024-01-02"))
    assert strengths(basket) == {(10, 30): 1.0, (20, 30): 1.0}


def test_the_window_ends_the_look_ahead() -> None:
    assert (10, 30) not in strengths(
        LOG.filter(pl.col("user_id") == 1), OPEN.model_copy(update={"sequence_window": 1})
    )


def test_the_evidence_is_users() -> None:
    edges = build_sequence_graph(
        LOG, settings=OPEN.model_copy(update={"min_shared_users": 2})
    ).edges
    assert edges.select(
        "item_id", "neighbour_id", "shared_users", "item_users", "neighbour_users"
    ).rows() == [(10, 30, 2, 2, 2)]


@pytest.mark.parametrize("n_rows", [0, 1])
def test_a_log_without_transitions_has_no_edges(n_rows: int) -> None:
    edges = build_sequence_graph(LOG.head(n_rows), settings=OPEN).edges
    assert check_frame(edges, SequenceGraph, ids=IdTypes("integer", "integer")).is_empty()
