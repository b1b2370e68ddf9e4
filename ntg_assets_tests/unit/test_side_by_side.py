"""Pieces of work on several cores: in their order, with what their starter may read."""

from threading import Barrier

import pytest

from ntg_assets.declared_reads import Declared, only, running_reader
from ntg_assets.interactions import side_by_side as module
from ntg_assets.interactions.side_by_side import side_by_side


@pytest.fixture(params=[1, 2])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "AT_ONCE", request.param)
    return int(request.param)


@pytest.mark.usefixtures("cores")
def test_results_come_in_the_order_of_the_pieces() -> None:
    assert side_by_side(lambda piece: piece**2, [3, 1, 2]) == [3**2, 1**2, 2**2]
    assert side_by_side(lambda piece: piece, []) == []


def test_two_pieces_go_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    met = Barrier(2)  # which nobody passes alone
    assert sorted(side_by_side(lambda _: met.wait(5), ["a", "b"])) == [0, 1]


@pytest.mark.usefixtures("cores")
def test_pieces_may_read_what_their_starter_may() -> None:
    with only(Declared("backtest/ranking_weights", frozenset())):
        readers = side_by_side(lambda _: running_reader(), ["a", "b"])
    assert readers == ["backtest/ranking_weights"] * 2


@pytest.mark.usefixtures("cores")
def test_what_one_piece_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda piece: 1 / piece, [1, 0])
