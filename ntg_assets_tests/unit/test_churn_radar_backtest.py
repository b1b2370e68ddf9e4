"""The radar back-test and the calibration of money measure what was really lost."""

import numpy as np
import polars as pl
import pytest

from ntg_assets.evaluation.churn.forecasts import (
    HOLDOUT,
    WALK_FORWARD,
)
from ntg_assets.evaluation.churn.money_calibration import money_calibration
from ntg_assets.evaluation.churn.radar_backtest import (
    RANKINGS,
    placed_by,
    radar_backtest,
    top_share,
)
from ntg_assets.sql import query
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_past import T_VAL, forecast_world
from ntg_assets_tests.churn_world import (
    Tables,
    days,
)


@pytest.fixture(scope="module")
def world() -> tuple[Tables, pl.DataFrame]:
    return forecast_world()


def made_forecasts() -> pl.DataFrame:
    rows = [(user, user / 10, float(user), float(11 - user)) for user in range(1, 11)]
    made = pl.DataFrame(
        rows, schema=["user_id", "churn_probability", "ltv_at_stake", "lost_value"], orient="row"
    )
    return made.with_columns(
        evaluation=pl.lit(HOLDOUT),
        origin_on=T_VAL,
        horizon_at_stake="ltv_at_stake",
        is_churned=pl.lit(value=True),
        value_before="lost_value",
        value_before_last="lost_value",
        value_before_ever="lost_value",
        ltv="ltv_at_stake",
        dropped_value="lost_value",
    )


def test_capture_by_hand() -> None:
    found = radar_backtest(made_forecasts(), samples=100, rng=np.random.default_rng(1))
    row = found.filter(
        pl.col("loss") == "left", pl.col("ranking") == "radar", pl.col("depth_share") == 0.2
    ).row(0, named=True)
    assert row["captured_share"] == (1 + 2) / 55  # users 10 and 9 lead the radar, and lost least
    assert row["oracle_captured_share"] == (10 + 9) / 55
    assert row["share_of_oracle"] == pytest.approx(3 / 19)


def test_no_ranking_beats_the_oracle(world: tuple[Tables, pl.DataFrame]) -> None:
    found = radar_backtest(world[1], samples=100, rng=np.random.default_rng(1))
    assert set(found["ranking"]) == {*RANKINGS, "attainable", "oracle"} - {
        "direct_loss",
        "run_rate",
    }
    assert (found["captured_share"] <= found["oracle_captured_share"] + 1e-12).all()
    assert (found.filter(pl.col("ranking") == "oracle")["share_of_oracle"] == 1).all()


def test_exact_stakes_with_the_same_probabilities_bound_the_capture_by_hand() -> None:
    found = radar_backtest(made_forecasts(), samples=100, rng=np.random.default_rng(1))
    row = found.filter(
        pl.col("loss") == "left", pl.col("ranking") == "attainable", pl.col("depth_share") == 0.2
    ).row(0, named=True)
    assert row["captured_share"] == (6 + 5) / 55  # u / 10 * (11 - u) is largest for users 5 and 6


def test_windows_of_value_before_by_hand() -> None:
    # 1, 20, 21, 120 days ago
    seen = days(
        (1, "2024-06-30"), (1, "2024-06-11"), (1, "2024-06-10"), (1, "2024-03-03"), value=2.0
    )
    asked = pl.DataFrame({"user_id": [1], "origin_on": [T_VAL]})
    found = run(
        query(
            "evaluation.churn",
            "value_before",
            {"forecasts": asked, "user_days": seen},
            window_days=40,
            horizon_days=20,
        )
    )
    assert found.select("tenure_days", "value_last", "value_at_risk", "value_ever").row(0) == (
        120,
        2 * 2.0,
        3 * 2.0,
        4 * 2.0,
    )
    assert found.select("active_days_last", "active_days_at_risk", "active_days_ever").row(0) == (
        2,
        3,
        4,
    )


def test_money_adds_up_over_deciles_and_segments(world: tuple[Tables, pl.DataFrame]) -> None:
    found = money_calibration(world[1], samples=100, rng=np.random.default_rng(1))
    for kind in ("value", "loss"):
        rows = found.filter(pl.col("evaluation") == WALK_FORWARD, pl.col("kind") == kind)
        whole = rows.filter(pl.col("segment") == "all", pl.col("bin") == 0).row(0, named=True)
        for parts in (rows.filter(pl.col("bin") > 0), rows.filter(pl.col("segment") != "all")):
            assert (parts["realised"] * parts["n_rows"]).sum() == pytest.approx(
                whole["realised"] * whole["n_rows"]
            )
            assert (parts["predicted"] * parts["n_rows"]).sum() == pytest.approx(
                whole["predicted"] * whole["n_rows"]
            )
        assert whole["realised_low"] <= whole["realised"] <= whole["realised_high"]


def test_top_of_each_origin_is_rounded_up_with_ties_by_id() -> None:
    rows = pl.DataFrame(
        {"origin_on": [1, 1, 1, 2], "user_id": [3, 1, 2, 9], "key": [0.5, 0.5, 0.1, 0.0]}
    )
    assert top_share(placed_by(rows, pl.col("key")), 0.1).to_list() == [False, True, False, True]


def test_nothing_lost_has_no_share() -> None:
    found = radar_backtest(
        made_forecasts().with_columns(value_before=0.0), samples=100, rng=np.random.default_rng(1)
    )
    assert found.filter(pl.col("loss") == "left")["captured_share"].is_null().all()
    assert found.filter(pl.col("loss") == "dropped")["captured_share"].is_not_null().all()
