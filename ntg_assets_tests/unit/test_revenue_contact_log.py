"""Logs of whom somebody contacted: what they say, and what cannot cap anything."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.revenue import (
    ContactLogSettings,
)
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.revenue.contacts.lists.contact_log import read_contacts
from ntg_assets.revenue.contacts.lists.listed_rows import ListRows
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place

CONTACT_HEAD = "user_id,assigned_on,action\n"


def contacts(home: Path, content: str, **changes: Any) -> ListRows:
    (home / "sent.csv").write_text(content)
    read = read_contacts(
        ContactLogSettings.model_validate({"files": ["sent.csv"], **changes}), place=Place(home)
    )
    check_frame(read.rows, contract_of("user_lists"))
    return read


def test_a_contact_is_a_day_of_utc_and_other_rows_are_counted(tmp_path: Path) -> None:
    rows = (
        "3,2024-03-31T00:30:00+02:00,contact\n4,2024-03-30,no_contact\n5,2024-03-30"
        " 23:59:59,contact\n6,2024-03-29,\n"
    )
    read = contacts(tmp_path, "user_id,assigned_on,action\n" + rows)
    # half past midnight in Berlin is the day before; a row that does not say what was done is a
    # contact
    assert read.rows.select("listed_id", "contacted_on").rows() == [
        ("3", date(2024, 3, 30)),
        ("5", date(2024, 3, 30)),
        ("6", date(2024, 3, 29)),
    ]
    assert read.sentence == "3 rows in 1 file(s); 1 further rows are no contacts ('no_contact')"


def test_our_own_log_the_crms_own_and_one_that_is_not_there_yet(tmp_path: Path) -> None:
    own = pl.DataFrame({"user_id": [7], "assigned_on": [date(2024, 3, 30)], "action": ["contact"]})
    (tmp_path / "nights").mkdir()
    own.write_parquet(tmp_path / "nights" / "one.parquet")
    own.write_parquet(tmp_path / "nights" / "a copy.parquet")  # the same night twice is one night
    (tmp_path / "crm.csv").write_text("account,at\n8,2024-03-29\n")
    log = ContactLogSettings(files=["nights/*.parquet", "later/*.csv"])
    read = read_contacts(log, place=Place(tmp_path))
    assert (read.rows["listed_id"].to_list(), read.n_files) == (["7"], 2)
    assert "1 of them left out as copies" in read.sentence
    crm = ContactLogSettings(files=["crm.csv"], user_id="account", contacted_at="at", action=None)
    assert read_contacts(crm, place=Place(tmp_path)).rows["contacted_on"].to_list() == [
        date(2024, 3, 29)
    ]
    nothing = read_contacts(ContactLogSettings(files=["later/*.csv"]), place=Place(tmp_path))
    assert (nothing.rows.height, nothing.sentence) == (
        0,
        "no file is there yet: nobody was contacted",
    )
    times = pl.DataFrame({"user_id": [9.0], "contacted_at": [datetime(2024, 3, 30, 23)]})
    times.write_parquet(tmp_path / "times.parquet")
    typed = ContactLogSettings(files=["times.parquet"], contacted_at="contacted_at", action=None)
    assert read_contacts(typed, place=Place(tmp_path)).rows.select(
        "listed_id", "contacted_on"
    ).rows() == [("9", date(2024, 3, 30))]


@pytest.mark.parametrize(
    ("content", "changes", "told"),
    [
        ("user_id,sent\n1,2024-03-30\n", {}, "no column 'assigned_on'"),
        (
            "user_id,assigned_on,action\n1,yesterday,contact\n",
            {},
            r"1 of 1 rows hold no day or time in assigned_on \(first: 'yesterday' in sent.csv\)",
        ),
        (
            "user_id,assigned_on,action\n1,2024-03-30,sent\n",
            {},
            "no row of 1 has action = 'contact'; the first other value is 'sent'",
        ),
        ("user_id,assigned_on,action\n1,1711756800,contact\n", {}, "hold no day"),
    ],
)
def test_a_contact_log_that_cannot_cap_anything_is_refused(
    tmp_path: Path, content: str, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        contacts(tmp_path, content, **changes)


def test_a_night_on_which_everyone_was_held_out_is_a_log_without_contacts(tmp_path: Path) -> None:
    assert contacts(
        tmp_path, "user_id,assigned_on,action\n1,2024-03-30,no_contact\n"
    ).rows.is_empty()


def contact_log(home: Path, rows: str, **fields: Any) -> ContactLogSettings:
    (home / "sent.csv").write_text(CONTACT_HEAD + rows)
    return ContactLogSettings.model_validate({"files": ["sent.csv"], **fields})


@pytest.mark.parametrize(
    ("word", "written"), [("contact", "Contact"), ("contact", " CONTACT "), ("true", "1.0")]
)
def test_a_contact_counts_however_its_word_is_written(
    tmp_path: Path, word: str, written: str
) -> None:
    log = contact_log(tmp_path, f"1,2024-03-01,{written}\n2,2024-03-01,no\n", contact_value=word)
    read = read_contacts(log, place=Place(tmp_path))
    assert read.rows["listed_id"].to_list() == ["1"]
    assert read.sentence.endswith("1 further rows are no contacts ('no')")


@pytest.mark.parametrize(
    ("written", "fields", "told"),
    [
        ("1709251200", {"timestamp_unit": "milliseconds"}, "before 1990-01-01 .*1970-01-20"),
        ("0001-01-01", {}, "before 1990-01-01 .*0001-01-01"),
        ("1709251200", {}, "no day or time .*Set `timestamp_unit: seconds`"),
        ("31.03.2024", {}, 'no day or time .*Set `timestamp_format: "%d.%m.%Y"`'),
    ],
)
def test_contacts_at_times_that_cannot_be_true_cap_nobody_in_silence(
    tmp_path: Path, written: str, fields: dict[str, Any], told: str
) -> None:
    log = contact_log(tmp_path, f"1,{written},contact\n", **fields)
    with pytest.raises(SourceError, match=told):
        read_contacts(log, place=Place(tmp_path))


def test_contacts_that_are_planned_are_told_by_the_clock(tmp_path: Path) -> None:
    log = contact_log(tmp_path, "1,2034-03-01,contact\n2,2024-03-01,contact\n")
    times = PossibleTimes(latest=datetime(2024, 7, 1))
    read = read_contacts(log, place=Place(tmp_path), times=times)
    assert read.rows.height == 2
    assert read.sentence.endswith("1 rows lie in the future (first: 2034-03-01)")
