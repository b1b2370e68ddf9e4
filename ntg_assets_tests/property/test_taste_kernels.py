"""Both engines give what brute force gives, in any order of rows and for any number of workers."""

from math import sqrt

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.taste.ease_graph import build_linear_graph, gram_of
from ntg_assets.taste.neighbours_kernel import compiled_neighbours
from ntg_assets.taste.sequence_graph import build_sequence_graph
from ntg_assets.taste.taste_axes import find_taste_axes, score_users
from ntg_assets.taste.taste_graph import build_taste_graph, guarded_nodes
from ntg_assets_tests.logs import random_log

shapes = st.tuples(st.integers(1, 400), st.integers(1, 30), st.integers(1, 40))
guardrails = st.builds(
    TasteSettings,
    neighbours_per_item=st.integers(1, 12),
    min_item_support=st.integers(1, 3),
    min_shared_users=st.integers(1, 3),
    max_items_per_user=st.integers(2, 30),
    shrinkage=st.sampled_from([0.0, 1.0, 20.0]),
    sequence_window=st.integers(1, 10),
)


def small_log(seed: int, shape: tuple[int, int, int]) -> pl.DataFrame:
    n_events, n_users, n_items = shape
    return random_log(
        seed, n_events=n_events, n_users=n_users, n_items=n_items, n_days=3
    ).with_columns(pl.col("event_at").dt.truncate("1h"))


def brute_force(log: pl.DataFrame, chosen: TasteSettings) -> list[tuple[int, int, int, float]]:
    """Count and cut pair by pair, straight from the definition."""
    latest = (
        log.group_by("user_id", "item_id")
        .agg(pl.col("event_at").max())
        .sort("user_id", "event_at", "item_id", descending=[False, True, False])
    )
    capped = latest.group_by("user_id", maintain_order=True).head(chosen.max_items_per_user)
    users: dict[int, set[int]] = {}
    for user, item in capped.select("user_id", "item_id").iter_rows():
        users.setdefault(item, set()).add(user)
    nodes = {item: who for item, who in users.items() if len(who) >= chosen.min_item_support}
    rows = []
    for item, who in nodes.items():
        edges = []
        for other, others in nodes.items():
            n = len(who & others)
            if other != item and n >= chosen.min_shared_users:
                edges.append(
                    (
                        -(n / sqrt(len(who) * len(others)) * (n / (n + chosen.shrinkage))),
                        -len(others),
                        other,
                        n,
                    )
                )
        rows += [
            (item, other, n, -minus)
            for minus, _, other, n in sorted(edges)[: chosen.neighbours_per_item]
        ]
    return sorted(rows)


@given(seed=st.integers(0, 10_000), shape=shapes, chosen=guardrails)
@settings(max_examples=60)
def test_the_graph_is_that_of_brute_force(
    seed: int, shape: tuple[int, int, int], chosen: TasteSettings
) -> None:
    log = small_log(seed, shape)
    edges = build_taste_graph(log, settings=chosen).edges
    assert sorted(
        edges.select("item_id", "neighbour_id", "shared_users", "similarity").iter_rows()
    ) == brute_force(log, chosen)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), shape=shapes, chosen=guardrails)
@settings(max_examples=60)
def test_the_compiled_engines_give_the_same_bits(
    seed: int, shape: tuple[int, int, int], chosen: TasteSettings
) -> None:
    log = small_log(seed, shape)
    for build in (build_taste_graph, build_sequence_graph):
        plain, compiled = (
            build(log, settings=chosen, compiled=False),
            build(log, settings=chosen, compiled=True),
        )
        assert compiled.edges.equals(plain.edges)
        assert compiled.guardrails.equals(plain.guardrails)


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), shape=shapes, workers=st.integers(1, 5))
@settings(max_examples=20)
def test_the_number_of_workers_does_not_matter(
    seed: int, shape: tuple[int, int, int], workers: int
) -> None:
    matrix = guarded_nodes(
        code_interactions(small_log(seed, shape)), settings=TasteSettings(min_item_support=1)
    ).matrix
    one, many = (
        compiled_neighbours(matrix, k=5, min_shared=1, shrinkage=10.0, workers=n)
        for n in (1, workers)
    )
    for name in ("item", "neighbour", "rank", "shared", "cosine", "similarity"):
        assert np.array_equal(getattr(one, name), getattr(many, name))


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000), shape=shapes)
@settings(max_examples=20)
def test_order_of_rows_does_not_matter(
    seed: int, shuffle: int, shape: tuple[int, int, int]
) -> None:
    log = small_log(seed, shape)
    mixed = log.sample(fraction=1, shuffle=True, seed=shuffle)
    chosen = TasteSettings(
        min_item_support=1, min_shared_users=1, n_axes=3, linear_regularisation=10
    )
    made = []
    for rows in (log, mixed):
        graph = build_taste_graph(rows, settings=chosen)
        axes = find_taste_axes(
            graph.edges, item_categories=NO_CATEGORIES, titles=NO_TITLES, settings=chosen
        )
        linear, sequence = (
            build_linear_graph(rows, settings=chosen),
            build_sequence_graph(rows, settings=chosen).edges,
        )
        made.append(
            [graph.edges, graph.guardrails, sequence, linear, axes, score_users(rows, axes=axes)]
        )
    for left, right in zip(*made, strict=True):
        assert left.equals(right)


NO_CATEGORIES = pl.DataFrame(schema={"item_id": pl.Int64, "category": pl.String})
NO_TITLES = pl.DataFrame(schema={"item_id": pl.Int64, "title": pl.String})


@given(seed=st.integers(0, 10_000), shape=shapes)
@settings(max_examples=20)
def test_similarity_is_symmetric_and_bounded(seed: int, shape: tuple[int, int, int]) -> None:
    whole = TasteSettings(min_item_support=1, min_shared_users=1, neighbours_per_item=1000)
    edges = build_taste_graph(small_log(seed, shape), settings=whole).edges
    there = {
        (a, b): s for a, b, s in edges.select("item_id", "neighbour_id", "similarity").iter_rows()
    }
    assert all(there[b, a] == s for (a, b), s in there.items())
    assert edges.filter(
        (pl.col("cosine") > 1 + 1e-12) | (pl.col("similarity") > pl.col("cosine"))
    ).is_empty()


@pytest.mark.slow
@given(
    seed=st.integers(0, 10_000),
    n_users=st.integers(1, 60),
    n_items=st.integers(1, 40),
    density=st.floats(0.0, 1.0),
)
@settings(max_examples=20)
def test_both_engines_count_the_same_users_of_pairs(
    seed: int, n_users: int, n_items: int, density: float
) -> None:
    taken = np.random.default_rng(seed).random((n_users, n_items)) < density
    histories = sp.csr_array(taken.astype(np.float64))
    for compiled in (False, True):
        assert np.array_equal(
            gram_of(histories, compiled=compiled), taken.T.astype(float) @ taken.astype(float)
        )
