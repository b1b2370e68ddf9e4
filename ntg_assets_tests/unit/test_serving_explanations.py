import json
from collections.abc import Iterator
from datetime import datetime
from math import sqrt
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.cli.json_answers import plain
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.rules import RulesSettings
from ntg_assets.errors import StorageError, UnknownItemError, UnknownUserError
from ntg_assets.serving.explain_axis import explain_axis
from ntg_assets.serving.explain_edge import Counts, explain_edge, why_no_edge
from ntg_assets.serving.explain_user import explain_user
from ntg_assets.serving.published import Published, open_published
from ntg_assets.taste.taste_axes import find_taste_axes, score_users
from ntg_assets_tests.publications import publish_world, settings_of
from ntg_assets_tests.ranking_world import RANKING, TASTE, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)
TASTE_HERE = TASTE.model_copy(
    update={
        "min_item_support": 4,
        "min_shared_users": 3,
        "max_items_per_user": 7,
        "neighbours_per_item": 4,
        "n_axes": 3,
    }
)
ITEMS = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    title=pl.concat_str(pl.lit("Title "), "item_id"), categories=pl.lit(None, pl.String)
)
CATEGORIES = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    category=pl.concat_str(pl.lit("group "), (pl.col("item_id") - 1) // 12),
    position=pl.lit(1, pl.Int64),
)
RULES = RulesSettings.model_validate(
    {"exclude_items": [5], "boosts": [{"category": "group 1", "factor": 3}]}
)


@pytest.fixture(scope="module")
def world() -> World:
    ranking = RANKING.model_copy(update={"rules": RULES})
    return make_world(
        LOG,
        CUTOFF,
        taste=TASTE_HERE,
        ranking=ranking,
        titles=ITEMS.select("item_id", "title"),
        categories=CATEGORIES,
    )


@pytest.fixture(scope="module")
def published(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    axes = find_taste_axes(
        world.tables["taste_graph"], item_categories=CATEGORIES, titles=ITEMS, settings=TASTE_HERE
    )
    paths = publish_world(
        world,
        LOG,
        tmp_path_factory.mktemp("published"),
        cutoff_at=CUTOFF,
        items=ITEMS,
        item_categories=CATEGORIES,
        more={"taste_axes": axes, "user_taste": score_users(LOG, axes=axes)},
    )
    with open_published(settings_of(world, taste=TASTE_HERE), paths) as opened:
        yield opened


@pytest.mark.slow
def test_every_pair_of_items_is_explained_as_the_graph_has_it(
    published: Published, world: World
) -> None:
    stored = {
        (row["item_id"], row["neighbour_id"]): row
        for row in world.tables["taste_graph"].iter_rows(named=True)
    }
    verdicts = set()
    looked_at = (*range(1, 7), 12, 13, 14)  # of two groups
    for item in looked_at:
        for other in looked_at:
            if item == other:
                continue
            told, row = explain_edge(published, str(item), str(other)), stored.get((item, other))
            assert told.is_edge == (row is not None)
            if row is None:
                verdicts.add(told.verdict.split("(")[-1].split(")")[0])
                continue
            assert (told.rank, told.stored_similarity) == (row["rank"], row["similarity"])
            assert (told.similarity, told.cosine) == (row["similarity"], row["cosine"])
            counts = told.counts
            assert (counts.item_users, counts.neighbour_users, counts.shared_users) == (
                row["item_users"],
                row["neighbour_users"],
                row["shared_users"],
            )
    assert verdicts >= {"min_shared_users", "neighbours_per_item"}


@pytest.mark.parametrize(
    ("counts", "guardrail"),
    [
        (Counts(3, 9, 3, 3, 9, 3), "the item has 3 users, and a node needs 4 (min_item_support)"),
        (
            Counts(9, 5, 5, 9, 2, 2),
            (
                "the neighbour has 5 users, 2 of them among their 7 most recent items"
                " (max_items_per_user)"
            ),
        ),
        (Counts(9, 9, 2, 9, 9, 2), "2 users have had both, and an edge needs 3 (min_shared_users)"),
        (
            Counts(9, 9, 4, 8, 8, 1),
            "4 users have had both, 1 of them among their 7 most recent items (max_items_per_user)",
        ),
        (
            Counts(9, 9, 4, 9, 9, 4),
            (
                "keeps its 1 strongest (neighbours_per_item), of which the weakest has 0.7000; this"
                " one has 0.3000"
            ),
        ),
    ],
)
def test_a_missing_edge_names_its_guardrail(counts: Counts, guardrail: str) -> None:
    assert guardrail in why_no_edge(counts, 0.3, pl.DataFrame({"similarity": [0.7]}), TASTE_HERE)


def test_the_arithmetic_of_an_edge_is_that_of_its_formula(
    published: Published, world: World
) -> None:
    row = world.tables["taste_graph"].row(0, named=True)
    told = explain_edge(published, str(row["item_id"]), f"title {row['neighbour_id']}")
    counts = told.counts
    assert told.cosine == pytest.approx(
        counts.shared_users / sqrt(counts.item_users * counts.neighbour_users)
    )
    assert told.similarity == pytest.approx(
        told.cosine * counts.shared_users / (counts.shared_users + TASTE_HERE.shrinkage)
    )
    assert told.neighbour.title == f"Title {row['neighbour_id']}"


@pytest.mark.slow
def test_the_parts_of_every_place_add_up_to_its_score_to_the_bit(
    published: Published, world: World
) -> None:
    for user in (1, 2, 3):
        for row in (
            world.tables["recommendations"].filter(pl.col("user_id") == user).iter_rows(named=True)
        ):
            told = explain_user(published, str(user), item=str(row["item_id"])).explained
            assert told is not None
            assert told.rank == row["rank"]
            assert told.score == row["score"]
            summed = 0.0
            for part in told.parts:
                summed += part.contribution
            assert summed * told.boost == row["score"]
            assert told.boost == (3.0 if 13 <= row["item_id"] <= 24 else 1.0)


def test_what_is_not_on_the_list_is_said_why(published: Published) -> None:
    had = LOG.filter(pl.col("user_id") == 1, pl.col("item_id") != 5)["item_id"][0]
    for item, reason in (
        (5, "the business rule exclude_items excludes it"),
        (had, "the user has had it (1 events)"),
    ):
        told = explain_user(published, "1", item=str(item)).explained
        assert told is not None
        assert told.rank is None
        assert reason in told.verdict


def test_a_user_without_a_place_in_the_radar_still_has_a_list(published: Published) -> None:
    told = explain_user(published, "7")
    assert told.risk is None
    assert [place.rank for place in told.places] == list(range(1, 6))
    assert (told.n_events, told.n_items) == (8, 8)
    latest = (
        LOG.filter(pl.col("user_id") == 7)
        .sort("event_at", descending=True)["item_id"]
        .head(5)
        .to_list()
    )
    assert [item.item_id for item in told.recent] == latest
    assert 0 < told.axes[0].percentile <= 1


def test_an_axis_is_found_by_number_and_by_name(published: Published) -> None:
    told = explain_axis(published, "1")
    assert told.items[0].loading == 1.0
    assert told.categories[0].share > told.categories[0].share_everywhere
    assert explain_axis(published, told.name) == told
    assert explain_axis(published, told.name.split(": ")[0]) == told
    assert sum(explain_axis(published, str(axis)).n_strongest for axis in (1, 2, 3)) == told.n_users


def test_unknown_names_are_one_sentence_with_the_nearest_known(published: Published) -> None:
    with pytest.raises(UnknownUserError, match="user '999' is not among the 60 users"):
        explain_user(published, "999")
    with pytest.raises(UnknownUserError, match="user 'Ann' is not among"):
        explain_user(published, "Ann")
    with pytest.raises(UnknownItemError, match="id or title 'Tilte 30'; nearest titles: 'Title 3"):
        explain_edge(published, "1", "Tilte 30")
    with pytest.raises(UnknownItemError, match="no edge to itself"):
        explain_edge(published, "1", "Title 1")
    with pytest.raises(UnknownItemError, match=r"3 axes are called 'group'\. Known: 1 group"):
        explain_axis(published, "group")


def test_an_answer_becomes_plain_json(published: Published) -> None:
    told = plain(explain_user(published, "7"))
    json.dumps(told, allow_nan=False)
    assert isinstance(told, dict)
    assert told["explained"]["parts"][0].keys() == {
        "source",
        "weight",
        "feature",
        "contribution",
        "seeds",
    }


def test_before_anything_is_published_it_is_said_what_to_run(world: World, tmp_path: Path) -> None:
    paths = Paths(home=tmp_path, workspace=tmp_path)
    with (
        pytest.raises(StorageError, match="Run `ntg run-all` first"),
        open_published(settings_of(world), paths),
    ):
        pass
