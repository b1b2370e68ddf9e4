"""What is counted among the first of two radars stands among the first of both."""

from collections.abc import Sequence

import duckdb
import pytest

from ntg_assets.publish.generations import rank_changes as module
from ntg_assets.publish.generations.rank_changes import rank_changes


def said(before: Sequence[int], after: Sequence[int]) -> list[str]:
    """What is told of two stores with a radar alone: its users, from the first rank on."""
    with duckdb.connect() as connection:
        for store, users in (("before", before), ("after", after)):
            connection.execute(f"attach ':memory:' as {store}; create schema {store}.live")
            radar = f"{store}.live.revenue_risk_radar"
            connection.execute(f"create table {radar} (user_id int, rank int)")
            for rank, user in enumerate(users, start=1):
                connection.execute(f"insert into {radar} values ($1, $2)", [user, rank])
        return list(rank_changes(connection))


@pytest.mark.parametrize("turned", [False, True])
def test_who_is_first_in_one_radar_alone_does_not_count(
    monkeypatch: pytest.MonkeyPatch, *, turned: bool
) -> None:
    """Of the first two, 1 and 2, the later night keeps 1 and has 3 in the place of 2."""
    monkeypatch.setattr(module, "TOP", 2)
    radars = ([1, 2, 3], [3, 1, 2])
    assert said(*(reversed(radars) if turned else radars)) == [
        "radar: 1 of the first 2 users are among the first 2 in both"
    ]


def test_a_radar_of_the_same_first_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOP", 2)
    assert said([1, 2, 3], [2, 1, 4]) == []
