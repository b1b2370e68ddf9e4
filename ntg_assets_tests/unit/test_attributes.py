"""Facts about users and items in time: reading, the as-of join, consent and availability."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.attributes.as_of import with_attributes
from ntg_assets.attributes.reading import (
    AttributeRows,
    read_attributes,
    report_attributes,
    source_rows,
)
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
