import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.taste.ease_graph import build_linear_graph
from ntg_assets_tests.logs import random_log

OPEN = TasteSettings(min_item_support=1, linear_min_item_support=1, linear_regularisation=5.0)


def ease(log: pl.DataFrame, regularisation: float) -> dict[tuple[int, int], float]:
    """Steck's closed form, straight from the paper: B = I - P diag(1 / diag(P)),
    P = (X'X + r I)^-1.
    """
    users, items = sorted(log["user_id"].unique()), sorted(log["item_id"].unique())
    x = np.zeros((len(users), len(items)))
    for user, item in log.select("user_id", "item_id").iter_rows():
        x[users.index(user), items.index(item)] = 1
    p = np.linalg.inv(x.T @ x + regularisation * np.eye(len(items)))
    b = np.eye(len(items)) - p / np.diag(p)
    return {
        (items[i], items[j]): b[i, j]
        for i in range(len(items))
        for j in range(len(items))
        if i != j and b[i, j] > 0
    }


@pytest.mark.parametrize(
    ("n_users", "n_items"),
    [(6, 20), (40, 8)],
    ids=["fewer users than items", "more users than items"],
)
def test_weights_are_those_of_the_closed_form(n_users: int, n_items: int) -> None:
    log = random_log(3, n_events=120, n_users=n_users, n_items=n_items)
    n_pairs, n_found = log.select("user_id", "item_id").n_unique(), log["item_id"].n_unique()
    edges = build_linear_graph(
        log, settings=OPEN.model_copy(update={"linear_regularisation": 5.0 / (n_pairs / n_found)})
    )
    found = {
        (item, neighbour): weight
        for item, neighbour, weight in edges.select("item_id", "neighbour_id", "weight").iter_rows()
    }
    expected = {ends: weight for ends, weight in ease(log, 5.0).items() if weight > 1e-12}
    assert {ends: weight for ends, weight in found.items() if weight > 1e-12} == pytest.approx(
        expected
    )


def test_only_the_best_supported_items_take_part() -> None:
    log = random_log(4)
    best = (
        log.group_by("item_id")
        .agg(pl.col("user_id").n_unique().alias("n"))
        .sort("n", "item_id", descending=[True, False])["item_id"]
        .head(4)
    )
    edges = build_linear_graph(log, settings=OPEN.model_copy(update={"linear_max_items": 4}))
    assert set(edges["item_id"]) | set(edges["neighbour_id"]) <= set(best)


def test_it_can_be_turned_off() -> None:
    assert build_linear_graph(
        random_log(4), settings=OPEN.model_copy(update={"linear_max_items": 0})
    ).is_empty()


def test_each_item_keeps_the_strongest_weights_that_lead_to_it() -> None:
    edges = build_linear_graph(
        random_log(3), settings=OPEN.model_copy(update={"linear_neighbours_per_item": 2})
    )
    whole = build_linear_graph(random_log(3), settings=OPEN)
    strongest = (
        whole.sort("weight", "neighbour_id", descending=[True, False])
        .group_by("neighbour_id")
        .head(2)
    )
    assert edges.group_by("neighbour_id").len()["len"].max() == 2
    assert edges["weight"].sum() == pytest.approx(strongest["weight"].sum())
