"""The grid of shapes finds what it is there for, and decisions keep their error in small."""

import numpy as np
import pytest

from benchmarks.experiment_grid import ESTIMATORS, SHAPES, SHARE_SHAPES, in_band
from benchmarks.experiment_power import measure_power
from benchmarks.experiment_worlds import EFFECT, decide_worlds, definition, planned_units
from ntg_assets.statistics import library as st


def test_the_grid_covers_at_least_twenty_five_shapes() -> None:
    assert len(SHAPES) + len(SHARE_SHAPES) >= 25
    sizes = {shape.sizes[0] / shape.sizes[1] for shape in SHAPES}
    assert {1.0, 25.0} <= sizes
    assert {"mean", "share", "ratio", "CUPED", "median", "clusters"} <= set(ESTIMATORS)


def test_a_cell_fails_only_beyond_chance() -> None:
    assert in_band(0.05, 1_000)
    assert in_band(0.08, 1_000)  # 8 +- 2.8 reaches the band
    assert not in_band(0.11, 1_000)
    assert not in_band(0.005, 1_000)
    assert not in_band(0.0, 0)


def test_the_grid_finds_welch_alone_in_skewed_unequal_arms() -> None:
    """What the grid is for: with the old way the cell fails."""
    rng = np.random.default_rng(1)
    shape = next(one for one in SHAPES if (one.name, one.sizes) == ("lognormal 1.5", (2_000, 200)))
    old = [
        st.compare_means(*(st.sample_from_values(shape.draw(rng, n)) for n in shape.sizes)).p < 0.05
        for _ in range(1_500)
    ]
    assert not in_band(float(np.mean(old)), len(old))


@pytest.mark.parametrize("name", ["mean", "ratio", "CUPED", "median", "clusters"])
def test_an_estimator_in_force_keeps_its_level_there(name: str) -> None:
    p_of, shapes = ESTIMATORS[name]
    shape = max(shapes, key=lambda one: (one.name == "lognormal 1.5", -one.sizes[1], -one.sizes[0]))
    rng = np.random.default_rng(2)
    claimed = [p_of([shape.draw(rng, n) for n in shape.sizes], rng) < 0.05 for _ in range(300)]
    assert in_band(float(np.mean(claimed)), len(claimed))


@pytest.mark.slow
def test_the_decision_keeps_its_power_with_three_guardrails_because_each_has_more() -> None:
    one = definition(3)
    alone = st.units_for_effect(EFFECT, design=st.Design(1, 1), wanted_power=0.8)
    assert planned_units(one) > 1.3 * alone
    assert decide_worlds(one, worlds=250, effect=EFFECT) >= 0.8 - 3 * (0.8 * 0.2 / 250) ** 0.5
    assert decide_worlds(one, worlds=150, effect=EFFECT, harm=2 * EFFECT) == 0


@pytest.mark.slow
def test_what_holds_on_every_shape_costs_little_where_data_are_clean() -> None:
    kept, goals = measure_power(worlds=40)
    assert len(kept) == 2 * len(goals)
    assert min(kept.values()) > 0.9 - 3 * (0.8 * 0.2 / 40) ** 0.5
    assert {goal.goal for goal in goals} == {0.9}
