"""Amounts and billing periods as people write them, and the days on which contracts renew."""

from calendar import monthrange
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntg_assets.billing_days import day_numbers, periods_before, renewal_days
from ntg_assets.subscriptions.terms.amounts import describe_amount, minor_amounts, monthly_amounts
from ntg_assets.subscriptions.terms.billing import period_lengths


@pytest.mark.parametrize(
    ("text", "currency", "unit", "minor"),
    [
        ("9.99", "EUR", "major", 999),
        ("9.9", "EUR", "major", 990),
        ("9", "EUR", "major", 900),
        ("9.990", "EUR", "major", 999),
        ("0.29", "EUR", "major", 29),  # 0.29 * 100 is 28.999999999999996
        ("1200", "JPY", "major", 1200),
        ("1.250", "KWD", "major", 1250),
        ("999", "EUR", "minor", 999),
        ("-0.00", "EUR", "major", 0),
        ("1200.5", "JPY", "major", None),
        ("9.99", "EUR", "minor", None),
    ],
)
def test_amounts_are_read_without_rounding(
    text: str, currency: str, unit: str, minor: int | None
) -> None:
    amount, reason = minor_amounts(
        pl.col("text"), pl.lit(currency), unit="minor" if unit == "minor" else "major"
    )
    row = pl.DataFrame({"text": [text]}).select(amount.alias("amount"), reason.alias("reason"))
    assert row["amount"][0] == minor
    assert (row["reason"][0] is None) == (minor is not None)


def test_prices_of_other_periods_are_brought_to_a_month_half_up() -> None:
    rows = pl.DataFrame(
        {"price": [999, 9999, 6, 700], "months": [1, 12, 12, 0], "days": [0, 0, 0, 7]}
    )
    months = rows.select(monthly_amounts(*(pl.col(name) for name in rows.columns)))
    assert months.to_series().to_list() == [999, 833, 1, round(700 * 30.4375 / 7)]
    assert describe_amount(123450, "EUR") == "1,234.50 EUR"


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("month", 1, 0), ("Monthly", 1, 0), ("3 months", 3, 0), ("P1Y", 12, 0), ("annual", 12, 0),
        ("P30D", 0, 30), ("30 days", 0, 30), ("week", 0, 7), ("2_weeks", 0, 14), ("1year", 12, 0),
        ("0 months", None, None), ("moon", None, None), ("", None, None), ("12", None, None),
    ],
)  # fmt: skip
def test_billing_periods_are_read_by_name_number_and_iso_duration(
    text: str, months: int | None, days: int | None
) -> None:
    found = pl.DataFrame({"text": [text]}).select(
        **dict(zip(("months", "days"), period_lengths(pl.col("text")), strict=True))
    )
    assert found.row(0) == (months, days)


@given(
    anchor=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    months=st.sampled_from([1, 3, 6, 12]),
    count=st.integers(0, 40),
)
def test_a_contract_renews_on_its_day_of_the_month_or_the_months_last(
    anchor: date, months: int, count: int
) -> None:
    one = [np.array([value]) for value in (months, 0, count)]
    days = renewal_days(day_numbers(pl.Series([anchor])), *one)
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months * count, 12)
    expected = date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))
    assert days[0] == (expected - date(1970, 1, 1)).days
    assert periods_before(day_numbers(pl.Series([anchor])), one[0], one[1], days)[0] == count
    assert periods_before(day_numbers(pl.Series([anchor])), one[0], one[1], days - 1)[0] < count
