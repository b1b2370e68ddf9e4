"""Reasons: the part of a score that makes a list differ from everybody's."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ntg_assets.ranking.lists.evidence import strongest_seeds
from ntg_assets.ranking.lists.reasons import (
    KINDS_OF_REASONS,
    give_reasons,
    named_kinds,
    popular_words,
    strongest_of,
)
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets_tests.ranking_world import World, communities, make_world, model_of

CUTOFF = datetime(2024, 5, 1)
WEIGHTS = {"taste_recent": 1.0, "sequence_recent": 2.0, "linear_long": 1.0, "popularity_90d": 2.0}


@pytest.fixture(scope="module")
def unweighted() -> World:
    made = make_world(communities(5), CUTOFF)
    weights = made.tables["ranking_weights"].with_columns(weight=1.0)
    return made._replace(model=model_of({**made.tables, "ranking_weights": weights}, CUTOFF))


def reason(world: World, **parts: float) -> tuple[str, str, bool]:
    """Return kind and source of the reason of one row with these contributions."""
    names = [source.name for source in world.model.sources]
    assert set(WEIGHTS) <= set(names)
    model = replace(world.model, weights=WEIGHTS)
    contributions = np.array([[parts.get(name, 0.0) for name in names]])
    kind, is_popular = named_kinds(contributions, model)
    source = strongest_of(kind, contributions, model)
    return KINDS_OF_REASONS[kind[0]], names[source[0]], bool(is_popular[0])


def test_popularity_is_no_reason_while_another_kind_carries_a_fifth(unweighted: World) -> None:
    assert reason(unweighted, popularity_90d=0.79, linear_long=0.21) == (
        "goes",
        "linear_long",
        True,
    )
    assert reason(unweighted, popularity_90d=0.81, linear_long=0.19)[0] == "popularity"


def test_the_reason_is_where_the_item_stands_highest(unweighted: World) -> None:
    # .5 of the 1 + 1 that taste and linear can give is less than .6 of the sequence's 2
    assert reason(unweighted, taste_recent=0.5, linear_long=0.5, sequence_recent=1.2)[0] == "next"
    assert reason(unweighted, taste_recent=0.7, linear_long=0.6, sequence_recent=1.2) == (
        "goes",
        "taste_recent",
        False,
    )


def test_seeds_are_the_two_largest_parts(unweighted: World) -> None:
    model, block = unweighted.model, unweighted.log
    lists = rank_users(block, model)
    source = next(source for source in model.sources if source.name == "linear_long")
    seeds = strongest_seeds(lists.user, lists.item, source, block, model)
    profile = history_profile(block, model, source)
    spread = profile.toarray()[lists.user] * model.graphs["linear"].toarray()[:, lists.item].T
    largest = -np.sort(-spread, axis=1)
    np.testing.assert_allclose(seeds.strength, largest[:, 0], rtol=1e-6)
    np.testing.assert_allclose(seeds.second_strength, largest[:, 1], rtol=1e-6)
    assert (seeds.item[seeds.strength > 0] != seeds.second_item[seeds.strength > 0]).all()


def test_a_reason_does_not_depend_on_the_length_of_the_list(unweighted: World) -> None:
    titles = unweighted.model.items.cast(pl.String)
    texts = {}
    for k in (2, 5):
        lists = rank_users(unweighted.log, unweighted.model, k=k)
        told = give_reasons(lists, unweighted.log, unweighted.model, titles=titles).text
        texts[k] = told.filter(pl.Series(lists.rank <= 2)).to_list()
    assert texts[2] == texts[5]


def test_of_late_means_days() -> None:
    assert popular_words(7.0) == "Popular of late (half-life 7 days)"
    assert popular_words(365.0) == "Popular with everybody (half-life 365 days)"
