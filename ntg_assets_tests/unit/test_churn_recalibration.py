"""A calibrator is adopted only when past origins show a gain beyond one standard error,
and leaves the model a table.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.calibration.calibrators import CALIBRATORS, Curve, beta, carried_offset, platt
from ntg_assets.churn.calibration.recalibration import (
    adopted_curve,
    as_recalibrated,
    churn_recalibration,
    recalibrate,
)
from ntg_assets.churn.scores import ADDENDS, add_up, score_churn
from ntg_assets.statistics.glm import maximum_likelihood, sigmoid
from ntg_assets_tests.churn_world import leaving_tables

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
        made.append(
            pl.DataFrame(columns).with_columns(
                origin_on=FIRST + k * STEP, window_end_on=FIRST + (k + 1) * STEP
            )
        )
    return pl.concat(made)


def of(table: pl.DataFrame, calibrator: str) -> pl.DataFrame:
    return table.filter(pl.col("calibrator") == calibrator).sort("origin_on")


def test_calibrated_forecasts_are_left_alone() -> None:
    found = [
        churn_recalibration(forecasts(offset=0.0, slope=1.0, seed=seed), cutoff_on=CUTOFF)
        for seed in range(20)
    ]
    # three tries at one standard error each
    assert sum(bool(table["is_adopted"].any()) for table in found) <= 7
    told = np.array([-2.0, 0.0, 2.0])
    assert max(np.abs(adopted_curve(table).of(told) - told).max() for table in found) < 0.2


def test_bias_and_overconfidence_are_mended_when_they_last() -> None:
    found = churn_recalibration(forecasts(offset=-0.7, slope=0.6), cutoff_on=CUTOFF)
    assert found.filter("is_adopted")["calibrator"].unique().to_list() in (["platt"], ["beta"])
    curve = adopted_curve(found)
    middle = np.array([-2.0, 0.0, 2.0])
    assert curve.of(middle) == pytest.approx(-0.7 + 0.6 * middle, abs=0.15)


def test_a_drift_is_carried_forward() -> None:
    steps = [
        forecasts(offset=0.3 * k, slope=1.0, seed=k).filter(pl.col("origin_on") == FIRST + k * STEP)
        for k in range(6)
    ]
    found = churn_recalibration(pl.concat(steps), cutoff_on=CUTOFF)
    assert found.filter("is_adopted")["calibrator"].unique().to_list() == ["carried_offset"]
    assert adopted_curve(found).offset == pytest.approx(0.7 * 0.3 * 5, abs=0.1)


def test_a_bend_is_found_by_beta_alone() -> None:
    made = forecasts(offset=0.0, slope=1.0, n=20_000)
    curve = Curve(0.3, 0.5, 1.2)
    rng = np.random.default_rng(3)
    bent = made.with_columns(
        is_churned=pl.Series(
            rng.random(made.height) < sigmoid(curve.of(made["churn_logit"].to_numpy()))
        )
    )
    found = churn_recalibration(bent, cutoff_on=CUTOFF)
    assert found.filter("is_adopted")["calibrator"].unique().to_list() == ["beta"]
    assert tuple(adopted_curve(found)) == pytest.approx(curve, abs=0.1)


def test_beta_is_the_curve_of_its_paper() -> None:
    a, b, c = 1.4, 0.8, -0.2
    p = np.array([0.01, 0.3, 0.5, 0.9])
    expected = c + a * np.log(p) - b * np.log(1 - p)
    assert Curve(c, a, b - a).of(np.log(p / (1 - p))) == pytest.approx(expected)


def test_an_origin_is_judged_by_the_origins_closed_before_it_alone() -> None:
    made = forecasts(offset=-0.7, slope=0.6)
    earlier = made.filter(pl.col("origin_on") < FIRST + 2 * STEP)
    table = churn_recalibration(made, cutoff_on=CUTOFF)
    for name, calibrator in {
        "platt": platt,
        "beta": beta,
        "carried_offset": carried_offset,
    }.items():
        third = of(table, name).filter(pl.col("origin_on") == FIRST + 2 * STEP).row(0, named=True)
        assert (third["offset"], third["slope"], third["bend"]) == calibrator(earlier)
    # fewer than two origins before them
    assert of(table, "platt")["gain"].to_list()[:2] == [None, None]


def test_windows_still_open_at_the_cutoff_are_not_looked_at() -> None:
    made = forecasts(offset=-0.7, slope=0.6)
    early = FIRST + 4 * STEP
    late = pl.col("window_end_on") > early
    poisoned = made.with_columns(
        is_churned=pl.when(late).then(~pl.col("is_churned")).otherwise("is_churned")
    )
    decided = churn_recalibration(made, cutoff_on=early)
    assert decided.equals(churn_recalibration(poisoned, cutoff_on=early))
    assert as_recalibrated(poisoned, decided).equals(as_recalibrated(made, decided))


def test_a_bias_that_has_just_turned_is_not_corrected() -> None:
    turned = pl.concat(
        [
            forecasts(offset=0.5, slope=1.0).filter(pl.col("origin_on") < FIRST + 5 * STEP),
            forecasts(offset=-0.5, slope=1.0, seed=2).filter(
                pl.col("origin_on") == FIRST + 5 * STEP
            ),
        ]
    )
    found = churn_recalibration(turned, cutoff_on=CUTOFF)
    assert not found["is_adopted"].any()
    assert all(of(found, name)["gain"].to_list()[5] < 0 for name in CALIBRATORS)


def test_without_origins_nothing_is_changed() -> None:
    found = churn_recalibration(forecasts(offset=0, slope=1).head(0), cutoff_on=CUTOFF)
    assert found.select("is_adopted", "offset", "slope", "bend", "mean_gain").unique().rows() == [
        (False, 0.0, 1.0, 0.0, None)
    ]


def test_past_forecasts_are_told_as_the_adopted_calibrator_would_have() -> None:
    made = forecasts(offset=-0.7, slope=0.6)
    table = churn_recalibration(made, cutoff_on=CUTOFF)
    name = table.filter("is_adopted")["calibrator"][0]
    last = FIRST + 5 * STEP
    curve = CALIBRATORS[name](made.filter(pl.col("origin_on") < last))
    assert curve is not None
    moved, plain = (
        rows.filter(pl.col("origin_on") == last)["churn_logit"].to_numpy()
        for rows in (as_recalibrated(made, table), made)
    )
    assert moved == pytest.approx(curve.of(plain))


@pytest.mark.slow
def test_line_is_folded_into_the_coefficients() -> None:
    tables = leaving_tables()
    line = pl.DataFrame(
        {
            "origin_on": [CUTOFF],
            "offset": [-0.4],
            "slope": [0.8],
            "bend": [0.0],
            "is_adopted": [True],
        }
    )
    plain = score_churn(tables.churn_snapshots, tables.churn_coefficients)
    moved = score_churn(tables.churn_snapshots, recalibrate(tables.churn_coefficients, line))
    assert moved["churn_logit"].to_list() == pytest.approx(
        (plain["churn_logit"] * 0.8 - 0.4).to_list()
    )
    width = (
        pl.col("churn_probability_high").log()
        - (1 - pl.col("churn_probability_high")).log()
        - pl.col("churn_logit")
    )
    assert moved.select(width).to_series().to_list() == pytest.approx(
        (plain.select(width).to_series() * 0.8).to_list(), rel=1e-6
    )


@pytest.mark.slow
def test_a_bend_is_a_contribution_of_its_own_and_all_add_up() -> None:
    tables = leaving_tables()
    curve = Curve(-0.4, 0.8, 0.5)
    table = pl.DataFrame({"origin_on": [CUTOFF], "is_adopted": [True]}).with_columns(
        **{k: pl.lit(v) for k, v in curve._asdict().items()}
    )
    raw = tables.churn_coefficients.with_columns(
        recalibration_offset=0.0, recalibration_slope=1.0, recalibration_bend=0.0
    )
    plain = score_churn(tables.churn_snapshots, raw)
    moved = score_churn(tables.churn_snapshots, recalibrate(raw, table))
    assert moved["churn_logit"].to_numpy() == pytest.approx(
        curve.of(plain["churn_logit"].to_numpy())
    )
    assert (
        add_up({name: moved[name].to_numpy() for name in ADDENDS})
        == moved["churn_logit"].to_numpy()
    ).all()
    assert moved["contribution_calibration"].abs().min() > 0  # type: ignore[operator]  # a number


def test_separated_outcomes_have_no_line() -> None:
    design = np.column_stack([np.ones(4), [-2.0, -1.0, 1.0, 2.0]])
    assert maximum_likelihood(design, np.array([0.0, 0.0, 1.0, 1.0])) is None
    assert maximum_likelihood(design, np.ones(4)) is None
