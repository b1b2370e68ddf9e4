"""Contracts and payments as files hold them: what is believed, what is refused, what is said."""

from calendar import monthrange
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntg_assets.billing_days import day_numbers, periods_before, renewal_days
from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.errors import SourceError
from ntg_assets.sources.sources import Place
from ntg_assets.subscriptions.terms.amounts import minor_amounts, monthly_amounts, tell_amount
from ntg_assets.subscriptions.terms.billing import period_lengths
from ntg_assets.subscriptions.terms.contracts import SubscriptionPayments, SubscriptionTerms
from ntg_assets.subscriptions.terms.payments import ReadPayments, read_payments
from ntg_assets.subscriptions.terms.reading import ReadTerms, read_subscriptions
from ntg_assets.subscriptions.terms.term_checks import checks_with_log
from ntg_assets_tests.contract_worlds import term, terms

HEAD = "user_id,subscription_id,started_at,ended_at,plan,price,billing_period"
GOOD = [f"9,good{k},2024-01-01,,basic,9.99,month" for k in range(200)]
IDS = IdTypes("integer", "integer")


def read(folder: Path, rows: list[str], *, head: str = HEAD, **fields: object) -> ReadTerms:
    (folder / "subs.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    fields = {"constant_currency": "EUR"} | fields
    source = SubscriptionSourceSettings.model_validate({"files": ["subs.csv"], **fields})
    found = read_subscriptions(source, place=Place(folder), ids=IDS, zone="UTC")
    check_frame(found.terms, SubscriptionTerms, ids=IDS)
    return found


def pay(
    folder: Path, rows: list[str], *, contracts_of: pl.DataFrame | None = None, **fields: object
) -> ReadPayments:
    head = "subscription_id,happened_at,status,amount"
    (folder / "payments.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    source = PaymentSourceSettings.model_validate({"files": ["payments.csv"], **fields})
    named = {"constant_currency": "EUR"} if contracts_of is None else {"currency": "currency"}
    contracts = SubscriptionSourceSettings.model_validate({"files": ["subs.csv"], **named})
    started = date(2024, 1, 1)
    known = terms(term(1, "a", started)) if contracts_of is None else contracts_of
    found = read_payments(source, contracts, terms=known, place=Place(folder), zone="UTC")
    check_frame(found.payments, SubscriptionPayments)
    return found


def count(found: ReadTerms, check: str) -> int:
    return int(found.checks.filter(pl.col("check") == check)["n_rows"].item())


@pytest.mark.parametrize(
    ("row", "word", "reason"),
    [
        ("1,a,2024-02-01,2024-01-31,basic,9.99,month", "end", "lies before the start"),
        ("1,a,,,basic,9.99,month", "start", "is empty"),
        ("1,a,soon,,basic,9.99,month", "start", "is no day"),
        ("1,a,2024-01-01,later,basic,9.99,month", "end", "is no day"),
        ("x,a,2024-01-01,,basic,9.99,month", "user", "is no id"),
        (",a,2024-01-01,,basic,9.99,month", "user", "is no id"),
        ("1,,2024-01-01,,basic,9.99,month", "contract", "is empty"),
        ("1,a,2024-01-01,,basic,-1,month", "price", "is negative"),
        ("1,a,2024-01-01,,basic,9.999,month", "price", "more decimals"),
        ('1,a,2024-01-01,,basic,"1,299",month', "price", "is no amount"),
        ("1,a,2024-01-01,,basic,,month", "price", "is empty"),
        ("1,a,2024-01-01,,basic,9.99,0 months", "billing period", "is none"),
        ("1,a,2024-01-01,,basic,9.99,now and then", "billing period", "is none"),
        ("1,a,2024-01-01,,,9.99,month", "plan", "is empty"),
    ],
    ids=[
        "end-first", "no-start", "start-text", "end-text", "user-text", "no-user", "no-contract",
        "negative", "decimals", "thousands", "no-price", "no-months", "no-period", "no-plan",
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_true_is_refused_with_its_reason(
    tmp_path: Path, row: str, word: str, reason: str
) -> None:
    found = read(tmp_path, [*GOOD, row])
    assert found.terms.height == 200
    assert found.refused["column_name"].to_list() == [word]
    assert reason in found.refused["reason"][0]
    assert found.refused["place"][0] == 200
    assert f"the {word} " in found.sentence


GERMAN = {"decimal": ",", "thousands": ".", "currency_signs": ["€", ",-"], "delimiter": ";"}
YEN = {
    "thousands": ",",
    "currency_signs": ["¥", "円"],
    "constant_currency": "JPY",
    "delimiter": ";",
}


@pytest.mark.parametrize(
    ("written", "period", "fields", "minor", "months"),
    [
        ("9,99 €", "monatlich", GERMAN, 999, 1),
        ("1.234,50", "12 Monate", GERMAN, 123450, 12),
        ("12,-", "vierteljährlich", GERMAN, 1200, 3),
        ("9,99\u00a0€", "mensuel", GERMAN, 999, 1),
        ("¥1,980", "月額", YEN, 1980, 1),
        ("1980円", "6ヶ月", YEN, 1980, 6),
    ],
)
def test_amounts_and_periods_are_read_as_people_of_other_languages_write_them(
    tmp_path: Path, written: str, period: str, fields: dict[str, object], minor: int, months: int
) -> None:
    row = f"1;a;2024-01-01;;basic;{written};{period}"
    found = read(tmp_path, [row], head=HEAD.replace(",", ";"), **fields)
    assert found.terms.select("price_minor", "period_months").row(0) == (minor, months)


def test_an_amount_in_other_signs_than_the_configured_ones_is_refused(tmp_path: Path) -> None:
    row = "1;a;2024-01-01;;basic;9.99;month"
    with pytest.raises(SourceError, match=r"9\.99 \(with ',' before decimals\). is no amount"):
        read(tmp_path, [row], head=HEAD.replace(",", ";"), **GERMAN)


def test_terms_of_a_contract_may_follow_but_not_overlap(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *GOOD,
            "1,a,2024-01-01,,basic,9.99,month",  # ended by the next term
            "1,a,2024-03-01,2024-05-01,basic,12.99,month",
            "1,a,2024-04-01,,gold,19.99,month",  # before the stated end
            "1,a,2024-05-01,2024-06-01,gold,19.99,month",
            "1,a,2024-09-01,,gold,19.99,month",  # after a gap
            "2,a,2024-12-01,,gold,19.99,month",  # another user's
            "1,a,2024-09-01,,gold,18.99,month",  # the same day again
        ],
        max_bad_share=0.02,
    )
    mine = found.terms.filter(pl.col("subscription_id") == "a")
    ended = [date(2024, 3, 1), date(2024, 5, 1), date(2024, 6, 1), None]
    assert mine["ended_on"].to_list() == ended
    assert mine["end_known_on"].to_list() == ended
    assert mine["price_minor"].to_list() == [999, 1299, 1999, 1999]
    assert sorted(found.refused["reason"].to_list()) == [
        "is not that of the contract's first term",
        "is that of another term of the contract",
        "lies before the stated end of the term before",
    ]
    told = {
        name: count(found, name)
        for name in ("closed_by_next", "price_change", "plan_change", "interruption", "copy")
    }
    assert told == {
        "closed_by_next": 1, "price_change": 1, "plan_change": 1, "interruption": 1, "copy": 0,
    }  # fmt: skip


def test_copies_count_once_and_too_many_bad_rows_refuse_the_source(tmp_path: Path) -> None:
    assert count(read(tmp_path, [*GOOD, GOOD[0], GOOD[0]]), "copy") == 2
    with pytest.raises(SourceError, match=r"2 of 101 rows.*2\.0%, at most 1\.0%; first: row 100"):
        read(tmp_path, [*GOOD[:99], *["1,a,2024-02-01,2024-01-01,basic,1,month"] * 1,
                        "1,b,2024-02-01,2024-01-01,basic,1,month"])  # fmt: skip


def test_why_a_contract_ended_is_told_by_words_and_by_its_trial(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            "1,a,2024-01-01,2024-01-08,basic,9.99,month,2024-01-08,whatever",
            "1,b,2024-01-01,2024-03-08,basic,9.99,month,2024-01-08,Unpaid",
            "1,c,2024-01-01,2024-03-08,basic,9.99,month,,moved away",
            "1,d,2024-01-01,2024-03-08,basic,9.99,month,,",
            "1,e,2024-01-01,,basic,9.99,month,,",
        ],
        head=f"{HEAD},trial,why",
        trial_ended_at="trial",
        end_reason="why",
    )
    kinds = ["not_converted", "payment_failed", "cancelled", "cancelled", None]
    assert found.terms["end_kind"].to_list() == kinds
    assert count(found, "unknown_reason") == 2
    assert found.terms["trial_end_on"].to_list()[:2] == [date(2024, 1, 8)] * 2


def test_when_an_end_was_known_is_kept_apart_from_when_it_takes_effect(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        ["1,a,2024-01-01,2024-02-01,basic,9.99,month,2024-01-10T08:00:00Z"],
        head=f"{HEAD},told",
        end_known_from="told",
    )
    assert found.terms.select("ended_on", "end_known_on").row(0) == (
        date(2024, 2, 1),
        date(2024, 1, 10),
    )


def test_what_shows_beside_the_log_is_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        ["1,a,2024-01-01,,basic,9.99,month", "1,b,2024-02-01,,music,4.99,month",
         "2,c,2024-01-01,2024-02-01,basic,9.99,month", "2,d,2024-02-01,,basic,9.99,month",
         "3,e,2024-02-01,,basic,9.99,month"],
    )  # fmt: skip
    checks = checks_with_log(found.terms, pl.Series([1, 2]))
    assert dict(checks.select("check", "n_rows").iter_rows()) == {
        "user_unknown_to_log": 1,
        "several_contracts_at_once": 1,
        "several_currencies": 0,
    }
    assert checks["first"].to_list()[:2] == ["3", "1"]


def test_payments_are_judged_row_by_row(tmp_path: Path) -> None:
    good = ["a,2024-01-01,paid,9.99"] * 200
    found = pay(
        tmp_path,
        [*good, "b,2024-01-02,Declined,", "a,2024-01-03,lost,9.99", "a,never,paid,9.99"],
    )
    assert found.refused["reason"].to_list() == [
        "is none that the configuration knows",
        "is no day or time (write ISO: 2024-01-31)",
    ]
    assert found.payments["status"].value_counts().sort("status").rows() == [
        ("failed", 1), ("paid", 200),
    ]  # fmt: skip
    assert found.payments["amount_minor"].to_list()[-1] is None
    assert "1 payments are for contracts that the subscriptions do not hold" in found.sentence


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
    assert tell_amount(123450, "EUR") == "1,234.50 EUR"


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


def test_a_plan_that_was_changed_on_the_day_it_began_leaves_the_later_term(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *GOOD,
            "1,a,2024-03-05,2024-03-05,basic,9.99,month",  # signed, and changed at once
            "1,a,2024-03-05,,gold,19.99,month",
            "2,b,2024-01-01,,basic,9.99,month",
            "2,b,2024-02-01,2024-02-01,gold,19.99,month",  # changed, and taken back at once
            "3,c,2024-02-01,2024-02-01,basic,9.99,month",  # nothing else is known of it
        ],
    )
    mine = found.terms.filter(pl.col("subscription_id").is_in(["a", "b", "c"]))
    assert mine.select("subscription_id", "plan", "started_on", "ended_on").rows() == [
        ("a", "gold", date(2024, 3, 5), None),
        ("b", "basic", date(2024, 1, 1), None),
        ("c", "basic", date(2024, 2, 1), date(2024, 2, 1)),
    ]
    assert found.refused.is_empty()
    assert (count(found, "superseded_same_day"), count(found, "same_day_end")) == (2, 1)


def test_a_trial_is_one_of_the_contract_whichever_term_names_it(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *(f"{row}," for row in GOOD),
            # repeated on every term: what was said of the first one stays said of it
            "1,a,2024-01-01,2024-03-01,basic,9.99,month,2024-01-15",
            "1,a,2024-03-01,,gold,19.99,month,2024-01-15",
            # another plan within the trial, and then no contract
            "2,b,2024-01-01,2024-01-05,basic,9.99,month,2024-01-15",
            "2,b,2024-01-05,2024-01-15,gold,19.99,month,",
            # the trial of a first term lies before it: that cannot be
            "3,c,2024-01-20,,basic,9.99,month,2024-01-15",
        ],
        head=f"{HEAD},trial",
        trial_ended_at="trial",
    )
    assert found.refused["reason"].to_list() == ["lies before the start"]
    assert found.refused["subscription_id"].to_list() == ["c"]
    mine = found.terms.filter(pl.col("subscription_id").is_in(["a", "b"]))
    assert mine["trial_end_on"].to_list() == [date(2024, 1, 15), None, date(2024, 1, 15), None]
    assert mine["end_kind"].to_list()[-1] == "not_converted"


def test_an_end_that_only_the_next_term_says_is_known_with_it(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            *(f"{row}," for row in GOOD),
            "1,a,2024-01-01,,basic,9.99,month,",
            "1,a,2024-03-01,,gold,19.99,month,2024-03-10",  # written nine days later
        ],
        head=f"{HEAD},known",
        known_from="known",
    )
    mine = found.terms.filter(pl.col("subscription_id") == "a").row(0, named=True)
    assert (mine["ended_on"], mine["end_known_on"]) == (date(2024, 3, 1), date(2024, 3, 10))


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
