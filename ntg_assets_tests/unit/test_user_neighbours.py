"""The source `neighbours_recent`: what those took who had what a user took last."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from ntg_assets.interactions.dislikes import MARK
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.ranking.lists.evidence import source_strengths, strongest_seeds
from ntg_assets.ranking.lists.explain import explain_item, total
from ntg_assets.ranking.lists.reasons import give_reasons
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring import user_neighbours as module
from ntg_assets.ranking.scoring.dense_scores import DenseScores
from ntg_assets.ranking.scoring.list_rules import list_rules
from ntg_assets.ranking.scoring.model import RankingModel, with_rules
from ntg_assets.ranking.scoring.profiles import history_profile, recent_profile, source_profile
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES, NEIGHBOURS
from ntg_assets.ranking.scoring.user_neighbours import nearest_users, user_neighbours
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
NAME = "neighbours_recent"
# user 1 had 1, then 2; user 2 had 2, then 3; user 3 had 1, 4 and last 5; user 4 had 6 alone
LOG = events(
    (1, 1, "2024-01-01"),
    (1, 2, "2024-01-02"),
    (2, 2, "2024-01-01"),
    (2, 3, "2024-01-03"),
    (3, 1, "2024-01-01"),
    (3, 4, "2024-01-02"),
    (3, 5, "2024-01-04"),
    (4, 6, "2024-01-05"),
)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(communities(3), CUTOFF)


@pytest.fixture(scope="module")
def model(world: World) -> RankingModel:
    """The model with every source at the same weight, whatever was learned."""
    items = catalogue(world.tables["item_popularity"])
    log = world.log
    assert log.items.equals(items)
    made = ranking_model(
        popularity=world.tables["item_popularity"],
        graphs={graph: world.tables[table] for graph, table in GRAPH_TABLES.items()},
        cutoff_at=CUTOFF,
        settings=RANKING,
        log=log,
    )
    return replace(made, weights={source.name: 1.0 for source in made.sources})


def scores_of(model: RankingModel, world: World) -> np.ndarray:
    place = [source.name for source in model.sources].index(NAME)
    return DenseScores(world.log, model).scores[place]


def test_a_score_is_likeness_times_lateness_times_rarity() -> None:
    log = code_interactions(LOG)
    known = user_neighbours(log)
    profile = recent_profile(log, half_life=3.0, n_items=10)
    near = nearest_users(profile, log.users, known)
    # the latest item of user 1 counts 1 and is had by user 2 (of two items), the one before counts
    # half ** (1 / 3) and is had by user 3 (of three)
    expected = {2: 1 / 2**0.5, 3: 0.5 ** (1 / 3) / 3**0.5}
    first = near[[0]].toarray()[0]
    assert dict(zip(known.users.to_list(), first, strict=True)) == pytest.approx(
        {1: 0, 4: 0, **expected}, rel=1e-6
    )
    item = {name: place for place, name in enumerate(log.items.to_list())}
    spread = (near @ known.takes).toarray()[0]
    rare, half = np.log(5 / 1), 0.5 ** (1 / module.HALF_LIFE)
    assert spread[item[3]] == pytest.approx(expected[2] * rare, rel=1e-6)
    assert spread[item[5]] == pytest.approx(expected[3] * rare, rel=1e-6)
    # one item of user 3 came after it
    assert spread[item[4]] == pytest.approx(expected[3] * rare * half, rel=1e-6)
    assert spread[item[6]] == 0


def test_neighbours_are_those_who_were_there_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_USERS", 2)
    monkeypatch.setattr(module, "MOST_ITEMS", 2)
    log = code_interactions(LOG)
    known = user_neighbours(log)
    assert known.users.to_list() == [3, 4]
    took = known.takes.toarray() > 0
    assert log.items.filter(pl.Series(took[0])).sort().to_list() == [4, 5]


def test_what_a_neighbour_disliked_is_no_take() -> None:
    marked = LOG.with_columns((pl.col("item_id") == 3).alias(MARK))
    log = code_interactions(marked)
    takes = user_neighbours(log).takes.toarray()
    assert not takes[:, log.items.to_list().index(3)].any()
    assert takes[:, log.items.to_list().index(2)].any()


def test_a_stranger_with_the_same_history_has_the_user_as_neighbour() -> None:
    log = code_interactions(LOG)
    known, profile = user_neighbours(log), recent_profile(log, half_life=3.0, n_items=10)
    first = nearest_users(profile[[0]], pl.Series(["given"]), known)
    # all of what the stranger had, (1 + half ** (1 / 3)) / 2 ** .5, is more than others had
    assert known.users[int(first.indices[0])] == 1


@pytest.mark.parametrize("kind", [pl.Int64, pl.String])
def test_users_are_known_by_their_ids_of_either_type(kind: type[pl.DataType]) -> None:
    log = code_interactions(LOG.cast({"user_id": kind}))
    known, profile = user_neighbours(log), recent_profile(log, half_life=3.0, n_items=10)
    near = nearest_users(profile, log.users, known).toarray()
    assert (np.diag(near) == 0).all()
    # nobody is found under another's number
    by_others = nearest_users(profile, pl.Series([100, 0, 9, 7]).cast(kind), known).toarray()
    assert (np.diag(by_others) > 0).all()
    np.testing.assert_array_equal(near[~np.eye(4, dtype=bool)], by_others[~np.eye(4, dtype=bool)])


@pytest.mark.parametrize("rows", [1, 7])
def test_neighbours_do_not_depend_on_how_many_users_are_asked_at_once(
    world: World, model: RankingModel, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    source = next(source for source in model.sources if source.name == NAME)
    whole = source_profile(world.log, model, source)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", rows)
    parts = source_profile(world.log, model, source)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


def test_a_large_log_is_compared_without_laying_it_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = recent_profile(world.log, half_life=3.0, n_items=30)
    whole = nearest_users(profile, world.log.users, user_neighbours(world.log))
    monkeypatch.setattr(module, "MOST_WHOLE", 0)
    known = user_neighbours(world.log)
    assert sp.issparse(known.likeness_in_use)
    sparse = nearest_users(profile, world.log.users, known)
    np.testing.assert_allclose(sparse.toarray(), whole.toarray(), rtol=1e-6)


@pytest.mark.slow
def test_both_engines_give_the_same_bits(world: World, model: RankingModel) -> None:
    dense, compiled = (score_users(world.log, model, compiled=engine) for engine in (False, True))
    for left, right in zip(
        (*dense.candidates, *dense.pairs, dense.features),
        (*compiled.candidates, *compiled.pairs, compiled.features),
        strict=True,
    ):
        np.testing.assert_array_equal(left, right)
    position = [source.name for source in model.sources].index(NAME)
    assert (dense.candidates.source == position).any()


def test_parts_of_the_history_add_up_to_the_score(world: World, model: RankingModel) -> None:
    source = next(source for source in model.sources if source.name == NAME)
    scores, profile = scores_of(model, world), history_profile(world.log, model, source)
    user, item = np.nonzero(scores)
    pair, had = np.nonzero(profile.toarray()[user])
    strength = source_strengths(source, world.log, model, (user, item), (pair, had))
    parts = np.bincount(pair, profile.toarray()[user[pair], had] * strength, minlength=len(user))
    np.testing.assert_allclose(parts, scores[user, item], rtol=1e-4)
    assert len(user) > 100


def test_the_reason_names_what_the_user_shares(world: World, model: RankingModel) -> None:
    alone = replace(model, weights={NAME: 1.0})
    lists = rank_users(world.log, alone)
    titles = model.items.cast(pl.String)
    rows = np.flatnonzero(lists.score > 0)
    reasons = give_reasons(lists, world.log, alone, titles=titles).text.gather(rows)
    source = next(source for source in model.sources if source.name == NAME)
    seeds = strongest_seeds(lists.user[rows], lists.item[rows], source, world.log, alone)
    had = set(zip(world.log.user.tolist(), world.log.item.tolist(), strict=True))
    assert all(
        (user, seed) in had
        for user, seed in zip(lists.user[rows].tolist(), seeds.item.tolist(), strict=True)
    )
    assert reasons.str.contains(r"^Users like you, who had \d+( and \d+)? too, took this$").all()


def test_an_explanation_adds_up_and_shows_the_shared_items(
    world: World, model: RankingModel
) -> None:
    block = world.log.block(0, 1)
    lists = rank_users(block, model, k=3)
    titles = model.items.cast(pl.String)
    for item, score in zip(lists.item, lists.score, strict=True):
        parts = explain_item(block, model, model.items[int(item)], titles=titles)
        assert total(parts) == score
        part = next(part for part in parts if part.source == NAME)
        assert bool(part.seeds) == (part.feature > 0)


def test_what_rules_exclude_comes_from_no_neighbour(world: World, model: RankingModel) -> None:
    rules = world.tables["item_rules"].with_columns(
        exclusion=pl.when(pl.col("item_id") <= 12).then(pl.lit("excluded"))
    )
    shown = with_rules(model, list_rules(rules, items=model.items, settings=RANKING.rules))
    excluded = np.flatnonzero(model.items.to_numpy() <= 12)
    assert scores_of(model, world)[:, excluded].any()
    assert not scores_of(shown, world)[:, excluded].any()


def test_without_a_log_nobody_is_a_neighbour(world: World) -> None:
    made = ranking_model(
        popularity=world.tables["item_popularity"], graphs={}, cutoff_at=CUTOFF, settings=RANKING
    )
    assert made.neighbours is None
    assert NEIGHBOURS not in {source.kind for source in made.sources}
