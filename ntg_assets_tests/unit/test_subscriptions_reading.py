"""Contracts as files hold them: what is believed, what is refused, what is said."""

from pathlib import Path

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.subscriptions.terms.term_checks import checks_with_log
from ntg_assets_tests.contract_files import GOOD, HEAD, count, read


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


def test_copies_count_once_and_too_many_bad_rows_refuse_the_source(tmp_path: Path) -> None:
    assert count(read(tmp_path, [*GOOD, GOOD[0], GOOD[0]]), "copy") == 2
    with pytest.raises(SourceError, match=r"2 of 101 rows.*2\.0%, at most 1\.0%; first: row 100"):
        read(tmp_path, [*GOOD[:99], *["1,a,2024-02-01,2024-01-01,basic,1,month"] * 1,
                        "1,b,2024-02-01,2024-01-01,basic,1,month"])  # fmt: skip


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
