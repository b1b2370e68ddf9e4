"""The weighted taste graphs that `make bench-sources` holds beside the plain one."""

import numpy as np
import pytest

from benchmarks.sources import compare, recencies, strengths, weighted_graph
from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.taste.taste_graph import graph_of
from ntg_assets_tests.logs import events, random_log
from ntg_assets_tests.ranking_world import RANKING, TASTE, communities


def ones(log: Interactions) -> Floats:
    return np.ones(len(log.item))


def test_equal_weights_make_the_plain_graph() -> None:
    log = code_interactions(random_log(3))
    plain, weighted = (
        graph_of(log, settings=TASTE).edges,
        weighted_graph(log, weigh=ones, taste=TASTE),
    )
    assert plain.height > 0
    edge = ["item_id", "neighbour_id", "rank", "shared_users"]
    assert weighted.select(edge).equals(plain.select(edge))
    assert weighted["similarity"].to_numpy() == pytest.approx(
        plain["similarity"].to_numpy(), rel=1e-12
    )


def test_an_edge_is_the_cosine_of_the_weights() -> None:
    log = code_interactions(
        events(
            (1, 1, "2024-01-01"),
            (1, 1, "2024-01-02"),
            (1, 1, "2024-01-03"),
            (1, 2, "2024-01-04"),
            (2, 1, "2024-01-05"),
        )
    )
    edge = weighted_graph(log, weigh=strengths, taste=TASTE).row(0, named=True)
    # of item 1 the users hold log2(4) and 1, of item 2 the first one holds 1; one shared user,
    # shrunken by 2
    assert edge["cosine"] == pytest.approx(2 * 1 / (np.sqrt(2**2 + 1**2) * 1))
    assert edge["similarity"] == pytest.approx(edge["cosine"] * 1 / (1 + 2))


def test_older_events_weigh_less() -> None:
    log = code_interactions(random_log(4))
    weights = recencies(log)
    assert weights.max() == 1
    assert (np.diff(weights[np.argsort(log.at)]) >= 0).all()


@pytest.mark.slow
def test_a_kind_of_source_is_left_out_and_the_rest_learned_anew() -> None:
    found = dict(
        compare(communities(7, n_users=150), strategy="global_time", taste=TASTE, ranking=RANKING)
    )
    kinds = ["taste", "sequence", "linear", "latent", "neighbours", "transition", "rising"]
    assert list(found) == [
        "blend",
        *(f"without {kind}" for kind in kinds),
        "taste graph of strengths",
        "taste graph of recencies",
    ]
    for kind in kinds:
        told = found[f"without {kind}"]
        assert told["low"] <= told["difference"] <= told["high"]
        assert told["relative"] == pytest.approx(told["difference"] / found["blend"]["ndcg"])
    assert any(found[f"without {kind}"]["difference"] < 0 for kind in kinds)
    assert found["taste graph of strengths"]["difference"] == 0  # everybody had everything once


def test_a_log_without_labels_is_told() -> None:
    log = events((1, 1, "2024-01-01"), (2, 1, "2024-01-02"))
    with pytest.raises(NotEnoughDataError, match="no user has labels inside TRAIN"):
        list(compare(log, strategy="global_time", taste=TASTE, ranking=RANKING))
