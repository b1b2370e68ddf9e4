"""How good tonight's scores are is estimated from the scores and what calibration was worth before,
and the truth lies inside.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.evaluation.expected_quality import expected_quality as estimating
from ntg_assets.evaluation.expected_quality.expected_quality import (
    MEASURES,
    Scored,
    expected_quality,
)
from ntg_assets.evaluation.expected_quality.sentences import describe_quality, held
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.probability_metrics import auc, log_loss

HORIZON_DAYS = 30
FIRST = date(2024, 1, 1)


def forecasts_of(
    n_origins: int, *, n_users: int = 300, season_sd: float = 0.0, seed: int = 1
) -> pl.DataFrame:
    """Origins a horizon apart whose log odds are off by a draw of their own."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(n_origins):
        logit = rng.normal(-0.5, 1.5, n_users)
        churned = rng.random(n_users) < sigmoid(logit + season_sd * rng.normal())
        made.append(
            pl.DataFrame(
                {
                    "origin_on": [FIRST + timedelta(days=k * HORIZON_DAYS)] * n_users,
                    "user_id": np.arange(n_users),
                    "churn_probability": sigmoid(logit),
                    "ltv_at_stake": rng.lognormal(0, 1, n_users),
                    "value_before": rng.lognormal(0, 1, n_users),
                    "is_churned": churned,
                }
            )
        )
    return pl.concat(made)


def quality_of(
    forecasts: pl.DataFrame, tonight: pl.DataFrame | None = None, *, known_on: date | None = None
) -> pl.DataFrame:
    return expected_quality(
        forecasts,
        forecasts.head(0) if tonight is None else tonight,
        known_on=known_on or date(2100, 1, 1),
        horizon_days=HORIZON_DAYS,
        n_bins=10,
        rng=np.random.default_rng(7),
    )


def test_measures_are_what_they_are_called() -> None:
    told = np.array([0.2, 0.2, 0.6, 0.9])
    scored = Scored(told, np.array([1, 1, 2, 2]), np.array([0, 0, 0, 1], bool), np.arange(1.0, 5.0))
    churned = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    found = {name: measure(scored, churned) for name, measure in MEASURES.items()}
    assert found["auc"][0] == auc(told, churned[0], np.ones((1, 4)))[0] == (0.5 + 2) / 4
    assert found["log_loss"][1] == pytest.approx(log_loss(told, churned[1]).mean())
    assert found["ece"][0] == pytest.approx((abs(1 - 0.4) + abs(1 - 1.5)) / 4)
    assert found["captured_share"][0] == 4 / (2 + 4)
    assert np.isnan([found["auc"][1], found["captured_share"][1]]).all()  # nobody left


@pytest.mark.parametrize("season_sd", [0.0, 0.6])
def test_the_truth_lies_inside_in_nine_of_ten_cases(season_sd: float) -> None:
    made = quality_of(forecasts_of(30, season_sd=season_sd))
    assert made["is_inside"].mean() >= 0.9  # type: ignore[operator]  # a share


def test_an_interval_of_the_outcomes_alone_would_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        estimating, "calibration_spread", lambda before: (np.zeros((2, 2)), before.height)
    )
    made = quality_of(forecasts_of(30, season_sd=1.2)).filter(pl.col("metric") == "ece")
    assert made["is_inside"].mean() < 0.6  # type: ignore[operator]


def test_an_estimate_knows_nothing_from_its_origin_on() -> None:
    forecasts = forecasts_of(6, season_sd=0.4)
    border = FIRST + timedelta(days=3 * HORIZON_DAYS)
    later = pl.col("origin_on") >= border - timedelta(days=HORIZON_DAYS - 1)
    changed = forecasts.with_columns(is_churned=pl.col("is_churned") ^ later)
    names = ["origin_on", "metric", "expected", "low", "high", "n_origins"]
    same, other = (
        quality_of(rows).filter(pl.col("origin_on") <= border).select(names)
        for rows in (forecasts, changed)
    )
    assert same.rows() == other.rows()
    assert quality_of(forecasts).select(names).rows() != quality_of(changed).select(names).rows()


def test_windows_that_are_not_whole_are_not_held_against_anything() -> None:
    forecasts = forecasts_of(5)
    made = quality_of(forecasts, known_on=FIRST + timedelta(days=4 * HORIZON_DAYS))
    assert made["origin_on"].n_unique() == 4
    assert made["realised"].null_count() == 0


def test_tonight_is_told_in_one_sentence() -> None:
    forecasts = forecasts_of(6)
    newest = forecasts["origin_on"].max()
    tonight = forecasts.filter(pl.col("origin_on") == newest).drop("is_churned")
    made = quality_of(forecasts.filter(pl.col("origin_on") < newest), tonight)
    now = made.filter("is_tonight")
    assert now["realised"].null_count() == now.height == len(MEASURES)
    assert made["origin_on"].max() == newest
    told, found = describe_quality(made), held(made)
    area = now.filter(pl.col("metric") == "auc").row(0, named=True)
    assert f"AUC {area['expected']:.3f} ({area['low']:.3f} to {area['high']:.3f})" in told
    assert f"inside in {found.n_inside} of {found.n_judged} cases" in told
    assert found.n_judged == 5 * len(MEASURES)
    assert describe_quality(made.head(0)) == ""


def test_few_truths_inside_are_not_borne_out() -> None:
    made = quality_of(forecasts_of(10))
    assert held(made).is_borne_out
    half = made.with_columns(is_inside=pl.int_range(pl.len()) % 2 == 0)
    assert not held(half).is_borne_out  # 20 of 40
