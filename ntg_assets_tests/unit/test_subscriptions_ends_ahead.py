"""Contracts that are valued as running on although the files state an end."""

from datetime import date

import polars as pl

from ntg_assets.subscriptions.checks import describe_ends_ahead, ends_ahead
from ntg_assets.subscriptions.money.values import VALUE_TYPES
from ntg_assets_tests.contract_worlds import term, terms

START = date(2024, 1, 1)


def values(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    """Contract, state, currency, ltv."""
    names = ("subscription_id", "state", "currency", "ltv_minor")
    made = [dict.fromkeys(VALUE_TYPES) | dict(zip(names, row, strict=True)) for row in rows]
    return pl.DataFrame(made, schema=VALUE_TYPES)


def test_an_end_of_the_last_term_that_no_forecast_knew_is_counted_with_its_value() -> None:
    stated = terms(
        term(1, "runs", START),
        term(2, "ends", START, date(2025, 3, 1)),
        term(3, "known", START, date(2025, 2, 1)),
        term(4, "dollars", START, date(2025, 4, 1), currency="USD"),
        term(5, "goes on", START, date(2025, 2, 1)),  # a new price, and no end
        term(5, "goes on", date(2025, 2, 1), price_minor=1299),
    )
    told = values(
        ("runs", "watching", "EUR", 1_000),
        ("ends", "watching", "EUR", 5_000),
        ("known", "ending", "EUR", 900),
        ("dollars", "trial", "USD", 700),
        ("goes on", "sleeping", "EUR", 2_000),
    )
    ahead = ends_ahead(told, stated)
    assert ahead["subscription_id"].to_list() == ["ends", "dollars"]
    sentence = describe_ends_ahead(ahead, n_contracts=5, is_named=False)
    assert "2 of 5 running contracts end later by the files" in sentence
    assert "first: contract ends on 2025-03-01" in sentence
    assert "50.00 EUR, 7.00 USD of expected value" in sentence
    assert "end_known_from" in sentence
    assert "end_known_from" not in describe_ends_ahead(ahead, n_contracts=5, is_named=True)


def test_where_no_end_lies_ahead_nothing_is_said() -> None:
    ahead = ends_ahead(values(("a", "watching", "EUR", 1)), terms(term(1, "a", START)))
    assert describe_ends_ahead(ahead, n_contracts=1, is_named=False) == ""
