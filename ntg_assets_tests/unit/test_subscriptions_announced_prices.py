"""A price that was announced before the cutoff is what later renewals cost."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from benchmarks.contract_night import TERMS
from ntg_assets.subscriptions.money.announced_prices import announced_prices, prices_at
from ntg_assets.subscriptions.money.values import contract_values
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets_tests.contract_worlds import cutoff, night, term, terms

NOW = date(2024, 7, 1)
OTHER = {"currency": "USD"}


def looked_at(known: pl.DataFrame) -> pl.DataFrame:
    """The columns of `contract_snapshots` that prices need: the term that holds at `NOW`."""
    held = known.filter(pl.col("started_on") < NOW).sort("started_on")
    return (
        held.group_by("contract_place", maintain_order=True)
        .last()
        .with_columns(snapshot_on=pl.lit(NOW))
    )


def costs(*rows: dict[str, object]) -> list[float]:
    """What renewals on the first of July to October cost, by what was known at `NOW`."""
    known = known_terms(terms(*rows), cutoff_on=NOW, longest_gap_days=1)
    renewals = np.array([[(date(2024, m, 1) - date(1970, 1, 1)).days for m in (7, 8, 9, 10)]])
    now = looked_at(known)
    return prices_at(now, renewals, announced_prices(known, now))[0].tolist()


def later(start: date, price: int, *, known_on: date, **more: Any) -> dict[str, object]:
    return term(1, "a", start, price_minor=price, known_on=known_on, **more)


def test_a_rise_counts_from_its_day_where_it_was_known_before_the_cutoff() -> None:
    first = term(1, "a", date(2024, 1, 1), date(2024, 8, 15))
    rise = later(date(2024, 8, 15), 1499, known_on=date(2024, 6, 1))
    assert costs(first, rise) == [999, 999, 1499, 1499]
    unknown = later(date(2024, 8, 15), 1499, known_on=NOW)
    assert costs(first, unknown) == [999] * 4
    again = later(date(2024, 9, 15), 1999, known_on=date(2024, 6, 1))
    assert costs(first, {**rise, "ended_on": date(2024, 9, 15)}, again) == [999, 999, 1499, 1999]


def test_a_price_of_another_period_counts_by_its_length_and_another_currency_does_not() -> None:
    first = term(1, "a", date(2024, 1, 1), date(2024, 8, 15))
    yearly = later(date(2024, 8, 15), 12_000, known_on=date(2024, 6, 1), period_months=12)
    assert costs(first, yearly) == pytest.approx([999, 999, 1000, 1000])
    assert (
        costs(first, later(date(2024, 8, 15), 5, known_on=date(2024, 6, 1), **OTHER)) == [999] * 4
    )


def test_values_rise_with_what_was_announced_and_still_add_up() -> None:
    made = night()
    now = made.rows.filter(pl.col("snapshot_on") == cutoff())
    doubled = now.select(
        "contract_place",
        number=pl.lit(0, pl.Int64),
        starts_on=pl.lit(cutoff() - timedelta(days=1)),
        announced_minor=pl.col("price_minor") * 2.0,
    )
    before, after = (
        contract_values(now, made.scores, made.model, announced=announced, terms=TERMS)
        for announced in (doubled.clear(), doubled)
    )
    for name in ("value_if_kept_minor", "value_if_ended_minor"):
        assert (after[name] - 2 * before[name]).abs().max() <= 1  # type: ignore[operator]  # a number
    assert (after["ltv_minor"] + after["value_at_risk_minor"] == after["value_if_kept_minor"]).all()


def test_a_contract_billed_by_the_day_pays_for_each_day() -> None:
    made = night()
    now = made.rows.filter(pl.col("snapshot_on") == cutoff())
    weekly, daily = (
        contract_values(
            now.with_columns(
                period_months=pl.lit(0, pl.Int64),
                period_days=pl.lit(days, pl.Int64),
                price_minor=pl.lit(100 * days, pl.Int64),
            ),
            made.scores,
            made.model,
            announced=announced_prices(made.known.clear(), now),
            terms=TERMS,
        )
        for days in (7, 1)
    )
    # the hazard sees the price and the period, so the chances differ a little
    kept, periods = (
        (daily[name] / weekly[name]).drop_nans().median()
        for name in ("value_if_kept_minor", "expected_periods")
    )
    assert kept == pytest.approx(1, abs=0.15)
    assert periods == pytest.approx(7, rel=0.15)
