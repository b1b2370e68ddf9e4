"""The spread of the portfolio is that of estimation and luck,
and users at the edge of the list are told as such.
"""

import numpy as np
import polars as pl
import pytest

from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.revenue.radar.uncertainty import radar_portfolio, radar_stability
from ntg_assets_tests.churn_world import Tables, leaving_tables


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables(3, n_users=200)


def certain(coefficients: pl.DataFrame) -> pl.DataFrame:
    """The same model without any doubt about its coefficients."""
    return coefficients.with_columns(pl.col("covariance").list.eval(pl.element() * 0.0))


def portfolio(tables: Tables, coefficients: pl.DataFrame) -> pl.DataFrame:
    return radar_portfolio(
        tables.revenue_risk_radar,
        tables.churn_snapshots,
        coefficients,
        rng=np.random.default_rng(1),
    )


def stability(tables: Tables, coefficients: pl.DataFrame) -> pl.DataFrame:
    return radar_stability(
        tables.revenue_risk_radar,
        tables.churn_snapshots,
        coefficients,
        rng=np.random.default_rng(1),
    )


def test_certain_coefficients_leave_the_spread_of_luck(tables: Tables) -> None:
    whole = portfolio(tables, certain(tables.churn_coefficients)).row(0, named=True)
    rows = tables.revenue_risk_radar.filter("is_at_risk_population")
    p, stake = rows["churn_probability"].to_numpy(), rows["ltv_at_stake"].to_numpy()
    spread = np.sqrt((p * (1 - p) * stake**2).sum())
    assert whole["revenue_at_risk"] == pytest.approx((p * stake).sum())
    assert (whole["loss_p95"] - whole["loss_p05"]) / (2 * 1.645) == pytest.approx(spread, rel=0.15)
    assert whole["loss_p50"] == pytest.approx(whole["revenue_at_risk"], abs=0.3 * spread)


def test_doubt_about_the_coefficients_widens_the_spread(tables: Tables) -> None:
    much = tables.churn_coefficients.with_columns(
        pl.col("covariance").list.eval(pl.element() * 25.0)
    )
    sure, unsure = (
        portfolio(tables, c).row(0, named=True) for c in (certain(tables.churn_coefficients), much)
    )
    assert unsure["loss_p95"] - unsure["loss_p05"] > sure["loss_p95"] - sure["loss_p05"]


def test_model_error_widens_intervals_and_what_is_shared_the_portfolio_too(tables: Tables) -> None:
    known = {"knot": [1, 2], "churn_logit": [-9.0, 9.0], "n_rows": [200, 200], "n_origins": [5, 5]}
    shared = pl.DataFrame({**known, "between_origins": [1.0, 1.0], "lack_of_fit": [0.0, 0.0]})
    own = pl.DataFrame({**known, "between_origins": [0.0, 0.0], "lack_of_fit": [1.0, 1.0]})
    inputs = (tables.revenue_risk_radar, tables.churn_snapshots, certain(tables.churn_coefficients))
    none, together, apart = (
        radar_portfolio(*inputs, error, rng=np.random.default_rng(1)).row(0, named=True)
        for error in (None, shared, own)
    )
    spread = [row["loss_p95"] - row["loss_p05"] for row in (none, together, apart)]
    assert spread[1] > 1.5 * spread[0]
    assert spread[2] == pytest.approx(spread[0], rel=0.3)  # apart errors average out over users
    for error in (shared, own):
        found = radar_stability(*inputs, error, rng=np.random.default_rng(1)).filter(
            pl.col("revenue_at_risk") > 0
        )
        assert (found["revenue_at_risk_low"] < found["revenue_at_risk"]).all()
        assert (found["revenue_at_risk"] < found["revenue_at_risk_high"]).all()


def test_segments_add_up_to_all(tables: Tables) -> None:
    found = portfolio(tables, tables.churn_coefficients)
    parts = found.filter(pl.col("segment") != "all")
    for name in ("n_users", "value_at_stake", "revenue_at_risk"):
        assert parts[name].sum() == pytest.approx(found[name][0])
    assert (
        found["top_1_percent_share"][0]
        <= found["top_5_percent_share"][0]
        <= found["top_10_percent_share"][0]
    )


def test_the_first_per_cents_of_the_users_are_rounded_up(tables: Tables) -> None:
    rows = tables.revenue_risk_radar.filter("is_at_risk_population")
    at_risk = sorted(rows["revenue_at_risk"], reverse=True)
    whole = portfolio(tables, tables.churn_coefficients).row(0, named=True)
    assert len(at_risk) % 100  # neither 1% nor 5% are whole users
    assert len(at_risk) % 20
    for percent in (1, 5, 10):
        n_top = (len(at_risk) * percent + 99) // 100
        assert whole[f"top_{percent}_percent_share"] == pytest.approx(
            sum(at_risk[:n_top]) / sum(at_risk)
        )


def test_certain_coefficients_leave_no_doubt_about_the_list(tables: Tables) -> None:
    found = stability(tables, certain(tables.churn_coefficients))
    assert (
        found["top_decile_probability"].to_list()
        == found["is_in_top_decile"].cast(pl.Float64).to_list()
    )
    assert found["revenue_at_risk_low"].to_list() == pytest.approx(
        found["revenue_at_risk"].to_list()
    )


def test_places_in_the_list_are_shared_among_all(tables: Tables) -> None:
    found = stability(tables, tables.churn_coefficients)
    n_top = -(-found.height // 10)
    assert found["top_decile_probability"].sum() == pytest.approx(n_top)
    inside, outside = (
        found.filter(pl.col("is_in_top_decile") == is_top)["top_decile_probability"].mean()
        for is_top in (True, False)
    )
    assert inside > 0.5 > outside  # type: ignore[operator]  # floats


def test_contracts_hold_and_nobody_at_risk_is_no_row(tables: Tables) -> None:
    ids = IdTypes("integer", "integer")
    check_frame(
        portfolio(tables, tables.churn_coefficients), contract_of("radar_portfolio"), ids=ids
    )
    check_frame(
        stability(tables, tables.churn_coefficients), contract_of("radar_stability"), ids=ids
    )
    gone = tables.revenue_risk_radar.with_columns(is_at_risk_population=pl.lit(value=False))
    for make in (radar_stability, radar_portfolio):
        assert make(
            gone, tables.churn_snapshots, tables.churn_coefficients, rng=np.random.default_rng(1)
        ).is_empty()
