"""Nothing in a CSV that people open runs as a formula,
and the exact text comes back when one apostrophe is taken away.
"""

import csv
import json
import re
import unicodedata
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.contracts import IdTypes
from ntg_assets.publish.exports import (
    CONTACT_LISTS,
    export_contact_list,
    export_contact_list_schema,
)
from ntg_assets.publish.spreadsheets import write_spreadsheet
from ntg_assets.sql import Table

SIGNS = "=+-@"
BLANKS = st.text(st.sampled_from(" \t\r\n\u00a0\u200b\u3000\ufeff"), max_size=2)
FIRST = st.sampled_from(
    ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212", "'", '"', ";", "a", "1"]
)
REST = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
TEXTS = REST | st.tuples(BLANKS, FIRST, REST).map("".join)


def runs(cell: str) -> bool:
    """Whether a spreadsheet could take a cell for a formula: by what Unicode says,
    not by the pattern under test.
    """
    seen = cell.lstrip(
        "".join(sign for sign in cell if sign.isspace() or unicodedata.category(sign)[0] in "ZC")
    )
    return cell[:1] in tuple("\t\r\n") or unicodedata.normalize("NFKC", seen)[:1] in (
        *SIGNS,
        "\u2212",
    )


def read_back(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


@settings(max_examples=60)
@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=30))
def test_no_text_runs_and_the_exact_text_comes_back(
    texts: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "list.csv"
    rows = pl.DataFrame(texts, schema=["user_id", "reason"], orient="row")
    write_spreadsheet(rows.with_columns(amount=pl.lit(-1.5)), file)
    header, *cells = read_back(file)
    assert header == ["user_id", "reason", "amount"]
    assert not [cell for row in cells for cell in row[:2] if runs(cell)]
    assert [tuple(cell.removeprefix("'") for cell in row[:2]) for row in cells] == texts
    assert {row[2] for row in cells} == {"-1.50"}  # a negative number stays a number


@pytest.mark.parametrize(
    "text",
    [
        "=cmd|' /C calc'!A0",
        "@SUM(A1)",
        "+1",
        "-1",
        " \t=1",
        "\u200b\uff1d1",
        "\uff0d1",
        "\rx",
        "'=1",
    ],
)
def test_what_a_spreadsheet_would_run_gets_one_apostrophe(text: str, tmp_path: Path) -> None:
    write_spreadsheet(pl.DataFrame({"user_id": [text, "u-1", "00042"]}), tmp_path / "list.csv")
    assert read_back(tmp_path / "list.csv")[1:] == [["'" + text], ["u-1"], ["00042"]]
    assert (tmp_path / "list.csv").read_bytes().endswith(b'"00042"\n')  # texts stand in quotes


def contact(user_id: str) -> dict[str, object]:
    texts = {
        "strategy": "-first",
        "user_id": user_id,
        "evidence": "assumed save rate",
        "unit": "usd",
        "reason": "@x",
        "exclusion": "none",
    }
    money = dict.fromkeys(("revenue_at_risk", "expected_saved_value", "expected_cost"), 1234.5678)
    known = {
        "rank": 1,
        "action": "contact",
        "exclusion_detail": None,
        "expected_profit": -0.001,
        "churn_probability": 0.129,
    }
    return (
        texts | money | known | {"save_rate": None, "shadow_price": 2 / 3, "is_proven_best": True}
    )


def test_the_contact_list_is_harmless_as_csv_and_exact_as_parquet(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        [contact("=1+1")], schema_overrides={"exclusion_detail": pl.String, "save_rate": pl.Float64}
    )
    with duckdb.connect() as connection:
        connection.execute("create schema live")
        connection.register("incoming", rows)
        connection.execute("create table live.intervention_targets as select * from incoming")
        text, exact = (
            export_contact_list(
                connection, Table("live", "intervention_targets"), target=tmp_path / Path(path).name
            )
            for path in CONTACT_LISTS
        )
    header, cells = read_back(text)
    told = dict(zip(header, cells, strict=True))
    assert (told["strategy"], told["user_id"], told["reason"]) == ("'-first", "'=1+1", "'@x")
    assert (told["revenue_at_risk"], told["churn_probability"], told["shadow_price"]) == (
        "1234.57",
        "0.13",
        "0.67",
    )
    assert (told["expected_profit"], told["save_rate"], told["rank"]) == ("0.00", "", "1")
    kept = pl.read_parquet(exact).row(0, named=True)
    assert {name: kept[name] for name in header} == {
        name: value for name, value in contact("=1+1").items() if name in header
    }


def test_the_schema_of_the_contact_list_says_how_the_csv_differs(tmp_path: Path) -> None:
    written = export_contact_list_schema(
        Table("live", "intervention_targets"), ids=IdTypes(), target=tmp_path / "schema.json"
    )
    told = json.loads(written.read_text())["description"]
    assert "take one leading apostrophe away to have the exact text" in told
    assert "rounded to 2 places" in told


def test_every_csv_of_the_package_is_written_by_these_rules(project_home: Path) -> None:
    writers = re.compile(r"write_csv|csv\.writer|DictWriter|to_csv|format csv", re.IGNORECASE)
    found = [
        file
        for file in sorted((project_home / "ntg_assets").rglob("*.py"))
        if writers.search(file.read_text(encoding="utf-8"))
    ]
    # the second makes each text safe by the first; the third names what an asset may not call
    own_rules = {"spreadsheets.py", "sql.py", "asking_readers.py"}
    made = {"contract_world.py"}  # a source of the planted world, read by NTG alone
    assert {file.name for file in found} - made == own_rules
    assert "safe_text" in (project_home / "ntg_assets" / "cli" / "answers" / "sql.py").read_text()
