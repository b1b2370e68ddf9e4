"""Challengers see the same users and the same past, and every report keeps its contract."""

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.evaluation.churn.challengers.challenger_report import (
    all_challenger_forecasts,
    churn_challengers,
    value_backtest,
)
from ntg_assets.evaluation.churn.challengers.challengers import CHALLENGERS
from ntg_assets.evaluation.churn.challengers.origin import Origin
from ntg_assets.evaluation.churn.challengers.value_challengers import direct_loss, run_rate
from ntg_assets.evaluation.churn.drift import churn_drift
from ntg_assets.evaluation.churn.forecasts import (
    HOLDOUT,
)
from ntg_assets.evaluation.churn.money_calibration import money_calibration
from ntg_assets.evaluation.churn.radar_backtest import radar_backtest
from ntg_assets.evaluation.churn.value_order import gini_share, spearman, top_share_of
from ntg_assets.evaluation.churn.values_before import with_values_before
from ntg_assets.evaluation.expected_quality.expected_quality import MEASURES, expected_quality
from ntg_assets.revenue.value.value_model import daily_run_rate
from ntg_assets_tests.churn_past import forecast_world, report_of
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
)


@pytest.fixture(scope="module")
def world() -> tuple[Tables, pl.DataFrame]:
    return forecast_world()


def quality_of(
    tables: Tables, forecasts: pl.DataFrame, *, at_risk: int | None = None
) -> pl.DataFrame:
    """The expected quality as its asset makes it; `at_risk`: of so many users alone."""
    now = tables.revenue_risk_radar.filter("is_at_risk_population").select(
        "user_id", "churn_probability", "ltv_at_stake", origin_on=pl.lit(tables.history.cutoff_on)
    )
    return expected_quality(
        forecasts,
        with_values_before(
            now.head(now.height if at_risk is None else at_risk),
            tables.user_days,
            churn=CHURN,
            value=VALUE,
        ),
        known_on=tables.history.complete_until_on,
        horizon_days=CHURN.horizon_days,
        n_bins=5,
        rng=np.random.default_rng(1),
    )


def test_no_forecasts_give_empty_reports_that_keep_their_contracts(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    tables, forecasts = world
    none = forecasts.head(0)
    others = all_challenger_forecasts(
        none,
        tables.churn_snapshots,
        tables.churn_labels,
        tables.user_days,
        churn=CHURN,
        value=VALUE,
        seed=1,
    )
    rng = np.random.default_rng(1)
    made = {
        "churn_forecasts": none,
        "churn_calibration": report_of(none),
        "churn_drift": churn_drift(none),
        "radar_backtest": radar_backtest(none, others, samples=100, rng=rng),
        "money_calibration": money_calibration(none, samples=100, rng=rng),
        "challenger_forecasts": others,
        "churn_challengers": churn_challengers(none, others, n_bins=5, samples=100, rng=rng),
        "value_backtest": value_backtest(none, others),
        "expected_quality": quality_of(tables, none, at_risk=0),
    }
    for name, rows in made.items():
        assert rows.is_empty()
        check_frame(rows, contract_of(name), ids=IdTypes("integer", "integer"))


@pytest.mark.slow
def test_reports_keep_their_contracts_and_challengers_see_the_same_users(
    world: tuple[Tables, pl.DataFrame],
) -> None:
    tables, forecasts = world
    others = all_challenger_forecasts(
        forecasts,
        tables.churn_snapshots,
        tables.churn_labels,
        tables.user_days,
        churn=CHURN,
        value=VALUE,
        seed=1,
    )
    compared = churn_challengers(
        forecasts, others, n_bins=5, samples=100, rng=np.random.default_rng(1)
    )
    sizes = compared.group_by("evaluation").agg(pl.col("n_rows").n_unique())
    assert sizes["n_rows"].to_list() == [1, 1]
    assert set(compared["model"]) == {"shipped", *CHALLENGERS}
    shipped = compared.filter(pl.col("model") == "shipped", pl.col("evaluation") == HOLDOUT).row(
        0, named=True
    )
    base = compared.filter(pl.col("model") == "base_rate", pl.col("evaluation") == HOLDOUT).row(
        0, named=True
    )
    assert shipped["log_loss"] < base["log_loss"]
    assert base["log_loss_difference"] == pytest.approx(base["log_loss"] - shipped["log_loss"])
    valued = value_backtest(forecasts, others)
    made = {
        "churn_forecasts": forecasts,
        "challenger_forecasts": others,
        "churn_challengers": compared,
        "value_backtest": valued,
    }
    made |= {"churn_calibration": report_of(forecasts), "churn_drift": churn_drift(forecasts)}
    made["expected_quality"] = quality_of(tables, forecasts)
    assert made["expected_quality"].filter("is_tonight")["metric"].to_list() == sorted(MEASURES)
    for name, rows in made.items():
        check_frame(rows, contract_of(name), ids=IdTypes("integer", "integer"))


def test_no_forecast_of_loss_lies_above_the_largest_loss_seen(
    world: tuple[Tables, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled = world[0].labelled
    origin = Origin(
        labelled, labelled.head(5), labelled, CHURN.horizon_days, regularisation=1.0, seed=1
    )
    lost = (
        daily_run_rate(labelled, settings=VALUE)
        * CHURN.horizon_days
        * labelled["is_churned"].to_numpy()
    )
    assert 0 < direct_loss(origin, value=VALUE).max() <= lost.max()
    monkeypatch.setattr(
        HistGradientBoostingRegressor, "predict", lambda _, rows: np.full(len(rows), np.inf)
    )
    assert direct_loss(origin, value=VALUE).tolist() == [lost.max()] * 5


def test_value_metrics_by_hand() -> None:
    told, seen = np.array([3.0, 2.0, 1.0]), np.array([6.0, 0.0, 3.0])
    assert spearman(told, seen) == pytest.approx(0.5)
    assert spearman(told, np.ones(3)) is None
    assert gini_share(seen, seen) == 1.0
    held, perfect = (2 / 3 + 2 / 3 + 1) / 3, (2 / 3 + 1 + 1) / 3
    assert gini_share(told, seen) == pytest.approx((2 * held - 4 / 3) / (2 * perfect - 4 / 3))
    assert top_share_of(told, seen) == 6 / 9


def test_run_rate_learns_its_half_life_and_its_level_on_what_had_closed() -> None:
    paces = pl.DataFrame(
        {
            "decayed_active_days_7d": [1.0, 3.0, 0.0, 2.0],
            "decayed_active_days_30d": [2.0, 2.0, 2.0, 2.0],
            "decayed_active_days_90d": [4.0, 1.0, 4.0, 1.0],
            "decayed_active_days_365d": [9.0, 1.0, 9.0, 1.0],
        }
    )
    known = paces.with_columns(window_active_days=pl.Series([2, 6, 0, 4]))  # twice the first pace
    now = paces.head(2)
    origin = Origin(known, now, now, horizon_days=30, regularisation=0.1, seed=1)
    level = (2 + 6 + 0 + 4) / (1 + 3 + 0 + 2)
    assert run_rate(origin, value=VALUE).tolist() == [level * 1.0, level * 3.0]
    nothing = Origin(
        known.with_columns(window_active_days=0), now, now, 30, regularisation=0.1, seed=1
    )
    assert run_rate(nothing, value=VALUE).tolist() == [0.0, 0.0]
