"""Payments as files hold them: amounts in the contract's currency, what is refused or counted."""

from datetime import date, datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.contracts import check_frame
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place
from ntg_assets.subscriptions.terms.contracts import SubscriptionPayments
from ntg_assets.subscriptions.terms.payments import ReadPayments, read_payments
from ntg_assets_tests.contract_worlds import term, terms


def pay(
    folder: Path,
    rows: list[str],
    *,
    contracts_of: pl.DataFrame | None = None,
    latest: datetime | None = None,
    **fields: object,
) -> ReadPayments:
    head = "subscription_id,happened_at,status,amount"
    (folder / "payments.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    source = PaymentSourceSettings.model_validate({"files": ["payments.csv"], **fields})
    named = {"constant_currency": "EUR"} if contracts_of is None else {"currency": "currency"}
    contracts = SubscriptionSourceSettings.model_validate({"files": ["subs.csv"], **named})
    started = date(2024, 1, 1)
    known = terms(term(1, "a", started)) if contracts_of is None else contracts_of
    possible = PossibleTimes(latest=latest)
    found = read_payments(
        source, contracts, terms=known, place=Place(folder), zone="UTC", possible=possible
    )
    check_frame(found.payments, SubscriptionPayments)
    return found


def test_payments_are_judged_row_by_row(tmp_path: Path) -> None:
    good = ["a,2024-01-01,paid,9.99"] * 200
    found = pay(
        tmp_path,
        [*good, "b,2024-01-02,Declined,", "a,2024-01-03,lost,9.99", "a,never,paid,9.99"],
    )
    assert found.refused["reason"].to_list() == [
        "is none that the configuration knows",
        "is no day or time",
    ]
    assert found.payments["status"].value_counts().sort("status").rows() == [
        ("failed", 1), ("paid", 200),
    ]  # fmt: skip
    assert found.payments["amount_minor"].to_list()[-1] is None
    assert "1 payments are for contracts that the subscriptions do not hold" in found.sentence


def test_payments_out_of_their_time_are_refused_or_told(tmp_path: Path) -> None:
    rows = [
        "a,1970-01-01,paid,9.99",  # a zero clock
        "a,2023-12-31,PAID,9.99",  # the contract begins on 2024-01-01
        " a ,2034-01-01, Succeeded ,9.99",
        "a.0,2024-02-01,paid,9.99",
    ]
    found = pay(tmp_path, rows, latest=datetime(2024, 7, 1), max_bad_share=0.5)
    assert found.refused["reason"].str.contains("lies before 1990-01-01").to_list() == [True]
    assert found.payments["subscription_id"].to_list() == ["a", "a", "a.0"]
    for told in (
        "1 payments lie before their contract began (first: contract a)",
        "1 rows lie in the future (first: 2034-01-01)",
        "that the subscriptions do not hold (first: contract a.0)",
    ):
        assert told in found.sentence


def test_what_was_given_back_may_be_written_with_a_minus(tmp_path: Path) -> None:
    found = pay(
        tmp_path,
        [
            "a,2024-01-01,paid,9.99",
            "a,2024-01-05,refunded,-9.99",
            "a,2024-01-06,chargeback,-4.50",
            "a,2024-02-01,paid,-1.00",  # money that came is not negative
        ],
        max_bad_share=0.5,
    )
    assert found.payments["amount_minor"].to_list() == [999, 999, 450]
    assert found.refused["reason"].to_list() == ["is negative"]


def test_an_amount_has_the_decimals_of_its_contracts_currency(tmp_path: Path) -> None:
    moved = date(2024, 3, 1)
    contracts = terms(
        term(1, "y", date(2024, 1, 1), currency="JPY"),
        term(2, "e", date(2024, 1, 1), moved, currency="EUR"),
        term(2, "e", moved, currency="KWD"),
    )
    rows = [
        "y,2024-01-01,paid,980",
        "e,2023-12-30,paid,9.99",  # before the contract began: in what it began with
        "e,2024-02-01,paid,9.99",
        "e,2024-03-01,paid,2.125",
        "unknown,2024-01-01,paid,1.00",
    ]
    found = pay(tmp_path, rows, contracts_of=contracts)
    # 980 yen are 980 of the smallest unit, not 98,000
    assert found.payments.select("currency", "amount_minor").rows() == [
        ("JPY", 980), ("EUR", 999), ("EUR", 999), ("KWD", 2125), (None, 100),
    ]  # fmt: skip


def test_payments_that_say_the_same_or_have_no_amount_are_counted(tmp_path: Path) -> None:
    found = pay(
        tmp_path,
        [
            *["a,2024-01-01,paid,9.99"] * 2,
            *["a,2024-01-02,failed,9.99"] * 2,  # two attempts of a day
            "a,2024-02-01,paid,",
        ],
    )
    counts = dict(found.checks.select("check", "n_rows").iter_rows())
    assert (counts["copy"], counts["no_amount"]) == (1, 1)
    assert found.payments.height == 5
