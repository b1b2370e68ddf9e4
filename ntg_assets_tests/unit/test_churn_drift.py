"""Drift is seen in outcomes and in scores; silence is counted only where its end could be seen."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.snapshots import History, churn_horizon_report
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.evaluation.churn.drift import churn_drift, drift_z, stability_index
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import days


def origin(on: date, told: np.ndarray, churned: np.ndarray) -> pl.DataFrame:
    columns = {
        "user_id": np.arange(len(told)),
        "churn_probability": told,
        "is_churned": churned.astype(bool),
    }
    return pl.DataFrame(columns).with_columns(
        evaluation=pl.lit("walk_forward"), origin_on=pl.lit(on)
    )


def test_z_by_hand() -> None:
    told = np.full(100, 0.2)
    assert drift_z(told, np.repeat([1.0, 0.0], [32, 68])) == pytest.approx(
        (32 - 20) / np.sqrt(100 * 0.2 * 0.8)
    )
    assert drift_z(np.ones(3), np.ones(3)) is None


def test_index_is_zero_for_the_same_scores_and_large_for_others() -> None:
    rng = np.random.default_rng(1)
    before = rng.beta(2, 2, 5000)
    assert stability_index(before, before) == pytest.approx(0, abs=1e-9)
    assert stability_index(before, rng.beta(2, 2, 5000)) < 0.02
    assert stability_index(before, rng.beta(5, 2, 5000)) > 0.25


def test_only_the_origin_that_parts_gives_an_alarm() -> None:
    rng = np.random.default_rng(2)
    told = [rng.beta(2, 2, 1000) for _ in range(4)]
    fates = [
        rng.random(1000) < (p if k != 2 else np.minimum(1, p + 0.15)) for k, p in enumerate(told)
    ]
    made = [
        origin(date(2024, 1 + k, 1), p, y) for k, (p, y) in enumerate(zip(told, fates, strict=True))
    ]
    found = churn_drift(pl.concat(made))
    assert found["is_alarm"].to_list() == [False, False, True, False]
    assert found["psi"].is_null().to_list() == [True, False, False, False]


def test_silences_are_judged_only_when_their_next_horizon_was_seen() -> None:
    seen = days((1, "2024-01-01"), (1, "2024-01-15"), (2, "2024-01-01"), (3, "2024-02-20"))
    history = History(date(2024, 1, 1), date(2024, 3, 1), date(2024, 3, 1))
    found = run(churn_horizon_report(seen, history, settings=ChurnSettings(horizon_days=10))).sort(
        "silent_days"
    )
    ten = found.filter(pl.col("is_horizon")).row(0, named=True)
    # silent for more than 10 days: user 1 after 1 January (back on day 14) and after 15 January,
    # user 2; user 3 was not seen long enough
    assert (ten["n_silences"], ten["return_probability"], ten["ever_returned_share"]) == (
        3,
        pytest.approx(1 / 3),
        pytest.approx(1 / 3),
    )
    assert found.filter(pl.col("is_at_risk_limit"))["silent_days"].to_list() == [20]
