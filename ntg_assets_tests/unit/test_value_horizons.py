"""The back-test of the stated horizon: told against seen over growing spans, by what was known."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.evaluation.churn.value_horizons import ratio_interval, value_horizons
from ntg_assets.revenue.value.horizon_forecasts import fit_ltv_ranges, horizon_forecasts
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.revenue.value.value_shapes import value_shapes
from ntg_assets_tests.churn_world import (
    CHURN,
    Tables,
    boundaries,
    leaving_tables,
)

SPLIT = boundaries(date(2024, 1, 1), date(2024, 8, 28))


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables(3, n_users=120)


def judged(tables: Tables, horizon_days: int = 60) -> pl.DataFrame:
    past = tables.value_walk_forward
    forecasts = horizon_forecasts(past, value_evidence(past))
    return value_horizons(forecasts, horizon_days=horizon_days, churn=CHURN)


def test_spans_double_up_to_the_stated_horizon_and_add_up(tables: Tables) -> None:
    found = judged(tables)
    value = found.filter(pl.col("kind") == "value")
    assert value["n_days"].unique().sort().to_list() == [20, 40, 60]
    assert value.filter("is_stated")["n_days"].unique().to_list() == [60]
    for (_,), rows in value.group_by("n_days"):
        whole = rows.filter(pl.col("segment") == "all", pl.col("bin") == 0)
        for parts in (
            rows.filter(pl.col("bin") > 0),
            rows.filter(pl.col("segment").str.starts_with("segment=")),
            rows.filter(pl.col("segment").str.starts_with("origin=")),
        ):
            assert parts["told"].sum() == pytest.approx(whole["told"][0])
            assert parts["seen"].sum() == pytest.approx(whole["seen"][0])
    whole = value.filter(pl.col("segment") == "all", pl.col("bin") == 0)
    assert whole["ratio"].is_between(0.7, 1.4).all()
    assert (whole["ratio_low"] < whole["ratio"]).all()
    assert found["note"].null_count() == found.height


def test_a_horizon_beyond_the_log_is_told_as_an_extrapolation(tables: Tables) -> None:
    found = judged(tables, horizon_days=365)
    assert found["note"].unique().to_list() == [
        "extrapolation: the longest span that could be judged is 60 days, the stated horizon is 365"
    ]
    assert not found["is_stated"].any()


@pytest.mark.slow
def test_the_future_of_a_cutoff_changes_no_forecast_of_it(tables: Tables) -> None:
    past = tables.value_walk_forward
    origin_on = past["origin_on"].unique().sort()[-3]
    later = past.with_columns(
        seen_value=pl.when(pl.col("closes_on") > origin_on).then(1e6).otherwise("seen_value")
    )
    told = ["user_id", "n_periods", "told_value", "told_low", "told_high", "told_at_risk"]
    before, after = (
        horizon_forecasts(rows, value_evidence(rows))
        .filter(pl.col("origin_on") == origin_on)
        .select(told)
        for rows in (past, later)
    )
    assert before.height > 50
    assert before.equals(after)


def test_ranges_of_tonight_hold_nine_of_ten_of_what_they_were_measured_on(tables: Tables) -> None:
    past, values = tables.value_walk_forward, tables.ltv_estimates
    assert (values["ltv_range_low"] <= values["ltv_range_high"]).all()
    assert values["ltv_range_days"].unique().to_list() == [60]
    shapes = value_shapes(value_evidence(past), known_on=date(2024, 8, 28), n_stated=3)
    nothing = fit_ltv_ranges(past, shapes, known_on=date(2024, 1, 1))
    assert nothing.is_empty()


def test_interval_of_a_ratio_by_hand() -> None:
    told, seen = np.array([1.0, 3.0, 2.0]), np.array([2.0, 2.0, 2.0])
    ratio, low, high = ratio_interval(told, seen)
    error = np.sqrt((1 + 1 + 0) * 3 / 2) / 6
    assert ratio == 1.0
    assert high == pytest.approx(np.exp(4.302652729911275 * error))  # t of 2 degrees of freedom
    assert low == pytest.approx(1 / np.exp(4.302652729911275 * error))
    assert ratio_interval(told, np.zeros(3)) == (None, None, None)


def test_what_leavers_leave_behind_is_the_value_if_they_had_stayed_less_what_they_brought() -> None:
    day = date(2024, 3, 1)
    row = {
        "origin_on": day,
        "user_id": 1,
        "n_periods": 1,
        "n_days": 20,
        "closes_on": day + timedelta(days=20),
        "is_at_risk": True,
        "recency_days": 3,
        "tenure_days": 50,
        "told_value": 5.0,
        "seen_value": 0.0,
        "told_low": 0.0,
        "told_high": 9.0,
        "told_at_risk": 4.0,
        "left_behind": 8.0,
    }
    users = pl.DataFrame([row, row | {"user_id": 2, "seen_value": 10.0, "left_behind": 0.0}])
    found = value_horizons(users, horizon_days=20, churn=ChurnSettings(horizon_days=20))
    whole = found.filter(pl.col("segment") == "all", pl.col("bin") == 0)
    assert whole.select("kind", "told", "seen", "covered_share").rows() == [
        ("value", 10.0, 10.0, 0.5),
        ("revenue_at_risk", 8.0, 8.0, None),
    ]
