from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.taste.item_transitions import AHEAD, learn_transitions
from ntg_assets_tests.logs import random_log

OPEN = TasteSettings(transition_min_item_support=1, transition_regularisation=0.5)
START = datetime(2024, 1, 1)


def history(user: int, *steps: tuple[int, ...]) -> pl.DataFrame:
    """Make a user's log: the items of each step were taken at one instant."""
    rows = [
        (user, item, START + timedelta(hours=hour))
        for hour, items in enumerate(steps)
        for item in items
    ]
    return pl.DataFrame(rows, schema=["user_id", "item_id", "event_at"], orient="row")


def weights_of(log: pl.DataFrame, **changed: float) -> dict[tuple[int, int], float]:
    """Multiply the table out: what the first of two items says of the second as the next."""
    table = learn_transitions(log, settings=OPEN.model_copy(update=changed), seed=1)
    if table.is_empty():
        return {}
    ids = table["item_id"].unique().sort().to_list()
    taken, follow = (table[side].to_numpy().reshape(len(ids), -1) for side in ("taken", "next"))
    product = taken @ follow.T
    return {(a, b): product[i, j] for i, a in enumerate(ids) for j, b in enumerate(ids) if a != b}


def slit(
    histories: list[list[int]], n_items: int, *, half_life: float, regularisation: float
) -> np.ndarray:
    """Regress what comes after each place on what lies before it, place by place; what lies before
    stays in sight long after the last item.
    """
    past, future = [], []
    for items in histories:
        for place in range(len(items) + 400):
            before, after = np.zeros(n_items), np.zeros(n_items)
            for at, item in enumerate(items):
                if at <= place:
                    before[item] += 0.5 ** ((place - at) / half_life)
                else:
                    after[item] += 0.5 ** ((at - place - 1) / AHEAD)
            past.append(before)
            future.append(after)
    p, f = np.stack(past), np.stack(future)
    scale = 1 - 0.5 ** (2 / half_life)
    gram = scale * p.T @ p
    inverse = np.linalg.inv(gram + regularisation * np.trace(gram) / n_items * np.eye(n_items))
    weights = inverse @ (scale * p.T @ f)
    return weights - inverse * (np.diag(weights) / np.diag(inverse))  # no item speaks for itself


@pytest.mark.parametrize("half_life", [AHEAD, 10.0])
def test_weights_are_those_of_a_regression_over_every_place(
    half_life: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories = [[0, 1, 2, 3], [1, 0, 3], [2, 3, 1, 0], [3, 0], [4, 2, 1]]
    log = pl.concat([history(u, *((i,) for i in items)) for u, items in enumerate(histories)])
    expected = slit(histories, 5, half_life=half_life, regularisation=0.5)
    monkeypatch.setattr("ntg_assets.taste.item_transitions.LATELY", half_life)
    whole = {(i, j): expected[i, j] for i in range(5) for j in range(5) if i != j}
    assert weights_of(log) == pytest.approx(whole, abs=1e-7)


def test_an_item_speaks_for_what_comes_after_it() -> None:
    log = pl.concat(
        [history(user, (1,), (2,)) for user in range(10)]
        + [history(user, (3,), (4,)) for user in range(10, 20)]
    )
    found = weights_of(log)
    others = [abs(weight) for ends, weight in found.items() if ends not in {(1, 2), (3, 4)}]
    assert min(found[1, 2], found[3, 4]) > 2 * max(others)


def test_what_was_taken_at_one_instant_does_not_follow_itself() -> None:
    log = pl.concat([history(user, (1, 2), (3,)) for user in range(10)])
    found = weights_of(log)
    assert found[1, 3] == pytest.approx(found[2, 3])
    assert found[1, 3] > 0.05
    assert found[1, 2] == pytest.approx(found[2, 1], abs=1e-6)
    assert found[1, 2] < 1e-6


def test_an_item_that_was_only_there_too_gets_less_than_the_one_that_leads() -> None:
    """1 is in every history, 2 only where 3 follows: counted, both lead to 3 as often."""
    log = pl.concat(
        [history(user, (1, 2), (3,)) for user in range(20)]
        + [history(user, (1,), (5,)) for user in range(20, 80)]
    )
    found = weights_of(log, transition_regularisation=0.01)
    assert found[2, 3] > 4 * found[1, 3]


def test_few_dimensions_keep_the_directions_that_predict_most() -> None:
    """The error of the best few is what the other directions explain (Izenman 1975)."""
    log = random_log(3)
    whole, few = (np.array([*weights_of(log, transition_dimensions=n).values()]) for n in (15, 6))
    fewer = np.array([*weights_of(log, transition_dimensions=2).values()])
    assert 0 < np.linalg.norm(whole - few) < np.linalg.norm(whole - fewer)


def test_only_the_best_supported_items_take_part() -> None:
    log = random_log(4)
    best = (
        log.group_by("item_id")
        .agg(n=pl.col("user_id").n_unique())
        .sort("n", "item_id", descending=[True, False])["item_id"]
        .head(4)
    )
    found = weights_of(log, transition_max_items=4)
    assert found
    assert {item for ends in found for item in ends} <= set(best)
    assert weights_of(log, transition_dimensions=0) == {}


def test_a_log_without_a_second_instant_says_nothing() -> None:
    assert weights_of(pl.concat([history(1, (1, 2, 3)), history(2, (1, 2))])) == {}


def test_dimensions_that_explain_nothing_are_left_out() -> None:
    """1 and 2 are never taken next: of four directions some explain nothing."""
    log = pl.concat(
        [history(user, (1, 2), (3,)) for user in range(8)]
        + [history(user, (1,), (4,)) for user in range(8, 12)]
    )
    asked = OPEN.model_copy(update={"transition_dimensions": 4})
    table = learn_transitions(log, settings=asked, seed=1)
    assert table["dimension"].n_unique() < 4
    assert weights_of(log)[2, 3] > weights_of(log)[2, 4]
