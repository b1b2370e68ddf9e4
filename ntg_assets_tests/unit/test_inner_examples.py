"""Slices that are made side by side: as many as one after the other, and the same."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.ranking.learning import inner_examples as module
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import InnerSlice, inner_slices
from ntg_assets_tests.ranking_world import TASTE, communities

LOG = communities(3)
SETTINGS = RankingSettings(inner_slices=2, inner_label_users=10)


def of_users(n_users: int) -> Examples:
    none = np.empty((n_users, 0))
    flags = np.ones(n_users, np.bool_)
    numbers = np.arange(n_users)
    return Examples(numbers, none, none, flags, flags, numbers, numbers)


def slices_used(n_users: Sequence[int], monkeypatch: pytest.MonkeyPatch) -> int:
    """Collect of slices that have so many label users, and count those that are used."""
    numbers = {f"slice {number}": users for number, users in enumerate(n_users)}
    cuts = [InnerSlice(pl.DataFrame({"name": name}), LOG, None) for name in numbers]  # type: ignore[arg-type]  # not asked for
    monkeypatch.setattr(
        module, "_examples_of", lambda cut, *_: [of_users(numbers[cut.history["name"][0]])]
    )
    examples = module.collect_examples(cuts, taste=TASTE, settings=SETTINGS, seed=1)
    return np.cumsum(n_users).tolist().index(examples.n_users) + 1


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize(
    ("n_users", "used"),
    [
        ([9, 9, 9, 9], 2),  # those of the settings, whatever they have
        ([3, 3, 3, 3, 3], 4),  # 3 + 3 + 3 < 10 <= 3 + 3 + 3 + 3
        ([3, 3, 9, 9], 3),  # the fourth was made beside the third, and is not wanted
        ([1, 1, 1], 3),  # there are no more
    ],
)
def test_as_many_slices_as_one_after_the_other(
    n_users: list[int], used: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert slices_used(n_users, monkeypatch) == used


def test_slices_made_side_by_side_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = RankingSettings(inner_slices=3, popularity_half_life_days=[30])
    made = []
    for at_once in (1, 2):
        monkeypatch.setattr(module, "AT_ONCE", at_once)
        cuts = inner_slices(LOG, strategy="global_time", settings=settings)
        made.append(module.collect_examples(cuts, taste=TASTE, settings=settings, seed=1))
    alone, together = made
    assert alone.n_users > 1
    assert alone.features.tobytes() == together.features.tobytes()
    assert alone.user.tolist() == together.user.tolist()
