"""What users disliked counts for nothing in profiles and reasons, and is had all the same."""

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import DislikeSettings
from ntg_assets.interactions.dislikes import MARK, history_columns, mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.lists.evidence import strongest_seeds
from ntg_assets.ranking.lists.reasons import give_reasons
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import World, communities, make_world

BY_VALUE = DislikeSettings(below_own_mean=True)
BY_TYPE = DislikeSettings(event_types=["skip"])
RATED = events(
    (1, 10, "2024-01-01"),
    (1, 20, "2024-01-02"),
    (1, 30, "2024-01-03"),
    (2, 10, "2024-01-01"),
    (2, 20, "2024-01-02"),
).with_columns(value=pl.Series([5.0, 1.0, 3.0, 0.1, 0.1]), event_type=pl.lit("rating"))


def disliked(frame: pl.DataFrame, dislikes: DislikeSettings) -> set[tuple[int, int]]:
    log = code_interactions(mark_dislikes(frame, dislikes))
    assert log.is_disliked is not None
    rows = np.flatnonzero(log.is_disliked)
    return {(log.users[int(log.user[r])], log.items[int(log.item[r])]) for r in rows}


def test_a_value_below_the_users_own_mean_is_a_dislike() -> None:
    # the mean of user 1 is 3, which is not below itself; user 2 gives the same to all
    assert disliked(RATED, BY_VALUE) == {(1, 20)}


def test_equal_values_whose_sum_is_rounded_are_no_dislikes() -> None:
    same = events(*((1, item, "2024-01-01") for item in range(3))).with_columns(value=pl.lit(0.1))
    assert (0.1 + 0.1 + 0.1) / 3 > 0.1
    assert disliked(same, BY_VALUE) == set()


def test_the_latest_event_with_an_item_decides() -> None:
    twice = events((1, 10, "2024-01-01"), (1, 10, "2024-01-05"), (1, 20, "2024-01-05"))
    skipped = twice.with_columns(event_type=pl.Series(["skip", "play", "skip"]))
    assert disliked(skipped, BY_TYPE) == {(1, 20)}
    other = twice.with_columns(event_type=pl.Series(["play", "skip", "play"]))
    assert disliked(other, BY_TYPE) == {(1, 10)}


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_marks_stay_with_their_rows(*, compiled: bool) -> None:
    rng = np.random.default_rng(2)
    rows = [(int(u), int(i), f"2024-01-{int(d):02d}") for u, i, d in rng.integers(1, 9, (150, 3))]
    frame = events(*rows).unique().with_columns(value=pl.col("item_id") % 4 * 1.0)
    marked = mark_dislikes(frame, BY_VALUE)
    catalogue = code_interactions(frame).items
    for items in (None, catalogue, catalogue.head(5)):
        log = code_interactions(marked, items=items, compiled=compiled)
        assert log.is_disliked is not None
        found = pl.DataFrame(
            {
                "user_id": log.users.gather(log.user),
                "item_id": log.items.gather(log.item),
                "m": log.is_disliked,
            }
        )
        expected = marked.select("user_id", "item_id", pl.col(MARK)).unique()
        both = found.unique().join(expected, on=["user_id", "item_id"])
        assert both["m"].equals(both[MARK], check_names=False)


def test_nothing_is_read_or_marked_where_nothing_says_so() -> None:
    assert history_columns(DislikeSettings()) == ("user_id", "item_id", "event_at")
    assert mark_dislikes(RATED, DislikeSettings()) is RATED
    assert mark_dislikes(RATED.drop("value"), BY_VALUE).columns == RATED.drop("value").columns
    plain = code_interactions(RATED)
    assert plain.is_disliked is None
    assert plain.liked is plain


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(communities(6), datetime(2024, 5, 1))


def half_disliked(world: World) -> Interactions:
    log = communities(6)
    marked = log.with_columns((pl.col("item_id") % 2 == 0).alias(MARK))
    return code_interactions(marked, items=world.model.items)


def test_no_profile_and_no_reason_holds_a_disliked_item(world: World) -> None:
    block, model = half_disliked(world), world.model
    odd = model.items.to_numpy() % 2 == 1
    lists = rank_users(block, model)
    for source in model.sources:
        if source.kind == "popularity":
            continue
        had = history_profile(block, model, source)
        assert odd[had.indices[had.data > 0]].all()
        if source.kind in ("graph", "latent"):
            seeds = strongest_seeds(lists.user, lists.item, source, block, model).item
            assert odd[seeds[seeds >= 0]].all()
    assert len(give_reasons(lists, block, model, titles=model.items.cast(pl.String)).text)


def test_what_was_disliked_is_not_shown_again(world: World) -> None:
    lists = rank_users(half_disliked(world), world.model)
    shown = pl.DataFrame(
        {"user_id": lists.user + 1, "item_id": world.model.items.gather(lists.item)}
    )
    assert shown.join(communities(6), on=["user_id", "item_id"]).is_empty()


def test_both_engines_know_dislikes(world: World) -> None:
    block = half_disliked(world)
    dense, compiled = (score_users(block, world.model, compiled=engine) for engine in (False, True))
    for a, b in zip(dense.pairs, compiled.pairs, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(dense.features, compiled.features)
    plain = score_users(world.log, world.model)
    assert plain.features.shape != dense.features.shape or (plain.features != dense.features).any()
