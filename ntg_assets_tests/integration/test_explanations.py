"""Explanations of the bundled data, as a person asks for them."""

import json

import polars as pl
import pytest

from ntg_assets_tests.workspaces import Workspace

pytestmark = pytest.mark.slow


def test_a_list_is_explained_by_parts_that_add_up_to_the_published_score(
    movielens: Workspace,
) -> None:
    first = (
        movielens.table("live", "recommendations")
        .filter(pl.col("user_id") == 567, pl.col("rank") == 1)
        .row(0, named=True)
    )
    told = json.loads(movielens.fresh.done("explain", "567", "--json"))
    assert told["explained"]["score"] == first["score"]
    summed = 0.0
    for part in told["explained"]["parts"]:
        assert part["contribution"] == part["weight"] * part["feature"]
        summed += part["contribution"]
    assert summed * told["explained"]["boost"] == first["score"]
    radar = (
        movielens.table("live", "revenue_risk_radar")
        .filter(pl.col("user_id") == 567)
        .row(0, named=True)
    )
    assert told["risk"]["churn"]["value"] == radar["churn_probability"]
    printed = movielens.done("explain", "567", "--item", "Toy Story 2 (1999)")
    for said in (
        "Toy Story 2 (1999)",
        "sum of the parts",
        "risk ",
        "value ",
        "index points, not money",
    ):
        assert said in printed


def test_an_edge_is_recomputed_to_the_last_bit(movielens: Workspace) -> None:
    printed = movielens.fresh.done("explain-edge", "Toy Story (1995)", "3114")
    assert "An edge: number" in printed
    assert "the same to the last bit" in printed
    told = json.loads(movielens.done("explain-edge", "1", "3114", "--json"))
    assert told["similarity"] == told["stored_similarity"]


def test_an_axis_is_shown_with_its_items(movielens: Workspace) -> None:
    axes = movielens.table("live", "taste_axes")
    assert axes.filter(pl.col("axis") == 1)["name"][0] in movielens.fresh.done("explain-axis", "1")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("explain", "999999"), "user '999999' is not among the 610 users"),
        (("explain", "567", "--item", "Toy Storey"), "nearest titles: 'Toy Story (1995)'"),
        (("explain-edge", "1", "1"), "no edge to itself"),
        (("explain-axis", "nothing like it"), "Known: 1 "),
    ],
)
def test_what_is_not_known_is_one_sentence(
    movielens: Workspace, asked: tuple[str, ...], told: str
) -> None:
    finished = movielens.ntg(*asked)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert told in finished.stderr
