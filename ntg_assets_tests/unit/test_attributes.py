"""Facts about users and items in time: reading, the as-of join, consent and availability."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.attributes.as_of import with_attributes
from ntg_assets.attributes.reading import AttributeRows, read_attributes
from ntg_assets.attributes.report import report_attributes, source_rows
from ntg_assets.attributes.roles import (
    NO_MORE,
    NOT_YET,
    UNREADABLE,
    unavailable_items_at,
    without_consent,
)
from ntg_assets.configuration.inputs.attributes import (
    AttributeSettings,
    AttributeSourceSettings,
    AvailabilitySettings,
    ConsentSettings,
)
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place

AT = datetime(2024, 3, 1)
INTEGERS = IdTypes("integer", "integer")


def read(folder: Path, text: str, *, zone: str = "UTC", **fields: object) -> AttributeRows:
    (folder / "facts.csv").write_text(text, encoding="utf-8")
    source = AttributeSourceSettings.model_validate(
        {"entity": "user", "files": ["facts.csv"], "id": "user", **fields}
    )
    return read_attributes(source, place=Place(folder), ids=INTEGERS, zone=zone)


def known_at(rows: pl.DataFrame, user: int, at: datetime, *names: str) -> tuple[object, ...]:
    users = pl.DataFrame({"user_id": [user]})
    found = with_attributes(users, rows, names, entity="user", id_column="user_id", at=pl.lit(at))
    return found.select(names).row(0)


def test_the_latest_row_that_was_known_before_the_cutoff_and_holds_counts(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "user,from,told,country\n"
        "1,2024-01-01,2024-01-01,SE\n"
        "1,2024-02-01,2024-02-20,NO\n"  # it held for 19 days before anyone knew
        "1,2024-04-01,2024-02-25,DK\n",  # announced, not yet true
        attributes={"country": "country"},
        valid_from="from",
        known_from="told",
    ).rows
    days = [(2, 10), (2, 20), (2, 21), (3, 31), (4, 1), (4, 2)]
    told = [known_at(rows, 1, datetime(2024, month, day), "country")[0] for month, day in days]
    assert told == ["SE", "SE", "NO", "NO", "DK", "DK"]


def test_what_becomes_known_at_the_cutoff_is_not_known_before_it(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "user,t,plan\n1,2024-03-01T00:00:00Z,gold\n",
        attributes={"plan": "plan"},
        known_from="t",
    ).rows
    assert known_at(rows, 1, datetime(2024, 3, 1), "plan") == (None,)
    assert known_at(rows, 1, datetime(2024, 3, 1, 0, 0, 1), "plan") == ("gold",)


def test_a_table_without_times_is_known_from_the_start_and_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, "user,age\n007,31\n8,\n", attributes={"age": "age"})
    assert known_at(found.rows, 7, datetime(1990, 1, 1), "age") == ("31",)
    assert found.is_time_assumed
    assert "assumed" in found.sentence


def test_a_row_whose_time_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "user,t,a,b\n1,soon,x,y\n2,,x,y\n,2024-01-01,x,y\n3,2024-01-01,x,y\n",
        attributes={"a": "a", "b": "b"},
        known_from="t",
    )
    assert (found.n_without_time, found.first_without_time, found.n_without_id) == (2, "soon", 1)
    assert found.rows["listed_id"].to_list() == ["3", "3"]


def test_a_blank_value_ends_what_held_before(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "user,t,offer\n1,2024-01-01,gold\n1,2024-02-01,\n",
        attributes={"offer": "offer"},
        valid_from="t",
    ).rows
    assert known_at(rows, 1, datetime(2024, 1, 15), "offer") == ("gold",)
    assert known_at(rows, 1, AT, "offer") == (None,)


def test_of_rows_alike_in_time_the_last_one_counts(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "user,t,a\n1,2024-01-01,x\n1,2024-01-01,y\n",
        attributes={"a": "a"},
        valid_from="t",
    ).rows
    assert known_at(rows, 1, AT, "a") == ("y",)


def test_times_without_a_zone_are_read_in_the_configured_one(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "user,t,a\n1,2024-07-01T12:00:00,x\n2,2024-07-01T12:00:00+01:00,x\n",
        attributes={"a": "a"},
        known_from="t",
        timezone="America/New_York",
    )
    assert found.rows["known_from_at"].to_list() == [
        datetime(2024, 7, 1, 16),
        datetime(2024, 7, 1, 11),
    ]


def test_days_begin_at_midnight_of_the_service(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "user,t,a\n1,2024-07-01,x\n",
        attributes={"a": "a"},
        known_from="t",
        zone="Europe/Paris",
    )
    assert found.rows["known_from_at"][0] == datetime(2024, 6, 30, 22)


def test_who_has_not_agreed_or_of_whom_nothing_is_known_is_without_consent(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "user,t,ok\n1,2024-01-01, Yes \n2,2024-01-01,no\n3,2024-01-01,yes\n3,2024-02-01,no\n"
        "4,2024-03-02,yes\n",
        attributes={"ok": "ok"},
        known_from="t",
    ).rows
    found = without_consent(
        pl.Series([1, 2, 3, 4, 5]), rows, settings=ConsentSettings(attribute="ok"), at=AT
    )
    assert found["user_id"].to_list() == [2, 3, 4, 5]
    assert found["detail"].to_list() == ["ok: no", "ok: no", *["ok: nothing is known"] * 2]


def test_items_outside_their_window_are_unavailable_and_unreadable_dates_too(
    tmp_path: Path,
) -> None:
    (tmp_path / "items.csv").write_text(
        "item,opens,closes\n1,,\n2,2024-03-02,\n3,,2024-03-01\n4,2024-03-01,2024-03-02\n5,,soon\n",
        encoding="utf-8",
    )
    source = AttributeSourceSettings(
        entity="item",
        files=["items.csv"],
        id="item",
        attributes={"opens": "opens", "closes": "closes"},
    )
    rows = read_attributes(source, place=Place(tmp_path), ids=INTEGERS, zone="UTC").rows
    settings = AvailabilitySettings(available_from="opens", available_until="closes")
    found = unavailable_items_at(
        pl.Series([1, 2, 3, 4, 5, 6]), rows, settings=settings, at=AT, zone="UTC"
    )
    assert found.rows() == [(2, NOT_YET), (3, NO_MORE), (5, UNREADABLE)]


def test_the_report_counts_who_is_known_to_the_log(tmp_path: Path) -> None:
    found = read(tmp_path, "user,a\n1,x\n2,x\n9,x\n", attributes={"a": "a"})
    source = AttributeSourceSettings(
        entity="user", files=["facts.csv"], id="user", attributes={"a": "a"}
    )
    report = report_attributes(
        source_rows(source, found),
        found.rows,
        users=pl.Series([1, 2, 3]),
        items=pl.Series([9]),
    )
    assert report.select("n_rows", "n_entities", "n_known_to_log").row(0) == (3, 3, 2)
    assert report["sentence"][0].startswith("a: 3 users have it, 2 of them are in the log")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"consent": {"attribute": "ok"}}, "no source of users has an attribute 'ok'"),
        ({"availability": {"available_from": "t"}}, "no source of items has an attribute 't'"),
    ],
    ids=["consent", "availability"],
)
def test_a_role_without_its_attribute_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        AttributeSettings.model_validate(fields)


CONSENT = AttributeSettings.model_construct(consent=ConsentSettings(attribute="ok"))


def consent_of(folder: Path, text: str, **fields: object) -> tuple[list[int], str]:
    """Who of users 1 to 3 may not be contacted, and what is said of the table."""
    (folder / "facts.csv").write_text(text, encoding="utf-8")
    source = AttributeSourceSettings.model_validate(
        {
            "entity": "user",
            "files": ["facts.csv"],
            "id": "user",
            "attributes": {"ok": "ok"},
            **fields,
        }
    )
    found = read_attributes(source, place=Place(folder), ids=INTEGERS, zone="UTC", roles=CONSENT)
    settings = ConsentSettings(attribute="ok")
    users = without_consent(pl.Series([1, 2, 3]), found.rows, settings=settings, at=AT)
    return users["user_id"].to_list(), found.sentence


@pytest.mark.parametrize(
    "withdrawn", ["01.02.2024", "", "soon"], ids=["other-format", "blank", "word"]
)
def test_consent_that_was_taken_back_at_a_time_that_cannot_be_read_is_in_doubt(
    tmp_path: Path, withdrawn: str
) -> None:
    text = f"user,t,ok\n1,2024-01-01,yes\n1,{withdrawn},no\n2,2024-01-01,yes\n3,2024-01-02,yes\n"
    users, sentence = consent_of(tmp_path, text, known_from="t")
    assert users == [1]
    assert "1 users are in doubt and are not contacted" in sentence


@pytest.mark.parametrize("rows", ["1,no\n1,yes\n", "1,yes\n1,no\n"])
def test_who_agreed_and_refused_at_one_time_has_not_agreed(tmp_path: Path, rows: str) -> None:
    users, sentence = consent_of(tmp_path, f"user,ok\n{rows}2,ja\n3,WAHR\n")
    assert users == [1]
    assert "2 of 2 users ever agreed; 1 users are in doubt" in sentence


def test_a_table_that_never_says_granted_is_told(tmp_path: Path) -> None:
    users, sentence = consent_of(tmp_path, "user,ok\n1,opted in\n")
    assert users == [1, 2, 3]
    assert "no row holds a word of consent.granted (first: 'opted in')" in sentence


def test_who_refused_under_an_id_that_is_written_otherwise_is_not_contacted() -> None:
    rows = pl.DataFrame(
        {
            "entity": ["user"] * 3,
            "listed_id": ["u1", " U1", "u2"],
            "attribute": ["ok"] * 3,
            "value": ["yes", "no", "yes"],
            "place": [0, 1, 2],
        }
    ).with_columns(
        pl.lit(None, pl.Datetime("us")).alias(name) for name in ("valid_from_at", "known_from_at")
    )
    settings = ConsentSettings(attribute="ok")
    found = without_consent(pl.Series(["u1", "u2"]), rows, settings=settings, at=AT)
    assert found.rows() == [("u1", "ok: refused as  U1")]


def test_a_table_of_which_most_times_cannot_be_read_is_refused_with_what_reads_them(
    tmp_path: Path,
) -> None:
    told = r"1 of 1 rows have a time .*31\.01\.2024.*Set `timestamp_format: \"%d\.%m\.%Y\"`"
    with pytest.raises(SourceError, match=told):
        read(tmp_path, "user,t,a\n1,31.01.2024,x\n", known_from="t", attributes={"a": "a"})


def test_what_is_odd_in_a_table_of_facts_is_said(tmp_path: Path) -> None:
    text = "user,t,a\n1,1900-01-01,SE\n1,1900-01-01,Se\n2,2024-01-01,N/A\n3,2034-01-01,DK\n"
    (tmp_path / "facts.csv").write_text(text)
    source = AttributeSourceSettings.model_validate(
        {"entity": "user", "files": ["facts.csv"], "id": "user", "known_from": "t",
         "attributes": {"a": "a"}}
    )  # fmt: skip
    possible = PossibleTimes(latest=datetime(2024, 7, 1))
    found = read_attributes(
        source, place=Place(tmp_path), ids=INTEGERS, zone="UTC", possible=possible
    )
    assert list(found.doubts) == [
        "1 values of a are 'N/A'; if that means empty, set `null_words`",
        "a holds 'SE' and 'Se', which count as different values",
        "1 users have several values at one time (first: 1, 'SE', 'Se'): the last row counts",
        (
            "2 rows were known before 1990-01-01 (first: 1900-01-01), so they count as known from"
            " the start: is `timestamp_unit` right?"
        ),
        "1 rows lie in the future (first: 2034-01-01)",
    ]


@pytest.mark.parametrize(
    ("fields", "hidden", "told"),
    [
        ({"timestamp_format": "%d.%m.%Y"}, [2], ""),
        ({}, [1, 2], "cannot be read (first: '01.01.2024'), and such items are not shown"),
    ],
    ids=["format", "no-format"],
)
def test_licence_windows_are_read_as_the_source_writes_times(
    tmp_path: Path, fields: dict[str, object], hidden: list[int], told: str
) -> None:
    text = "item,opens,closes\n1,01.01.2024,31.12.2024\n2,31.03.2024,\n"
    (tmp_path / "facts.csv").write_text(text)
    source = AttributeSourceSettings.model_validate(
        {"entity": "item", "files": ["facts.csv"], "id": "item",
         "attributes": {"opens": "opens", "closes": "closes"}, **fields}
    )  # fmt: skip
    settings = AvailabilitySettings(available_from="opens", available_until="closes")
    roles = AttributeSettings.model_construct(availability=settings)
    found = read_attributes(source, place=Place(tmp_path), ids=INTEGERS, zone="UTC", roles=roles)
    items = unavailable_items_at(
        pl.Series([1, 2]), found.rows, settings=settings, at=AT, zone="UTC"
    )
    assert items["item_id"].to_list() == hidden
    assert told in found.sentence


def test_a_missing_column_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no column 'a' \(ingest\.attributes\.attributes\.b\)"):
        read(tmp_path, "user,c\n1,x\n", attributes={"b": "a"})
