"""Lifetime value and what is at stake: exact sums, ranges, and how forecasts come together."""

import numpy as np
import pytest

from ntg_assets.revenue.value.blending import blend
from ntg_assets.revenue.value.ltv import stakes
from ntg_assets.revenue.value.money_grid import grid_step, product_on_grid
from ntg_assets.revenue.value.value_ranges import measure_ranges, range_of
from ntg_assets.revenue.value.value_spread import Spread, fit_spread


def test_nine_of_ten_lie_in_a_range_also_where_most_bring_nothing() -> None:
    rng = np.random.default_rng(2)
    told = np.linspace(1.0, 2.0, 1_000)
    seen = told * rng.exponential(1.0, 1_000)
    whole = measure_ranges(told, seen)
    low, high = range_of(told, whole)
    # bins of 50, each ending at a row: up to a row more on either side
    assert 0.9 <= ((low <= seen) & (seen <= high)).mean() <= 0.9 + 2 / 50
    assert (low > 0).all()
    seen[np.arange(1_000) % 5 < 3] = 0.0  # all of them inside, and three of four of the others
    low, high = range_of(told, measure_ranges(told, seen))
    assert (low == 0).all()
    assert 0.9 <= (seen <= high).mean() <= 0.9 + 1 / 50


def test_who_was_forecast_to_bring_nothing_has_a_finite_range_of_what_such_users_brought() -> None:
    """Half are forecast nothing; a fifth of them bring about 30 where the mean is 20."""
    rng = np.random.default_rng(3)
    told = np.where(np.arange(2_000) < 1_000, 0.0, 40.0) * rng.uniform(0.9, 1.1, 2_000)
    told[:20] = 1e-300  # as good as nothing
    surprising = (told < 1) & (rng.random(2_000) < 0.2)
    seen = np.where(surprising, 30.0, told) * rng.uniform(0.5, 1.5, 2_000)
    low, high = range_of(told, measure_ranges(told, seen))
    nothing = told < 1
    assert (low[nothing] == 0).all()
    assert 0.88 <= (seen <= high)[nothing].mean() <= 0.97
    assert high[nothing].max() <= 45.0  # 30 x 1.5: what such users brought, and no infinity
    assert np.isfinite(range_of(np.zeros(60), measure_ranges(np.zeros(60), np.ones(60)))[1]).all()


@pytest.mark.slow
def test_products_on_a_grid_are_exact_and_add_up() -> None:
    rng = np.random.default_rng(1)
    share, amounts = rng.random(50_000), rng.lognormal(3, 2, 50_000)
    share[:3] = [0.0, 1.0, 1e-9]
    step = grid_step(float(amounts.sum()))
    moved, product = product_on_grid(share, amounts, step)
    assert (share * moved == product).all()
    assert (product / step == np.rint(product / step)).all()
    assert moved[share > 0.01] == pytest.approx(amounts[share > 0.01], rel=1e-5, abs=1e-5)
    assert np.sort(product).sum() == product.sum() == sum(product.tolist())


def test_stakes_divide_the_whole_without_clipping() -> None:
    p, share = np.array([0.2, 0.9, 0.5, 1.0]), np.array([0.0, 0.5, 1.0, 0.3])
    found = stakes(np.full(4, 100.0), share, p, np.array([True, True, True, False]))
    assert found.if_stays.tolist() == pytest.approx([100 / 0.8, 100 / 0.55, 100, 100])
    assert found.if_leaves.tolist() == pytest.approx([0.0, 50 / 0.55, 100, 100], abs=1e-9)
    assert found.ltv.tolist() == pytest.approx([100] * 4)
    assert (found.ltv + found.at_risk == found.if_stays).all()


def test_what_a_leaver_brings_has_its_own_digits_however_small_the_chance_to_leave() -> None:
    rng = np.random.default_rng(4)
    total, share = rng.lognormal(4, 1, 1000), 10 ** rng.uniform(-6, -1, 1000)
    p = 10 ** rng.uniform(-8, -3, 1000)
    made = stakes(total, share, p, np.ones(1000, dtype=bool))
    # another processor's last bits: what they move is no more than what they are
    noise = 1 + rng.normal(0, 1e-13, (3, 1000))
    again = stakes(total * noise[0], share * noise[1], p * noise[2], np.ones(1000, dtype=bool))
    assert made.if_leaves == pytest.approx(total / (1 - p * (1 - share)) * share, rel=1e-12)
    assert again.if_leaves == pytest.approx(made.if_leaves, rel=1e-11)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_the_identity_has_no_unit(scale: float) -> None:
    rng = np.random.default_rng(2)
    total, p = scale * rng.lognormal(2, 2, 1000), rng.random(1000)
    found = stakes(total, rng.random(1000), p, rng.random(1000) < 0.8)
    assert (found.ltv + found.at_risk == found.if_stays).all()
    assert found.ltv.sum() + found.at_risk.sum() == found.if_stays.sum()
    assert found.ltv.sum() == pytest.approx(total.sum(), rel=1e-9)


def test_ways_are_added_up_by_v_and_r() -> None:
    # V of 100 and 50, R of 20 and 25, P of 0.8: the parts are halved, not the totals' quotient
    p = np.array([0.8])
    parts = [
        (0.5, np.array([0.2 * 100 + 0.8 * 20]), np.array([0.2])),
        (0.5, np.array([0.2 * 50 + 0.8 * 25]), np.array([0.5])),
    ]
    total, share = blend(parts, p)
    assert share.tolist() == pytest.approx([(20 + 25) / (100 + 50)])
    assert total.tolist() == pytest.approx([0.2 * 75 + 0.8 * 22.5])
    found = stakes(total, share, p, np.array([True]))
    assert found.if_stays.tolist() == pytest.approx([75.0])
    assert found.at_stake.tolist() == pytest.approx([75.0 - 22.5])


def test_forecasts_come_together_as_far_as_earlier_cuts_bear_it_out() -> None:
    told = np.array([0.02, 0.08, 0.2, 0.7])
    assert fit_spread([], []) == Spread(1.0, 0.0)
    # as told, at ten cutoffs: nothing moves
    assert fit_spread([told] * 10, [told] * 10) == Spread(1.0, 0.0)
    # the square root of what was told came: half the power, and one cutoff moves a seventh of
    # the way
    root = np.sqrt(told) / np.sqrt(told).sum()
    assert fit_spread([told], [root]).power == pytest.approx(1 - 0.5 / 7)
    assert fit_spread([told] * 54, [root] * 54).power == pytest.approx(1 - 0.5 * 0.9)
    # everybody has a tenth of the sum alike
    floored = 0.9 * told + 0.1 / 4
    learned = fit_spread([told] * 98, [floored] * 98)
    assert learned.floor == pytest.approx(0.1, abs=0.05)
    amounts = np.array([0.0, 1.0, 5.0, 94.0])
    assert learned.of(amounts).sum() == pytest.approx(100.0)
    assert (np.diff(learned.of(amounts)) > 0).all()
    assert learned.of(amounts)[0] > 0
