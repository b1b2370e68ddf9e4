"""Row order, id type and the scale of money change nothing that they should not."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings, ValueSettings
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison
from ntg_assets.revenue.radar.checks import radar_rows_that_do_not_reconcile, ranks_out_of_order
from ntg_assets_tests.churn_world import (
    Tables,
    boundaries,
    leaving_log,
    leaving_tables,
    make_tables,
)

SPLIT = boundaries(date(2024, 1, 1), date(2024, 8, 28))
KEYS = {
    "churn_labels": ["user_id", "snapshot_on"],
    "churn_snapshots": ["user_id", "snapshot_on"],
    "churn_walk_forward": ["origin_on", "model", "user_id"],
    "churn_model_selection": ["model", "origin_on"],
    "churn_recalibration": ["calibrator", "origin_on"],
    "churn_coefficients": ["position"],
    "churn_uncertainty": ["knot"],
    "churn_scores": ["user_id"],
    "value_coefficients": ["position"],
    "ltv_estimates": ["user_id"],
    "revenue_risk_radar": ["rank"],
}


def same(left: Tables, right: Tables) -> None:
    for name, key in KEYS.items():
        assert_frame_equal(
            getattr(left, name).sort(key), getattr(right, name).sort(key), check_exact=True
        )


@pytest.mark.slow
@settings(max_examples=3)
@given(seed=st.integers(0, 1000))
def test_shuffled_rows_give_the_same_tables_to_the_last_bit(seed: int) -> None:
    log = leaving_log(seed, n_users=40)
    shuffled = log.sample(fraction=1.0, shuffle=True, seed=seed)
    same(make_tables(log, SPLIT), make_tables(shuffled, SPLIT))


@pytest.mark.slow
@settings(max_examples=4)
@given(seed=st.integers(0, 1000), unit_price=st.floats(0.01, 1000))
def test_radar_reconciles_whatever_the_log(seed: int, unit_price: float) -> None:
    value = ValueSettings(price_per_active_day=unit_price)
    found = make_tables(leaving_log(seed, n_users=40), SPLIT, value=value)
    assert radar_rows_that_do_not_reconcile(
        found.revenue_risk_radar, found.churn_scores, found.ltv_estimates
    ).is_empty()
    assert ranks_out_of_order(found.revenue_risk_radar).is_empty()
    assert found.revenue_risk_radar.height == found.user_days["user_id"].n_unique()


@pytest.mark.slow
@settings(max_examples=3)
@given(seed=st.integers(0, 1000), factor=st.sampled_from([0.001, 7.0, 1e6]))
def test_value_scales_with_the_price(seed: int, factor: float) -> None:
    log = leaving_log(seed, n_users=40)
    once, scaled = (
        make_tables(log, SPLIT, value=ValueSettings(price_per_active_day=price)).ltv_estimates
        for price in (1.0, factor)
    )
    expected = (once["ltv"] * factor).to_list()
    # paces are summed in billionths of the unit
    assert scaled["ltv"].to_list() == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.slow
@settings(max_examples=20)
@given(budget=st.floats(0, 50), capacity=st.integers(1, 30), share=st.floats(0, 0.5))
def test_no_policy_is_ever_passed(budget: float, capacity: int, share: float) -> None:
    strategy = StrategySettings(
        name="profit",
        objective="expected_profit",
        save_rate=0.3,
        offer_cost=0.7,
        contact_cost=0.1,
        budget=budget,
    )
    policy = RadarSettings(strategies=[strategy], capacity=capacity, holdout_share=share)
    contacted = intervention_targets(
        leaving_tables(1, n_users=40).revenue_risk_radar, settings=policy
    ).filter(pl.col("action") == "contact")
    assert contacted.height <= capacity
    assert contacted["expected_cost"].sum() <= budget + 1e-6
    assert (contacted["expected_profit"] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("text_ids", [True, False])
def test_interventions_keep_their_contracts(text_ids: bool) -> None:  # noqa: FBT001
    radar = leaving_tables(2, text_ids=text_ids).revenue_risk_radar
    strategies = [
        StrategySettings(name="risk", objective="revenue_at_risk"),
        StrategySettings(
            name="profit", objective="expected_profit", save_rate=0.3, contact_cost=0.2, budget=1.0
        ),
        StrategySettings(
            name="nobody", objective="expected_profit", save_rate=0.0, contact_cost=1.0, budget=5.0
        ),
    ]
    policy = RadarSettings(strategies=strategies, capacity=10)
    targets = intervention_targets(radar, settings=policy)
    ids = IdTypes("string" if text_ids else "integer", "string")
    check_frame(targets, contract_of("intervention_targets"), ids=ids)
    check_frame(
        strategy_comparison(targets, radar, settings=policy),
        contract_of("strategy_comparison"),
        ids=ids,
    )


@pytest.mark.slow
def test_text_ids_keep_every_contract() -> None:
    found = leaving_tables(2, text_ids=True)
    for name in KEYS:
        check_frame(getattr(found, name), contract_of(name), ids=IdTypes("string", "string"))


@pytest.mark.slow
def test_integer_ids_keep_every_contract() -> None:
    found = leaving_tables(2, text_ids=False)
    for name in KEYS:
        check_frame(getattr(found, name), contract_of(name), ids=IdTypes("integer", "integer"))
