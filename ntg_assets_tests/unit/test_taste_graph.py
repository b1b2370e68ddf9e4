from datetime import datetime, timedelta
from math import sqrt

import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.taste.contracts import GraphGuardrails, TasteGraph
from ntg_assets.taste.taste_graph import build_taste_graph
from ntg_assets_tests.logs import events

OPEN = TasteSettings(min_item_support=1, min_shared_users=1, shrinkage=0, neighbours_per_item=10)
INTEGERS = IdTypes("integer", "integer")


def log_of(**histories: list[int]) -> pl.DataFrame:
    """Make a log: user `u1` takes the items of the list one day after the other."""
    return events(
        *(
            (int(user[1:]), item, (datetime(2024, 1, 1) + timedelta(days=day)).isoformat())
            for user, items in histories.items()
            for day, item in enumerate(items)
        )
    )


def edge(edges: pl.DataFrame, item: int, neighbour: int) -> dict[str, object]:
    return edges.row(
        by_predicate=(pl.col("item_id") == item) & (pl.col("neighbour_id") == neighbour), named=True
    )


def test_an_edge_carries_its_evidence() -> None:
    graph = build_taste_graph(
        log_of(u1=[1, 2], u2=[1, 2], u3=[1], u4=[2, 3]),
        settings=OPEN.model_copy(update={"shrinkage": 20.0}),
    )
    found = edge(graph.edges, 1, 2)
    assert (found["shared_users"], found["item_users"], found["neighbour_users"]) == (2, 3, 3)
    assert found["cosine"] == 2 / sqrt(3 * 3)
    assert found["similarity"] == 2 / sqrt(3 * 3) * (2 / (2 + 20))


def test_items_of_the_same_users_have_cosine_one_in_both_directions() -> None:
    edges = build_taste_graph(log_of(u1=[1, 2], u2=[2, 1]), settings=OPEN).edges
    assert edges.select("item_id", "neighbour_id", "cosine").rows() == [(1, 2, 1.0), (2, 1, 1.0)]


def test_having_an_item_twice_counts_once() -> None:
    once = build_taste_graph(log_of(u1=[1, 2], u2=[1, 2]), settings=OPEN)
    twice = build_taste_graph(log_of(u1=[1, 2, 1, 2], u2=[1, 2]), settings=OPEN)
    assert twice.edges.equals(once.edges)
    assert twice.guardrails["n_events_removed"][0] == 2


def test_ties_go_to_the_item_with_more_users_then_to_the_lower_id() -> None:
    log = log_of(u1=[9, 5, 7], u2=[9, 5, 7], u3=[5], u4=[3, 9], u5=[3, 9])
    nearest = build_taste_graph(
        log, settings=OPEN.model_copy(update={"shrinkage": 1000.0})
    ).edges.filter(pl.col("item_id") == 9)
    # 7 and 3 have two users each, all shared with 9: the same similarity, so the lower id stands
    # first
    assert nearest["neighbour_id"].to_list() == [3, 7, 5]


def test_the_power_user_cap_keeps_the_most_recent_items() -> None:
    log = log_of(u1=[1, 2, 3, 4])
    graph = build_taste_graph(log, settings=OPEN.model_copy(update={"max_items_per_user": 2}))
    assert sorted(graph.edges["item_id"].unique()) == [3, 4]
    cap = graph.guardrails.row(by_predicate=pl.col("guardrail") == "max_items_per_user", named=True)
    assert (cap["n_events_removed"], cap["n_items_removed"], cap["n_updates_saved"]) == (
        2,
        2,
        4 * 4 - 2 * 2,
    )


def test_items_taken_at_one_instant_are_capped_by_the_lower_id() -> None:
    log = events(*((1, item, "2024-01-01") for item in (4, 2, 3)))
    graph = build_taste_graph(log, settings=OPEN.model_copy(update={"max_items_per_user": 2}))
    assert sorted(graph.edges["item_id"].unique()) == [2, 3]


def test_a_weak_edge_leaves_before_the_cut_to_the_best() -> None:
    # 2 shares one user with 1 at a higher cosine than 3 with its two: with two users demanded, 3
    # must take the only place
    log = log_of(u1=[1, 2], u2=[1, 3], u3=[1, 3], u4=[3], u5=[3], u6=[3], u7=[3], u8=[3])
    strict = OPEN.model_copy(update={"min_shared_users": 2, "neighbours_per_item": 1})
    lax = strict.model_copy(update={"min_shared_users": 1})
    assert build_taste_graph(log, settings=lax).edges.filter(pl.col("item_id") == 1)[
        "neighbour_id"
    ].to_list() == [2]
    assert build_taste_graph(log, settings=strict).edges.filter(pl.col("item_id") == 1)[
        "neighbour_id"
    ].to_list() == [3]


def test_an_item_without_support_is_no_node_and_is_counted() -> None:
    graph = build_taste_graph(
        log_of(u1=[1, 2], u2=[1, 2], u3=[1, 3]),
        settings=OPEN.model_copy(update={"min_item_support": 2}),
    )
    assert 3 not in graph.edges["neighbour_id"]
    row = graph.guardrails.row(by_predicate=pl.col("guardrail") == "min_item_support", named=True)
    assert (row["n_items_removed"], row["n_events_removed"], row["n_items_left"]) == (1, 1, 2)


def test_each_guardrail_passes_on_what_it_left() -> None:
    report = build_taste_graph(
        log_of(u1=[1, 2, 3, 1], u2=[1, 2, 3], u3=[3, 4]),
        settings=OPEN.model_copy(update={"neighbours_per_item": 1}),
    ).guardrails
    rows = report.filter(pl.col("n_events_left").is_not_null())
    for before, after in zip(
        rows.iter_rows(named=True), rows.slice(1).iter_rows(named=True), strict=False
    ):
        assert after["n_events_left"] == before["n_events_left"] - after["n_events_removed"]
        assert after["n_items_left"] == before["n_items_left"] - after["n_items_removed"]
    # 1-2, 1-3, 2-3, 3-4, each in both directions; one neighbour stays per item
    assert report["n_edges_left"].to_list() == [None, None, None, 8, 4]
    assert report["n_edges_removed"].to_list() == [None, None, None, 0, 4]


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("log", "n_edges"),
    [
        (log_of(), 0),
        (log_of(u1=[1]), 0),
        (log_of(u1=[1], u2=[1], u3=[1]), 0),
        (log_of(u1=[1, 2, 3], u2=[1, 2, 3]), 6),
    ],
    ids=["empty", "one event", "one item", "all users alike"],
)
def test_odd_logs_give_the_right_graph(log: pl.DataFrame, n_edges: int, *, compiled: bool) -> None:
    graph = build_taste_graph(
        log, settings=OPEN.model_copy(update={"neighbours_per_item": 500}), compiled=compiled
    )
    assert check_frame(graph.edges, TasteGraph, ids=INTEGERS).height == n_edges
    check_frame(graph.guardrails, GraphGuardrails, ids=INTEGERS)


def test_string_ids_of_any_kind_stay_as_they_are() -> None:
    names = {1: 'it\'s "quoted"', 2: "🎬", 3: "00042"}
    log = log_of(u1=[1, 2, 3], u2=[1, 2, 3]).with_columns(
        pl.col("item_id").replace_strict(names), pl.col("user_id").cast(pl.String)
    )
    edges = build_taste_graph(log, settings=OPEN).edges
    assert set(edges["item_id"]) == set(names.values())
    check_frame(edges, TasteGraph, ids=IdTypes("string", "string"))


def test_a_user_with_a_hundred_thousand_events_costs_no_more_than_the_cap() -> None:
    seconds = pl.int_range(100_000)
    many = pl.select(
        user_id=pl.lit(1),
        item_id=seconds,
        event_at=(pl.lit(datetime(2024, 1, 1)) + pl.duration(seconds=seconds)).cast(
            pl.Datetime("us")
        ),
    )
    few = log_of(u2=[99_999, 99_998], u3=[99_999, 99_998]).select(many.columns)
    log = pl.concat([many.cast(few.schema), few])
    graph = build_taste_graph(log, settings=TasteSettings(min_item_support=2))
    assert graph.edges.select("item_id", "neighbour_id", "shared_users").rows() == [
        (99_998, 99_999, 3),
        (99_999, 99_998, 3),
    ]
