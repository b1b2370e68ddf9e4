"""Who was said to be there after several renewals, beside who was."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from benchmarks.contract_night import CHURN
from ntg_assets.kept_calls import Results, calls_kept
from ntg_assets.subscriptions.hazard import competing_risks
from ntg_assets.subscriptions.hazard.pieces import Clock
from ntg_assets.subscriptions.survival.contract_lifetimes import day_number
from ntg_assets.subscriptions.survival.scores import median_periods
from ntg_assets.subscriptions.survival.survival_backtest import (
    stayed_past_median,
    survival_backtest,
    survival_forecasts,
)
from ntg_assets_tests.contract_worlds import FEW, cutoff, night, world

FEW_ORIGINS = CHURN.model_copy(update={"walk_forward_origins": 2})


def judged(rows: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    return survival_backtest(
        survival_forecasts(
            rows, terms, cutoff_on=cutoff(), churn=FEW_ORIGINS, settings=FEW, longest_gap_days=1
        )
    )


def test_about_as_many_stay_as_were_said_to() -> None:
    found = judged(night().rows, world().terms)
    assert found["after_periods"].to_list() == [3, 6]  # twelve renewals have not come yet
    for row in found.iter_rows(named=True):
        share = row["expected_stayed"] / row["n_contracts"]
        noise = (row["n_contracts"] * share * (1 - share)) ** 0.5
        assert abs(row["n_stayed"] - row["expected_stayed"]) < 3 * noise
        assert row["n_not_closed"] > 0  # yearly contracts
        assert row["expected_past_median"] <= 0.5 * row["n_past_median"]


def test_who_stays_past_the_median_is_judged_where_that_renewal_has_come() -> None:
    """Monthly contracts from 1 January, looked at on the 15th, judged on 15 March."""
    never = 10**7
    ends = [day_number(date(2024, 2, 20)), day_number(date(2024, 3, 1)), never, never, never]
    same = np.ones(len(ends), dtype=np.int64)
    clock = Clock(
        at=same * day_number(date(2024, 1, 15)),
        anchor=same * day_number(date(2024, 1, 1)),
        months=same,
        days=same * 0,
        start=same * day_number(date(2024, 1, 1)),
        end=np.array(ends),
        kind=same * 0,
    )
    # three with a median of one renewal: the next one is on 1 March; one without; one on 1 April
    left = np.array([[0.6, 0.4, 0.3]] * 3 + [[0.9, 0.8, 0.7], [0.9, 0.8, 0.4]])
    chance, stayed, has_come = stayed_past_median(clock, left, day_number(date(2024, 3, 15)))
    assert has_come.tolist() == [True, True, True, False, False]
    assert stayed[has_come].tolist() == [False, False, True]
    assert chance[has_come] == pytest.approx([0.4] * 3)


def test_the_median_is_the_last_renewal_that_half_survive() -> None:
    left = np.array([[0.9, 0.5, 0.4], [0.49, 0.3, 0.2], [0.9, 0.8, 0.7]])
    # half survive two renewals; not even one; more than are looked at
    assert median_periods(left).tolist() == [2, 0, -1]


@pytest.mark.slow
def test_nothing_that_became_known_after_the_origin_is_in_the_forecast() -> None:
    rows, terms = night().rows, world().terms
    before = judged(rows, terms).row(0, named=True)
    later = (pl.col("contract_end_known_on") >= before["origin_on"]).fill_null(value=False)
    unknown = rows.with_columns(
        pl.when(~later).then(name).alias(name)
        for name in ("contract_end_on", "contract_end_known_on", "contract_end_kind")
    )
    told_later = (pl.col("end_known_on") >= before["origin_on"]).fill_null(value=False)
    open_ = terms.with_columns(
        pl.when(~told_later).then(name).alias(name)
        for name in ("ended_on", "end_known_on", "end_kind")
    )
    after = judged(unknown, open_).row(0, named=True)
    assert after["expected_stayed"] == before["expected_stayed"]
    assert after["n_stayed"] == after["n_contracts"] > before["n_stayed"]


def test_without_contracts_nothing_is_said() -> None:
    assert judged(night().rows.clear(), world().terms.clear()).is_empty()


@pytest.mark.slow
def test_what_was_fitted_on_the_same_rows_is_not_fitted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, terms, results = night().rows, world().terms, Results()
    with calls_kept(results):
        found = judged(rows, terms)

    def fit_again(*_: object, **__: object) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(competing_risks, "_fit_kind", fit_again)
    with calls_kept(results):
        assert judged(rows, terms).equals(found)
        with pytest.raises(AssertionError, match="fitted again"):
            judged(rows.with_columns(price_minor=pl.col("price_minor") * 2), terms)
    with pytest.raises(AssertionError, match="fitted again"):  # nothing outlives the block
        judged(rows, terms)
