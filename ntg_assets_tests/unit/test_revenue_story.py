"""One user's story says what the tables say, and nothing of anybody else."""

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.errors import UnknownUserError
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.radar.uncertainty import radar_stability
from ntg_assets.revenue.radar.user_risk import user_risk_story
from ntg_assets_tests.churn_world import leaving_tables

POLICY = RadarSettings(
    strategies=[
        StrategySettings(name="maximum_risk", objective="revenue_at_risk"),
        StrategySettings(name="profit", objective="expected_profit", contact_cost=0.01),
    ],
    holdout_share=0.3,
)


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    made = leaving_tables()
    sure = radar_stability(
        made.revenue_risk_radar,
        made.churn_snapshots,
        made.churn_coefficients,
        rng=np.random.default_rng(1),
    )
    targets = intervention_targets(made.revenue_risk_radar, settings=POLICY)
    return {
        "revenue_risk_radar": made.revenue_risk_radar,
        "churn_scores": made.churn_scores,
        "ltv_estimates": made.ltv_estimates,
        "radar_stability": sure,
        "intervention_targets": targets,
    }


def test_the_story_is_exact_and_its_parts_multiply_to_the_risk(
    tables: dict[str, pl.DataFrame],
) -> None:
    first = tables["revenue_risk_radar"].row(0, named=True)
    told = user_risk_story(tables, first["user_id"])
    assert (told.rank, told.band, told.revenue_at_risk.value) == (
        1,
        first["band"],
        first["revenue_at_risk"],
    )
    assert told.revenue_at_risk.value == told.churn.value * told.stake
    assert told.churn.low is not None and told.churn.high is not None  # noqa: PT018  # one fact: there is an interval
    assert told.churn.low <= told.churn.value <= told.churn.high
    assert told.reasons[0] == first["reason_1"]
    assert told.value_parts["active_probability"] == 1 - told.churn.value
    assert {row.strategy for row in told.strategies} <= {"maximum_risk", "profit"}


def test_whoever_is_not_contacted_is_told_why(tables: dict[str, pl.DataFrame]) -> None:
    held = (
        tables["intervention_targets"].filter(pl.col("exclusion") == "holdout").row(0, named=True)
    )
    told = user_risk_story(tables, held["user_id"])
    assert len(told.exclusions) == 1
    assert told.exclusions[0].startswith("holdout")
    assert all(row.action == "no_contact" for row in told.strategies)


def test_an_id_may_be_given_as_text_and_an_unknown_one_is_one_sentence(
    tables: dict[str, pl.DataFrame],
) -> None:
    assert user_risk_story(tables, "7") == user_risk_story(tables, 7)
    with pytest.raises(UnknownUserError, match="no user 'nobody' among its 80 rows"):
        user_risk_story(tables, "nobody")


def test_without_stability_and_targets_the_rest_is_told(tables: dict[str, pl.DataFrame]) -> None:
    few = {name: tables[name] for name in ("revenue_risk_radar", "churn_scores", "ltv_estimates")}
    told = user_risk_story(few, 7)
    assert (told.revenue_at_risk.low, told.top_decile_probability, told.strategies) == (
        None,
        None,
        (),
    )
