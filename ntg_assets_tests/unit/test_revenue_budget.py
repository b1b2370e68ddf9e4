"""A budget is spent on what brings most: exact against enumeration,
near the bound at scale, never passed.
"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.revenue.contacts import budget as module
from ntg_assets.revenue.contacts.budget import MAX_EXACT, spend
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison, strategy_overlaps
from ntg_assets_tests.unit.test_revenue_radar import MAXIMUM_RISK, radar_of


def best_by_enumeration(
    profit: np.ndarray, cost: np.ndarray, budget: float, capacity: int
) -> float:
    sets = (
        list(chosen) for n in range(capacity + 1) for chosen in combinations(range(len(profit)), n)
    )
    return max(profit[chosen].sum() for chosen in sets if cost[chosen].sum() <= budget + 1e-12)


def test_greed_by_ratio_is_not_enough() -> None:
    found = spend(np.array([6.0, 10.0, 12.0]), np.array([1.0, 2.0, 3.0]), budget=5.0, capacity=3)
    assert found.chosen.tolist() == [False, True, True]  # the best ratio is left out
    assert found.is_exact


def test_what_is_left_of_the_budget_goes_to_who_takes_all_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Above a price of 1 only the first pays; of the 5 - 3 = 2 that are left the third takes 2."""
    monkeypatch.setattr(module, "MAX_EXACT", 0)
    profit, cost = np.array([5.0, 3.0, 2.0]), np.array([3.0, 3.0, 2.0])
    found = spend(profit, cost, budget=5.0, capacity=3)
    assert found.chosen.tolist() == [True, False, True]


def test_equal_gains_go_to_the_first() -> None:
    profit = np.tile([1.0, 2.0], 500)
    found = spend(profit, np.zeros(1000), budget=1.0, capacity=10)
    assert np.flatnonzero(found.chosen).tolist() == list(range(1, 21, 2))


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), budget=st.floats(0.5, 6), capacity=st.integers(1, 8))
def test_small_sets_are_solved_exactly(seed: int, budget: float, capacity: int) -> None:
    rng = np.random.default_rng(seed)
    profit, cost = rng.normal(1, 1.5, 8), rng.uniform(0.1, 2, 8)
    found = spend(profit, cost, budget=budget, capacity=capacity)
    assert found.is_exact
    assert profit[found.chosen].sum() == pytest.approx(
        best_by_enumeration(profit, cost, budget, capacity)
    )


def test_at_scale_the_choice_is_within_one_contact_of_the_bound() -> None:
    rng = np.random.default_rng(1)
    n = MAX_EXACT * 20
    profit, cost = rng.exponential(5, n), rng.uniform(0.5, 3, n)
    found = spend(profit, cost, budget=2000.0, capacity=n)
    assert not found.is_exact
    assert cost[found.chosen].sum() <= 2000.0
    gain = profit - found.shadow_price * cost
    bound = gain[gain > 0].sum() + found.shadow_price * 2000.0
    assert bound - profit[found.chosen].sum() < profit.max()


def test_shadow_price_is_what_one_more_unit_brings() -> None:
    rng = np.random.default_rng(2)
    profit, cost = rng.exponential(5, 20_000), rng.uniform(0.5, 3, 20_000)
    less, more = (
        spend(profit, cost, budget=budget, capacity=20_000) for budget in (3000.0, 3100.0)
    )
    gained = profit[more.chosen].sum() - profit[less.chosen].sum()
    assert gained / 100 == pytest.approx(less.shadow_price, rel=0.02)


def test_enough_money_has_no_price_and_losses_are_never_bought() -> None:
    found = spend(np.array([1.0, -1.0, 2.0]), np.array([1.0, 0.1, 1.0]), budget=10.0, capacity=5)
    assert (found.chosen.tolist(), found.shadow_price, found.is_exact) == (
        [True, False, True],
        0.0,
        True,
    )


def test_no_budget_and_no_candidates_choose_nobody() -> None:
    assert not spend(np.array([1.0]), np.array([1.0]), budget=0.0, capacity=5).chosen.any()
    assert spend(np.zeros(0), np.zeros(0), budget=1.0, capacity=5).chosen.tolist() == []


def test_targets_carry_the_price_and_whoever_was_not_paid_for() -> None:
    strategy = StrategySettings(
        name="profit", objective="expected_profit", save_rate=1.0, contact_cost=1.0, budget=2.0
    )
    radar = radar_of((1, 0.5, 20.0), (2, 0.5, 16.0), (3, 0.5, 12.0))
    policy = RadarSettings(strategies=[MAXIMUM_RISK, strategy], holdout_share=0.0)
    found = intervention_targets(radar, settings=policy)
    bought = found.filter(found["strategy"] == "profit")
    assert bought["user_id"].to_list() == [1, 2]
    # the third contact, for one unit
    assert bought["shadow_price"].to_list() == pytest.approx([0.5 * 12 - 1] * 2)
    assert bought["is_proven_best"].all()
    assert found.filter(found["strategy"] == "maximum_risk")["shadow_price"].null_count() == 3


def test_comparison_adds_up_and_knows_the_break_even_save_rate() -> None:
    terms = {"save_rate": 0.2, "offer_cost": 1.0, "contact_cost": 0.5, "stayer_take_up": 0.5}
    strategy = StrategySettings.model_validate(
        {"name": "profit", "objective": "expected_profit", **terms}
    )
    radar = radar_of((1, 0.5, 40.0), (2, 0.4, 60.0))
    policy = RadarSettings(strategies=[MAXIMUM_RISK, strategy], holdout_share=0.0)
    found = strategy_comparison(
        intervention_targets(radar, settings=policy), radar, settings=policy
    ).row(1, named=True)
    gain, fixed = (20.0 + 24.0) - 1.0 * 0.9, 0.5 * 2 + 1.0 * 0.5 * (0.5 + 0.6)
    assert found["expected_profit"] == pytest.approx(0.2 * gain - fixed)
    assert found["profit_at_half_save_rate"] == pytest.approx(0.1 * gain - fixed)
    assert found["break_even_save_rate"] == pytest.approx(fixed / gain)
    assert (found["overlap_share"], found["revenue_at_risk_share"], found["n_contacts"]) == (
        1.0,
        1.0,
        2,
    )


def test_overlaps_are_counted_for_every_pair_of_strategies() -> None:
    few = StrategySettings(name="few", objective="expected_profit", save_rate=1.0, contact_cost=9.0)
    nobody = StrategySettings(
        name="nobody", objective="expected_profit", save_rate=0.0, contact_cost=1.0
    )
    # 20 and 5 at risk: only the first is worth a contact of 9
    radar = radar_of((1, 0.5, 40.0), (2, 0.5, 10.0))
    policy = RadarSettings(strategies=[MAXIMUM_RISK, few, nobody], holdout_share=0.0)
    found = strategy_overlaps(intervention_targets(radar, settings=policy), settings=policy)
    assert found.rows() == [
        ("maximum_risk", "few", 2, 1, 1 / 2),
        ("maximum_risk", "nobody", 2, 0, 0.0),
        ("few", "maximum_risk", 1, 1, 1.0),
        ("few", "nobody", 1, 0, 0.0),
        ("nobody", "maximum_risk", 0, 0, None),
        ("nobody", "few", 0, 0, None),
    ]
