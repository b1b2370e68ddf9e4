"""The radar is exactly risk x stake, and interventions obey the policy to the last unit of
money.
"""

import polars as pl
import pytest

from ntg_assets.churn.checks import implausible_aucs, scores_that_do_not_add_up
from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.contacts.checks import targets_against_policy
from ntg_assets.revenue.contacts.lists.user_lists import UserLists
from ntg_assets.revenue.contacts.policy import intervention_exclusions
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.radar.checks import radar_rows_that_do_not_reconcile, ranks_out_of_order
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar
from ntg_assets_tests.churn_world import CHURN, Tables, leaving_tables


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables()


def radar_of(
    *users: tuple[int, float, float],
    dormant: tuple[int, ...] = (),
    recency: int = 5,
    tenure: int = 100,
) -> pl.DataFrame:
    """Radar of (user, churn probability, what is at stake)."""
    ids, risks, _ = zip(*users, strict=True)
    scores = pl.DataFrame(
        {
            "user_id": ids,
            "churn_probability": risks,
            "is_at_risk_population": [user not in dormant for user in ids],
            "recency_days": [recency] * len(ids),
            "tenure_days": [tenure] * len(ids),
            **{f"reason_{place}": ["seldom seen"] * len(ids) for place in (1, 2, 3)},
        }
    )
    values = pl.DataFrame(
        {
            "user_id": ids,
            "ltv": [
                0.0 if user in dormant else stake - risk * stake for user, risk, stake in users
            ],
            "ltv_if_stays": [0.0 if user in dormant else stake for user, _, stake in users],
            "ltv_at_stake": [0.0 if user in dormant else stake for user, _, stake in users],
            "revenue_at_risk": [
                0.0 if user in dormant else risk * stake for user, risk, stake in users
            ],
            "unit": ["index"] * len(ids),
        }
    )
    return revenue_risk_radar(scores, values, settings=CHURN)


def policy(*strategies: StrategySettings, **changes: object) -> RadarSettings:
    return RadarSettings.model_validate(
        {"strategies": list(strategies), "holdout_share": 0.0, **changes}
    )


def targets(radar: pl.DataFrame, settings: RadarSettings, **given: object) -> pl.DataFrame:
    return intervention_targets(radar, settings=settings, **given)  # type: ignore[arg-type]


def without(radar: pl.DataFrame, settings: RadarSettings, *users: str) -> pl.DataFrame:
    """Exclusions when these users opted out."""
    return intervention_exclusions(
        radar, settings=settings, lists=UserLists(pl.DataFrame({"listed_id": users}))
    )


MAXIMUM_RISK = StrategySettings(name="maximum_risk", objective="revenue_at_risk")


def test_risk_times_stake_in_order_with_ties_by_id() -> None:
    found = radar_of((1, 0.5, 10.0), (2, 0.1, 100.0), (3, 0.5, 20.0), (4, 0.2, 50.0))
    assert found.select("user_id", "rank", "revenue_at_risk").rows() == [
        (2, 1, 0.1 * 100),
        (3, 2, 0.5 * 20),
        (4, 3, 0.2 * 50),
        (1, 4, 0.5 * 10),
    ]


def test_bands_follow_the_cumulative_share() -> None:
    found = radar_of(
        (1, 0.5, 100.0), (2, 0.5, 60.0), (3, 0.5, 30.0), (4, 0.5, 8.0), (5, 0.5, 2.0), (6, 0.5, 0.0)
    )
    assert found["cumulative_share"].to_list() == pytest.approx([0.5, 0.8, 0.95, 0.99, 1.0, 1.0])
    assert found["band"].to_list() == ["critical", "high", "medium", "low", "low", "none"]


def test_whoever_has_left_has_nothing_at_stake() -> None:
    found = radar_of((1, 0.99, 50.0), (2, 0.2, 10.0), dormant=(1,))
    assert found.select("user_id", "ltv_at_stake", "revenue_at_risk", "segment").rows() == [
        (2, 10.0, 0.2 * 10, "regular"),
        (1, 0.0, 0.0, "dormant"),
    ]


def test_life_cycle_segments() -> None:
    assert radar_of((1, 0.5, 1.0), recency=10, tenure=19)["segment"][0] == "new"
    assert radar_of((1, 0.5, 1.0), recency=10, tenure=20)["segment"][0] == "regular"
    assert radar_of((1, 0.5, 1.0), recency=11, tenure=19)["segment"][0] == "slipping"


def test_nothing_at_risk_has_no_shares() -> None:
    found = radar_of((1, 0.0, 10.0), (2, 0.5, 0.0))
    assert found["cumulative_share"].to_list() == [0.0, 0.0]
    assert found["band"].to_list() == ["none", "none"]


def test_radar_reconciles_and_a_changed_bit_is_found(tables: Tables) -> None:
    found = tables.revenue_risk_radar
    assert radar_rows_that_do_not_reconcile(
        found, tables.churn_scores, tables.ltv_estimates
    ).is_empty()
    nudged = found.with_columns(
        revenue_at_risk=pl.when(pl.col("rank") == 3)
        .then(pl.col("revenue_at_risk") * (1 + 1e-15))
        .otherwise("revenue_at_risk")
    )
    assert (
        radar_rows_that_do_not_reconcile(nudged, tables.churn_scores, tables.ltv_estimates).height
        == 1
    )


def test_a_lost_or_invented_user_does_not_reconcile(tables: Tables) -> None:
    found = tables.revenue_risk_radar
    assert (
        radar_rows_that_do_not_reconcile(
            found.head(5), tables.churn_scores, tables.ltv_estimates
        ).height
        == found.height - 5
    )
    assert (
        radar_rows_that_do_not_reconcile(
            found, tables.churn_scores.head(5), tables.ltv_estimates
        ).height
        == found.height - 5
    )


def test_wrong_rank_is_found(tables: Tables) -> None:
    assert ranks_out_of_order(tables.revenue_risk_radar).is_empty()
    assert (
        ranks_out_of_order(
            tables.revenue_risk_radar.with_columns(rank=pl.col("rank").reverse())
        ).height
        > 0
    )


def test_score_that_its_parts_do_not_explain_is_found(tables: Tables) -> None:
    assert scores_that_do_not_add_up(tables.churn_scores).is_empty()
    changed = tables.churn_scores.with_columns(
        contribution_depth=pl.col("contribution_depth") + 1e-9
    )
    assert scores_that_do_not_add_up(changed).height > 0


def test_auc_is_implausible_only_on_enough_forecasts() -> None:
    rows = [
        ("holdout", "all", "auc", 0.99, 100, 50),
        ("walk_forward", "all", "auc", 0.99, 40, 35),
        ("holdout", "segment=new", "auc", 1.0, 90, 45),
    ]
    calibration = pl.DataFrame(
        rows,
        schema=["evaluation", "segment", "metric", "value", "n_rows", "n_churned"],
        orient="row",
    )
    assert implausible_aucs(calibration, threshold=0.98)["evaluation"].to_list() == ["holdout"]
    assert implausible_aucs(calibration, threshold=0.995).is_empty()


def test_economics_of_one_contact() -> None:
    strategy = StrategySettings(
        name="profit",
        objective="expected_profit",
        save_rate=0.2,
        offer_cost=3.0,
        contact_cost=0.5,
        stayer_take_up=0.6,
    )
    row = targets(radar_of((1, 0.25, 400.0)), policy(strategy)).row(0, named=True)
    assert row["expected_saved_value"] == pytest.approx(0.2 * 0.25 * 400)
    assert row["expected_cost"] == pytest.approx(0.5 + 3.0 * (0.2 * 0.25 + 0.6 * 0.75))
    assert row["expected_profit"] == pytest.approx(
        row["expected_saved_value"] - row["expected_cost"]
    )


def test_profit_strategy_leaves_out_who_costs_more_than_they_bring() -> None:
    strategy = StrategySettings(
        name="profit", objective="expected_profit", save_rate=0.1, contact_cost=1.0
    )
    assert targets(radar_of((1, 0.5, 30.0), (2, 0.5, 10.0)), policy(strategy))[
        "user_id"
    ].to_list() == [1]


def test_capacity_counts_contacts_and_keeps_who_was_passed_over() -> None:
    radar = radar_of((1, 0.5, 50.0), (2, 0.5, 40.0), (3, 0.5, 30.0), (4, 0.5, 20.0))
    settings = policy(MAXIMUM_RISK, capacity=2)
    found = targets(radar, settings, exclusions=without(radar, settings, "2"))
    assert found.select("user_id", "rank", "action", "exclusion").rows() == [
        (1, 1, "contact", "none"),
        (2, 2, "no_contact", "opted_out"),
        (3, 3, "contact", "none"),
    ]


def test_budget_is_spent_and_never_passed() -> None:
    strategy = StrategySettings(
        name="budget", objective="revenue_at_risk", contact_cost=0.3, budget=1.0
    )
    found = targets(
        radar_of(*((user, 0.5, 100.0 - user) for user in range(1, 7))), policy(strategy)
    )
    contacted = found.filter(pl.col("action") == "contact")
    assert contacted["user_id"].to_list() == [1, 2, 3]
    assert contacted["expected_cost"].sum() <= 1.0


def test_holdout_is_the_documented_hash_and_the_same_for_every_strategy() -> None:
    radar = radar_of(*((user, 0.5, 100.0) for user in range(1, 201)))
    settings = policy(
        MAXIMUM_RISK,
        StrategySettings(name="any", objective="random"),
        holdout_share=0.2,
        capacity=200,
    )
    found = targets(radar, settings)
    expected = {user for user in range(1, 201) if unit_interval("radar-holdout", user) < 0.2}
    for name in ("maximum_risk", "any"):
        held = found.filter(pl.col("strategy") == name, pl.col("exclusion") == "holdout")[
            "user_id"
        ].to_list()
        assert set(held) == expected
    assert not set(found.filter(pl.col("action") == "contact")["user_id"]) & expected


def test_early_warning_takes_only_rising_risk() -> None:
    before = pl.DataFrame({"user_id": [1, 2, 3], "churn_probability_before": [0.1, 0.6, None]})
    strategy = StrategySettings(name="early", objective="early_warning")
    found = targets(
        radar_of((1, 0.5, 10.0), (2, 0.5, 10.0), (3, 0.5, 10.0)), policy(strategy), warnings=before
    )
    assert found["user_id"].to_list() == [1]


def test_high_value_defence_starts_with_the_most_valuable_of_the_risky() -> None:
    strategy = StrategySettings(name="defence", objective="high_value")
    found = targets(radar_of((1, 0.9, 10.0), (2, 0.1, 100.0), (3, 0.8, 50.0)), policy(strategy))
    assert found["user_id"].to_list() == [3, 1]


def test_random_order_depends_on_the_seed_alone() -> None:
    radar = radar_of(*((user, 0.5, 100.0) for user in range(1, 51)))
    settings = policy(StrategySettings(name="exploration", objective="random"))
    first, again, other = (
        targets(radar, settings, seed=seed)["user_id"].to_list() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_dormant_users_are_never_targets() -> None:
    assert targets(radar_of((1, 0.9, 10.0), (2, 0.9, 10.0), dormant=(1,)), policy(MAXIMUM_RISK))[
        "user_id"
    ].to_list() == [2]


def test_nobody_at_risk_gives_an_empty_list() -> None:
    assert targets(radar_of((1, 0.9, 10.0), dormant=(1,)), policy(MAXIMUM_RISK)).is_empty()


def test_contact_in_spite_of_an_exclusion_is_found() -> None:
    radar = radar_of((1, 0.5, 50.0), (2, 0.5, 40.0), (3, 0.5, 30.0))
    found = targets(
        radar, policy(MAXIMUM_RISK), exclusions=without(radar, policy(MAXIMUM_RISK), "2")
    )
    assert targets_against_policy(found, radar).is_empty()
    assert targets_against_policy(found.with_columns(action=pl.lit("contact")), radar)[
        "user_id"
    ].to_list() == [2]
    assert (
        targets_against_policy(found.with_columns(revenue_at_risk=pl.lit(1.0)), radar).height
        == found.height
    )
