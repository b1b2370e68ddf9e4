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
        ("1,a,1970-01-01,,basic,9.99,month", "start", "lies before 1990-01-01"),
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
        "end-first", "no-start", "start-text", "start-zero-clock", "end-text", "user-text",
        "no-user", "no-contract", "negative", "decimals", "thousands", "no-price", "no-months",
        "no-period", "no-plan",
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


@pytest.mark.parametrize("end", ["9999-12-31", "2099-12-31 23:59:59", "2999-01-01"])
def test_an_end_beyond_all_plans_is_none(tmp_path: Path, end: str) -> None:
    found = read(tmp_path, [f"1,a,2024-01-01,{end},basic,9.99,month"])
    assert found.terms.select("ended_on", "end_known_on", "end_kind").row(0) == (None, None, None)
    assert count(found, "no_end_in_sight") == 1
    assert "1 ends lie in 2099 or later (first: contract a)" in found.sentence


@pytest.mark.parametrize(
    ("row", "advice"),
    [
        ("1,a,31.01.2024,,basic,9.99,month", 'Set `timestamp_format: "%d.%m.%Y"`'),
        ("1,a,2024-01-01,NULL,basic,9.99,month", "Set `null_words: [NULL]`"),
        ('1,a,2024-01-01,,basic,"9,99",month', 'Set `decimal: ","`'),
        ("1,a,2024-01-01,,basic,$9.99,month", 'Set `currency_signs: ["$"]`'),
        ("1,a,2024-01-01,,basic,(9.99),month", "Set `accounting_negatives: true`"),
    ],
)
def test_a_refused_row_comes_with_the_setting_that_reads_it(
    tmp_path: Path, row: str, advice: str
) -> None:
    assert advice in read(tmp_path, [*GOOD, row]).sentence
    with pytest.raises(SourceError) as refusal:
        read(tmp_path, [row])
    assert advice in str(refusal.value)


def test_contracts_are_one_however_a_program_wrote_their_numbers(tmp_path: Path) -> None:
    rows = ["1,10.0,2024-01-01,2024-02-01,basic,9.99,month", "1, 10 ,2024-02-01,,plus,9.99,month"]
    found = read(tmp_path, rows)
    assert found.terms["subscription_id"].to_list() == ["10", "10"]


def test_what_a_double_adds_to_an_amount_is_no_decimal_of_it(tmp_path: Path) -> None:
    noisy = ["0.30000000000000004", "9.989999999999998", "1234567.1000000001"]
    rows = [f"{k},a{k},2024-01-01,,basic,{price},month" for k, price in enumerate(noisy, 1)]
    assert read(tmp_path, rows).terms["price_minor"].to_list() == [30, 999, 123456710]
    with pytest.raises(SourceError, match="more decimals"):
        read(tmp_path, ["1,a,2024-01-01,,basic,9.9900000001,month"])


def test_plans_and_ends_that_are_said_by_halves_are_told(tmp_path: Path) -> None:
    rows = ["1,a,2024-01-01,,Basic,9.99,month,", "2,b,2024-01-01,,basic ,9.99,month,2024-05-01"]
    found = read(tmp_path, rows, head=f"{HEAD},told", end_known_from="told")
    assert count(found, "alike_plans") == 1
    assert count(found, "end_without_day") == 1


def test_a_missing_column_is_named_by_its_setting(tmp_path: Path) -> None:
    head = HEAD.replace("ended_at", "until")
    with pytest.raises(
        SourceError, match=r"no column 'ended_at' \(ingest\.subscriptions\.ended_at"
    ):
        read(tmp_path, ["1,a,2024-01-01,,basic,9.99,month"], head=head)
