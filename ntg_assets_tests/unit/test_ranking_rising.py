"""The source `latent_rising`: what many took up of late is lifted."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.lists.evidence import edge_strengths
from ntg_assets.ranking.lists.reasons import give_reasons
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.dense_scores import DenseScores
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import item_popularity
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets.ranking.scoring.ranking_model import ranking_model
from ntg_assets.ranking.scoring.sources import FAINT, GRAPH_TABLES
from ntg_assets_tests.logs import events
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(communities(3), CUTOFF)


def unweighted(world: World) -> RankingModel:
    """The model with every source, whatever was learned."""
    graphs = {graph: world.tables[table] for graph, table in GRAPH_TABLES.items()}
    return ranking_model(
        popularity=world.tables["item_popularity"],
        graphs=graphs,
        cutoff_at=CUTOFF,
        settings=RANKING,
    )


def raw_scores(block: Interactions, model: RankingModel, name: str) -> np.ndarray:
    return DenseScores(block, model).scores[[source.name for source in model.sources].index(name)]


def test_the_factor_is_the_root_of_the_share_of_new_users() -> None:
    log = code_interactions(events((1, 1, "2024-01-01"), (1, 2, "2024-01-02")))
    popularity = item_popularity(log, now=CUTOFF, half_life_days=[30]).sort("item_id")
    # of the first 4 are new, of the second none
    counted = {"n_users": [10, 30], "n_window_users": [5, 12], "n_earlier_returned": [1, 12]}
    popularity = popularity.with_columns(
        pl.Series(name, values) for name, values in counted.items()
    )
    model = ranking_model(popularity=popularity, graphs={}, cutoff_at=CUTOFF, settings=RANKING)
    assert model.items.to_list() == [2, 1]
    # 4 of all 40 are new; ten users more, of whom a tenth is new, stand in each row
    np.testing.assert_allclose(
        model.rising, [((0 + 1) / 40) ** 0.5, ((4 + 1) / 20) ** 0.5], rtol=1e-15
    )


def test_scores_are_those_of_the_embeddings_times_the_factor(world: World) -> None:
    model, block = unweighted(world), world.log
    plain, rising = (
        raw_scores(block, model, "latent_whole"),
        raw_scores(block, model, "latent_rising"),
    )
    assert np.ptp(model.rising) > 0
    np.testing.assert_allclose(rising, plain * model.rising[: plain.shape[1]], rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["latent_rising", "transition_recent"])
def test_edges_add_up_to_the_score(world: World, name: str) -> None:
    model = unweighted(world)
    user = int(raw_scores(world.log, model, name).max(axis=1).argmax())
    block = world.log.block(user, user + 1)
    source = next(source for source in model.sources if source.name == name)
    profile, scores = history_profile(block, model, source), raw_scores(block, model, name)[0]
    item = int(scores.argmax())
    edges = edge_strengths(
        model, source.graph, profile.indices.astype(np.int64), np.full(profile.nnz, item)
    )
    assert scores[item] > 0
    assert profile.data @ edges == pytest.approx(scores[item], rel=1e-5)


def test_the_reason_says_what_lifted_the_item(world: World) -> None:
    model = replace(unweighted(world), weights={"latent_rising": 1.0})
    lists = rank_users(world.log, model)
    spoken = pl.Series(lists.score > 0)
    reasons = give_reasons(lists, world.log, model, titles=model.items.cast(pl.String))
    assert set(reasons.source.filter(spoken)) == {"latent_rising"}
    assert set(
        reasons.text.filter(spoken).str.extract(r"^Close in taste to \d+(?: and \d+)?(, .*)$")
    ) == {", and taken up by many of late"}


def test_what_is_next_is_said_of_what_was_taken_lately(world: World) -> None:
    model = replace(unweighted(world), weights={"transition_recent": 1.0})
    source = next(source for source in model.sources if source.name == "transition_recent")
    block = world.log.block(0, 1)
    latest, other = history_profile(block, model, source).data[[0, 5]]
    assert other == pytest.approx(latest * 0.5 ** (5 / 10))  # five items earlier
    lists = rank_users(world.log, model)
    spoken = pl.Series(lists.score > 0)
    reasons = give_reasons(lists, world.log, model, titles=model.items.cast(pl.String))
    assert spoken.any()
    assert reasons.text.filter(spoken).str.contains(r"^Often next after \d+(?: and \d+)?$").all()


def test_what_is_made_of_last_digits_says_nothing(world: World) -> None:
    """The first user has had all that could come next: 1e-9 would be the best of the rest."""
    model = unweighted(world)
    scores = raw_scores(world.log, model, "transition_recent")
    assert scores[0].max() == 0
    assert scores[scores > 0].min() >= np.float32(FAINT)
    for name in ("latent_whole", "latent_rising"):
        said = raw_scores(world.log, model, name)
        assert said[said > 0].min() >= np.float32(FAINT)
