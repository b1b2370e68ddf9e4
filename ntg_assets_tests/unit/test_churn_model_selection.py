"""Another churn model than the default is shipped on evidence alone, and what ships is said."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.checks import churn_model_is_the_default, selection_warning
from ntg_assets.churn.contracts.models import ChurnModelSelection
from ntg_assets.churn.learning.candidates import CANDIDATES, DEFAULT
from ntg_assets.churn.model_selection import (
    churn_model_selection,
    selection_in_words,
    shipped_model,
)

CUTOFF, STEP = date(2024, 9, 1), timedelta(days=20)
OTHER = "bg_nbd"


def forecasts(*advantages: float, n_users: int = 200, spread: float = 0.0) -> pl.DataFrame:
    """Origins a horizon apart, the newest closed at the cutoff; at each, `OTHER` tells log odds
    that are nearer to the outcome by an advantage, give or take a spread of users.
    """
    rng = np.random.default_rng(1)
    churned = np.arange(n_users) % 2 == 0
    made = []
    for place, advantage in enumerate(advantages):
        origin_on = CUTOFF - STEP * (len(advantages) - place)
        for model in CANDIDATES:
            more = advantage + spread * rng.normal(size=n_users) if model == OTHER else 0.0
            logit = np.where(churned, 1.0, -1.0) * (1.0 + more)
            made.append(
                pl.DataFrame({"user_id": np.arange(n_users), "churn_logit": logit}).with_columns(
                    pl.Series("is_churned", churned),
                    model=pl.lit(model),
                    origin_on=origin_on,
                    window_end_on=origin_on + STEP,
                )
            )
    empty = pl.DataFrame(
        schema={
            "user_id": pl.Int64,
            "churn_logit": pl.Float64,
            "is_churned": pl.Boolean,
            "model": pl.String,
            "origin_on": pl.Date,
            "window_end_on": pl.Date,
        }
    )
    return pl.concat([empty, *made])


def test_without_a_closed_origin_the_rule_ships_the_default() -> None:
    table = churn_model_selection(forecasts(), cutoff_on=CUTOFF)
    assert shipped_model(table) == DEFAULT
    assert table["n_origins"].unique().to_list() == [0]
    assert table.height == len(CANDIDATES)
    assert "by rule: no past origin has closed" in selection_in_words(table)
    # an origin whose window is open says nothing either
    open_yet = forecasts(3.0).with_columns(pl.col("window_end_on") + timedelta(days=1))
    assert churn_model_selection(open_yet, cutoff_on=CUTOFF).equals(table)


def test_a_model_that_is_surely_better_is_shipped_and_it_is_said() -> None:
    table = churn_model_selection(forecasts(1.0), cutoff_on=CUTOFF)
    assert shipped_model(table) == OTHER
    gain = np.log1p(np.exp(-1.0)) - np.log1p(np.exp(-2.0))
    row = table.filter(model=OTHER, n_rows=200).row(0, named=True)
    assert row["gain"] == pytest.approx(gain)
    assert row["mean_gain"] == pytest.approx(gain)
    assert selection_in_words(table).startswith(f"{OTHER} is shipped in place of {DEFAULT}")
    warning = selection_warning(table)
    assert warning is not None
    assert warning.startswith("bg_nbd is shipped in place of")
    assert selection_warning(churn_model_selection(forecasts(-1.0), cutoff_on=CUTOFF)) is None
    ChurnModelSelection.validate(table)
    assert churn_model_is_the_default is not None


def test_a_gain_within_two_standard_errors_ships_nothing() -> None:
    noisy = forecasts(0.05, spread=2.0)
    table = churn_model_selection(noisy, cutoff_on=CUTOFF)
    mean, error = table.filter(model=OTHER).select("mean_gain", "standard_error").row(0)
    assert mean < 2 * error
    assert shipped_model(table) == DEFAULT


def test_a_gain_that_hangs_on_one_origin_is_none() -> None:
    # sure by users (all of them gain alike), unsure between origins
    table = churn_model_selection(forecasts(-0.3, 1.5, 0.05), cutoff_on=CUTOFF)
    by_origin = table.filter(model=OTHER).drop_nulls("gain")["gain"].to_numpy()
    error = by_origin.std(ddof=1) / np.sqrt(3)
    found = table.filter(model=OTHER).row(0, named=True)
    assert found["standard_error"] == pytest.approx(error)
    assert 0 < found["mean_gain"] < 2 * error
    assert shipped_model(table) == DEFAULT


def test_a_model_that_lost_at_the_newest_origin_is_not_shipped() -> None:
    table = churn_model_selection(forecasts(1.0, 1.0, 1.0, 1.0, -0.05), cutoff_on=CUTOFF)
    assert shipped_model(table) == DEFAULT


def test_rows_of_one_user_count_as_one() -> None:
    """The same users at two origins, twice the same: the error by users does not shrink."""
    one = churn_model_selection(forecasts(0.2, spread=0.5), cutoff_on=CUTOFF)
    once = forecasts(0.2, spread=0.5)
    shift = [pl.col("origin_on") - STEP, pl.col("window_end_on") - STEP]
    twice = churn_model_selection(pl.concat([once.with_columns(shift), once]), cutoff_on=CUTOFF)
    errors = [table.filter(model=OTHER)["standard_error"][0] for table in (one, twice)]
    assert errors[0] == pytest.approx(errors[1])


def test_the_order_of_the_forecasts_moves_no_last_bit() -> None:
    ordered = forecasts(0.2, 0.3, 0.1, n_users=700, spread=0.5)
    table = churn_model_selection(ordered, cutoff_on=CUTOFF)
    for seed in range(5):
        shuffled = ordered.sample(fraction=1.0, shuffle=True, seed=seed)
        assert churn_model_selection(shuffled, cutoff_on=CUTOFF).equals(table)
