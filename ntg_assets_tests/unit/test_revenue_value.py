"""Lifetime value and revenue at risk add up to the value of who stays; the next horizon is
P(active) x E[value | active].
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.scores import score_churn
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.revenue.value.value_errors import log_value_errors
from ntg_assets.revenue.value.value_model import (
    daily_run_rate,
    fit_value,
    observed_value,
    predict_value,
)
from ntg_assets.revenue.value.value_ranges import fit_value_ranges, range_of
from ntg_assets.revenue.value.ways.population import discounted_days
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES
from ntg_assets.statistics.glm import Z_95
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    boundaries,
    days,
    leaving_log,
    leaving_tables,
    make_tables,
)

SPLIT = boundaries(date(2024, 1, 1), date(2024, 8, 28))
REVENUE = ValueSettings(basis="event_value", unit="usd", horizon_days=60)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables()


def test_discounted_days_without_discount_are_days() -> None:
    assert discounted_days(horizon_days=365, period_days=90, annual_discount=0.0).tolist() == [
        90,
        90,
        90,
        90,
        5,
    ]


def test_a_day_is_discounted_from_its_middle() -> None:
    found = discounted_days(horizon_days=2, period_days=1, annual_discount=0.1)
    assert found.tolist() == pytest.approx([1.1 ** (-0.5 / 365), 1.1 ** (-1.5 / 365)])


def test_active_days_are_priced_and_refunds_count_nothing() -> None:
    window = pl.DataFrame({"window_active_days": [3, 0], "window_value": [-12.0, 7.5]})
    assert observed_value(window, settings=ValueSettings(price_per_active_day=2.0)).tolist() == [
        6.0,
        0.0,
    ]
    assert observed_value(window, settings=REVENUE).tolist() == [0.0, 7.5]


def test_value_model_adds_up_to_what_was_observed(tables: Tables) -> None:
    stayed = tables.labelled.filter(~pl.col("is_churned"))
    predicted, _ = predict_value(stayed, tables.value_coefficients)
    assert predicted.sum() == pytest.approx(observed_value(stayed, settings=VALUE).sum(), rel=1e-6)


def test_value_model_is_the_minimum_of_the_stated_objective(tables: Tables) -> None:
    stayed = tables.labelled.filter(~pl.col("is_churned"))
    predicted, _ = predict_value(stayed, tables.value_coefficients)
    observed, table = (
        observed_value(stayed, settings=VALUE),
        tables.value_coefficients.sort("position"),
    )
    x = standardise(
        design_matrix(stayed),
        mean=table["mean"].to_numpy()[1:],
        scale=table["scale"].to_numpy()[1:],
    )
    gradient = x.T @ (predicted - observed) / observed.mean() / len(observed)
    assert gradient + VALUE.regularisation * table["coefficient"].to_numpy()[1:] == pytest.approx(
        0, abs=1e-8
    )


def test_what_is_kept_and_what_may_be_lost_are_what_who_stays_brings_to_the_last_bit(
    tables: Tables,
) -> None:
    found = tables.ltv_estimates
    assert (found["ltv"] + found["revenue_at_risk"] == found["ltv_if_stays"]).all()
    p, stake = 1 - found["active_probability"], found["ltv_at_stake"]
    assert (
        found["revenue_at_risk"].to_numpy()
        == found["ltv_at_stake"].to_numpy()
        * tables.churn_scores.sort("user_id")["churn_probability"].to_numpy()
    ).all()
    parts = (1 - p) * found["ltv_if_stays"] + p * found["ltv_if_leaves"]
    assert parts.to_list() == pytest.approx(found["ltv"].to_list(), abs=1e-9)
    assert (found["ltv_if_stays"] - found["ltv_if_leaves"]).to_list() == pytest.approx(
        stake.to_list(), abs=1e-9
    )
    for rows in (found, found.sort("ltv"), found.filter(pl.col("user_id") % 3 == 0)):
        kept, lost, whole = (
            float(rows[name].sum()) for name in ("ltv", "revenue_at_risk", "ltv_if_stays")
        )
        assert kept + lost == whole


def test_who_has_left_has_nothing_more_to_lose(tables: Tables) -> None:
    gone = tables.ltv_estimates.join(
        tables.churn_scores.filter(~pl.col("is_at_risk_population")), on="user_id"
    )
    assert gone.height > 5
    assert (gone["ltv"] == gone["ltv_if_stays"]).all()
    assert (gone["ltv_if_leaves"] == gone["ltv_if_stays"]).all()
    assert (gone["revenue_at_risk"] == 0).all()


def test_the_sum_is_that_of_the_weighed_ways(tables: Tables) -> None:
    found, weights = tables.ltv_estimates, tables.value_shapes
    assert weights["weight"].sum() == pytest.approx(1.0)
    assert set(weights["candidate"]) == set(CANDIDATES)
    assert (found["ltv_low"] <= found["ltv"]).all()
    assert (found["ltv"] <= found["ltv_high"]).all()
    assert found["unit"].unique().to_list() == ["index"]


def test_the_error_of_value_is_that_of_its_probability() -> None:
    """By a small step of the logit: ltv moves as 1 - P (1 - R / V) does."""
    logit, step, share = np.log(0.3 / 0.7), 1e-4, 0.2
    low, chance, high = (1 / (1 + np.exp(-(logit + k * step))) for k in (-1, 0, 1))
    scores = pl.DataFrame(
        {
            "churn_probability_low": [low],
            "churn_probability": [chance],
            "churn_probability_high": [high],
        }
    )
    down, up = log_value_errors(scores, np.array([share]))
    moved = np.log((1 - low * (1 - share)) / (1 - high * (1 - share))) / (2 * Z_95)
    assert down[0] == pytest.approx(moved, rel=1e-6)
    assert up[0] == pytest.approx(down[0])


def test_nobody_is_worth_more_than_if_they_surely_stay() -> None:
    """P is all but unknown: ltv = .4 V may be V, and no thousands of it."""
    scores = pl.DataFrame(
        {
            "churn_probability_low": [1e-9],
            "churn_probability": [0.6],
            "churn_probability_high": [1 - 1e-9],
        }
    )
    down, up = log_value_errors(scores, np.array([0.0]))
    assert down[0] > 4
    assert np.exp(Z_95 * up[0]) == pytest.approx(1 / 0.4)


def test_nobody_is_worth_more_active_days_than_there_are_days(tables: Tables) -> None:
    assert (tables.ltv_estimates["engagement_intensity"] <= 1).all()


def test_more_active_users_are_worth_more(tables: Tables) -> None:
    joined = tables.ltv_estimates.join(
        tables.churn_scores.filter("is_at_risk_population"), on="user_id"
    )
    assert joined.select(pl.corr("recency_weight", "ltv", method="spearman")).item() > 0
    assert joined.select(pl.corr("recency_days", "ltv", method="spearman")).item() < -0.3


@pytest.mark.slow
def test_observed_revenue_with_refunds_and_zeros_is_finite_and_in_dollars() -> None:
    refunds = leaving_log(5).with_columns(
        value_sum=pl.when(pl.col("active_on").dt.day() % 3 == 0).then(-5.0).otherwise(0.0)
    )
    found = make_tables(
        refunds.with_columns(value_sum=pl.col("value_sum") + pl.col("user_id") % 4),
        SPLIT,
        value=REVENUE,
    ).ltv_estimates
    assert found["unit"].unique().to_list() == ["usd"]
    assert (
        found.select(
            pl.col("ltv", "ltv_if_stays", "ltv_if_leaves", "ltv_high").is_finite().all()
        ).row(0)
        == (True,) * 4
    )
    assert (found["ltv_if_leaves"] >= 0).all()


def test_when_everyone_left_the_pace_before_stands_in() -> None:
    one_day_each = days(*((user, f"2024-0{1 + user % 5}-01") for user in range(30)))
    found = make_tables(one_day_each, SPLIT)
    assert found.value_coefficients["method"].unique().to_list() == ["mean"]
    assert found.churn_coefficients["method"].unique().to_list() == ["base_rate"]
    expected = np.mean([daily_run_rate(found.labelled, settings=VALUE) * CHURN.horizon_days])
    assert np.exp(found.value_coefficients["coefficient"][0]) == pytest.approx(expected)


def test_one_user_gets_an_answer() -> None:
    found = make_tables(
        days(*((1, f"2024-0{month}-{day}") for month in range(1, 9) for day in (10, 20))), SPLIT
    )
    assert found.revenue_risk_radar.height == 1
    assert 0 < found.churn_scores["churn_probability"][0] < 0.5  # the one user always came back


def test_all_events_on_one_day_is_one_clear_sentence() -> None:
    with pytest.raises(NotEnoughDataError, match="TRAIN spans 1 whole days"):
        make_tables(
            days((1, "2024-01-01"), (2, "2024-01-01")),
            boundaries(date(2024, 1, 1), date(2024, 1, 2)),
        )


def test_no_labelled_row_is_one_clear_sentence(tables: Tables) -> None:
    with pytest.raises(NotEnoughDataError, match="no labelled snapshot"):
        fit_value(tables.labelled.head(0), settings=VALUE)


@pytest.mark.slow
def test_horizon_of_value_may_be_shorter_than_that_of_churn() -> None:
    found = make_tables(
        leaving_log(4),
        SPLIT,
        churn=ChurnSettings(horizon_days=30),
        value=ValueSettings(horizon_days=7),
    ).ltv_estimates
    assert (found["discounted_days"] < 7).all()


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["index", "eur", "jpy"])
def test_value_is_an_index_or_in_any_currency(unit: str) -> None:
    found = make_tables(
        leaving_log(3, n_users=40),
        SPLIT,
        value=ValueSettings(unit=unit, price_per_active_day=1.0, horizon_days=60),
    )
    assert found.ltv_estimates["unit"].unique().to_list() == [unit]


@pytest.mark.parametrize("unit", ["EUR", "euro", "$", ""])
def test_a_unit_that_is_no_currency_code_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match="three letters in lower case"):
        ValueSettings(unit=unit)


def test_ranges_hold_nine_of_ten_of_the_rows_they_were_measured_on(tables: Tables) -> None:
    ranges = fit_value_ranges(
        tables.labelled, tables.churn_coefficients, tables.value_coefficients, settings=VALUE
    )
    assert ranges["n_rows"].sum() == tables.labelled.height
    told, _ = predict_value(tables.labelled, tables.value_coefficients)
    told = told * (
        1 - score_churn(tables.labelled, tables.churn_coefficients)["churn_probability"].to_numpy()
    )
    low, high = range_of(told, ranges)
    seen = observed_value(tables.labelled, settings=VALUE)
    slack = 1e-9 * np.maximum(seen, 1.0)
    share = ((low - slack <= seen) & (seen <= high + slack)).mean()
    assert share >= 0.9  # more where many values are alike (0 of those who left)


def test_a_range_is_that_of_the_own_bin() -> None:
    ranges = pl.DataFrame(
        {
            "bin": [1, 2],
            "forecast_upto": [2.0, float("inf")],
            "least_forecast": [1e-3, 1e-3],
            "low_ratio": [0.0, 0.5],
            "high_ratio": [4.0, 1.5],
            "n_rows": [9, 9],
        }
    )
    low, high = range_of(np.array([2.0, 2.1, 100.0]), ranges)
    assert low.tolist() == [0.0, 0.5 * 2.1, 50.0]
    assert high.tolist() == pytest.approx([8.0, 1.5 * 2.1, 150.0])


def test_next_value_is_the_first_part_of_the_lifetime_value(tables: Tables) -> None:
    found = tables.ltv_estimates
    expected = found["active_probability"] * found["engagement_intensity"] * CHURN.horizon_days
    assert found["next_value"].to_list() == pytest.approx(expected.to_list())
    assert (found["next_value_low"] <= found["next_value_high"]).all()


@pytest.mark.slow
def test_nobody_leaves_and_everything_is_a_refund() -> None:
    always = days(
        *(
            (user, str(date(2024, 1, 1) + timedelta(days=day)))
            for user in range(25)
            for day in range(240)
        ),
        value=-1.0,
    )
    found = make_tables(always, SPLIT, value=REVENUE)
    assert found.churn_coefficients["method"].unique().to_list() == ["base_rate"]
    assert (found.churn_scores["churn_probability"] < 0.05).all()
    # nobody brings money: nothing to lose
    assert found.revenue_risk_radar["revenue_at_risk"].sum() == 0.0
    assert (found.revenue_risk_radar["band"] == "none").all()


def test_a_horizon_longer_than_the_history_is_one_clear_sentence() -> None:
    with pytest.raises(NotEnoughDataError, match="the churn horizon is 400: no window has closed"):
        make_tables(leaving_log(3, n_users=20), SPLIT, churn=ChurnSettings(horizon_days=400))
