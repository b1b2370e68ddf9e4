"""Recalibration is adopted only when past origins show a gain beyond one standard error, and leaves the model a table."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.logistic import sigmoid
from ntg_assets.churn.recalibration import churn_recalibration, line_through, maximum_likelihood, recalibrate
from ntg_assets.churn.scores import score_churn
from ntg_assets_tests.churn_world import boundaries, leaving_log, make_tables

FIRST, STEP = date(2024, 1, 1), timedelta(days=20)
CUTOFF = FIRST + 7 * STEP


def forecasts(*, offset: float, slope: float, n: int = 800, seed: int = 1) -> pl.DataFrame:
    """Six origins whose outcomes follow offset + slope * the log odds that were told."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(6):
        logit = rng.normal(0, 1.5, n)
        churned = rng.random(n) < sigmoid(offset + slope * logit)
        columns = {"user_id": np.arange(n), "churn_logit": logit, "is_churned": churned}
        made.append(pl.DataFrame(columns).with_columns(origin_on=FIRST + k * STEP, window_end_on=FIRST + (k + 1) * STEP))
    return pl.concat(made)


def decided(table: pl.DataFrame) -> dict[str, object]:
    return table.sort("origin_on").row(-1, named=True)


def test_calibrated_forecasts_are_left_alone() -> None:
    for seed in range(5):
        row = decided(churn_recalibration(forecasts(offset=0.0, slope=1.0, seed=seed), cutoff_on=CUTOFF))
        assert abs(float(row["offset"])) < 0.1  # type: ignore[arg-type]
    adopted = [decided(churn_recalibration(forecasts(offset=0.0, slope=1.0, seed=s), cutoff_on=CUTOFF))["is_adopted"] for s in range(20)]
    assert sum(map(bool, adopted)) <= 4


def test_bias_and_overconfidence_are_mended_when_they_last() -> None:
    row = decided(churn_recalibration(forecasts(offset=-0.7, slope=0.6), cutoff_on=CUTOFF))
    assert row["is_adopted"]
    assert (row["offset"], row["slope"]) == pytest.approx((-0.7, 0.6), abs=0.1)


def test_an_origin_is_judged_by_the_origins_closed_before_it_alone() -> None:
    made = forecasts(offset=-0.7, slope=0.6)
    found = churn_recalibration(made, cutoff_on=CUTOFF)
    third = found.filter(pl.col("origin_on") == FIRST + 2 * STEP).row(0, named=True)
    assert (third["offset"], third["slope"]) == line_through(made.filter(pl.col("origin_on") < FIRST + 2 * STEP))
    assert found["gain"].to_list()[:2] == [None, None]  # fewer than two origins before them


def test_windows_still_open_at_the_cutoff_are_not_looked_at() -> None:
    made = forecasts(offset=-0.7, slope=0.6)
    early = FIRST + 4 * STEP
    late = pl.col("window_end_on") > early
    poisoned = made.with_columns(is_churned=pl.when(late).then(~pl.col("is_churned")).otherwise("is_churned"))
    assert churn_recalibration(made, cutoff_on=early).equals(churn_recalibration(poisoned, cutoff_on=early))


def test_a_bias_that_has_just_turned_is_not_corrected() -> None:
    turned = pl.concat(
        [
            forecasts(offset=0.5, slope=1.0).filter(pl.col("origin_on") < FIRST + 5 * STEP),
            forecasts(offset=-0.5, slope=1.0, seed=2).filter(pl.col("origin_on") == FIRST + 5 * STEP),
        ]
    )
    found = churn_recalibration(turned, cutoff_on=CUTOFF)
    assert not decided(found)["is_adopted"]
    assert found["gain"].to_list()[5] < 0


def test_without_origins_nothing_is_changed() -> None:
    row = decided(churn_recalibration(forecasts(offset=0, slope=1).head(0), cutoff_on=CUTOFF))
    assert (row["is_adopted"], row["offset"], row["slope"], row["mean_gain"]) == (False, 0.0, 1.0, None)


def test_line_is_folded_into_the_coefficients() -> None:
    tables = make_tables(leaving_log(3), boundaries(date(2024, 1, 1), date(2024, 8, 28)))
    line = pl.DataFrame({"origin_on": [CUTOFF], "offset": [-0.4], "slope": [0.8]})
    plain = score_churn(tables.churn_snapshots, tables.churn_coefficients)
    moved = score_churn(tables.churn_snapshots, recalibrate(tables.churn_coefficients, line))
    assert moved["churn_logit"].to_list() == pytest.approx((plain["churn_logit"] * 0.8 - 0.4).to_list())
    width = pl.col("churn_probability_high").log() - (1 - pl.col("churn_probability_high")).log() - pl.col("churn_logit")
    assert moved.select(width).to_series().to_list() == pytest.approx((plain.select(width).to_series() * 0.8).to_list(), rel=1e-6)


def test_separated_outcomes_have_no_line() -> None:
    design = np.column_stack([np.ones(4), [-2.0, -1.0, 1.0, 2.0]])
    assert maximum_likelihood(design, np.array([0.0, 0.0, 1.0, 1.0])) is None
    assert maximum_likelihood(design, np.ones(4)) is None
