"""Who was said to be there after several renewals, beside who was."""

import polars as pl

from benchmarks.contract_night import CHURN
from ntg_assets.subscriptions.survival.survival_backtest import survival_backtest
from ntg_assets_tests.contract_worlds import FEW, cutoff, night, world


def judged(rows: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    return survival_backtest(
        rows, terms, cutoff_on=cutoff(), churn=CHURN, settings=FEW, longest_gap_days=1
    )


def test_about_as_many_stay_as_were_said_to() -> None:
    found = judged(night().rows, world().terms)
    assert found["after_periods"].to_list() == [3, 6]  # twelve renewals have not come yet
    for row in found.iter_rows(named=True):
        share = row["expected_stayed"] / row["n_contracts"]
        noise = (row["n_contracts"] * share * (1 - share)) ** 0.5
        assert abs(row["n_stayed"] - row["expected_stayed"]) < 3 * noise
        assert row["n_not_closed"] > 0  # yearly contracts


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
