"""Times, lengths of time, numbers and words as people spell them, with the right answer of each."""

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.errors import SourceError
from ntg_assets.events.load import load_events
from ntg_assets_tests.event_files import survey_log
from ntg_assets_tests.field_cases import events, fates, put, settings


@pytest.mark.slow
def test_viewing_history_with_durations(tmp_path: Path) -> None:
    text = (
        "Profile,Start Time,Duration,Title\n"
        'Anna,2024-05-01 20:00:00,01:02:03,"Film, The: Part 1"\n'
        "Ben,2024-05-02 21:00:00,00:00:45,Film 2\n"
    )
    put(tmp_path, {"views.csv": text})
    columns = {
        "user_id": "Profile",
        "item_id": "Title",
        "event_at": "Start Time",
        "value": "Duration",
        "value_format": "duration",
    }
    assert events(tmp_path, settings("views.csv", **columns)) == [
        ("Anna", "Film, The: Part 1", "2024-05-01 20:00", 3600.0 + 2 * 60 + 3),
        ("Ben", "Film 2", "2024-05-02 21:00", 45.0),
    ]
    minutes = settings("views.csv", **columns, duration_unit="minutes")
    assert [value for *_, value in events(tmp_path, minutes)] == [3723 / 60, 45 / 60]


DURATIONS = [
    ("2:45", 165.0),
    ("1:02:03.5", 3723.5),
    ("125:00:00", 450_000.0),
    ("1h 2m 3s", 3723.0),
    ("1 hr 5 min", 3900.0),
    ("45 minutes", 2700.0),
    ("90s", 90.0),
    ("PT1H2M3S", 3723.0),
    ("P1DT1H", 90_000.0),
    ("-0:30", -30.0),
    ("1:2:3:4", None),
    ("3723", None),
    ("soon", None),
    ("PT", None),
]


def test_durations_of_every_spelling(tmp_path: Path) -> None:
    rows = "".join(f"u{n:02},i,2024-01-01,{text}\n" for n, (text, _) in enumerate(DURATIONS))
    put(tmp_path, {"a.csv": "user_id,item_id,event_at,t\n" + rows})
    given = settings("a.csv", value="t", value_format="duration", max_bad_share=1)
    found = load_events(given, tmp_path).sort("user_id").select("user_id", "value").rows()
    assert found == [
        (f"u{n:02}", seconds) for n, (_, seconds) in enumerate(DURATIONS) if seconds is not None
    ]


@pytest.mark.slow
def test_dates_in_a_named_format(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"us.csv": "user_id,item_id,event_at\nu1,a,7/20/2024\nu2,b,12/3/2024\nu3,c,20/7/2024\n"},
    )
    given = settings("us.csv", timestamp_format="%m/%d/%Y", max_bad_share=0.5)
    assert [row[2] for row in events(tmp_path, given)] == ["2024-07-20 00:00", "2024-12-03 00:00"]
    assert survey_log(tmp_path, given).quarantine["reason"].to_list() == [
        "does not fit timestamp_format (%m/%d/%Y)"
    ]
    with pytest.raises(SourceError, match="is no ISO timestamp"):
        survey_log(tmp_path, settings("us.csv"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("2024-01-05T15:04:05.123+0100", {}),
        ("2024-01-05 15:04:05 +01:00", {}),
        ("2024-01-05T14:04:05Z", {}),
        ("2024-01-05 14:04:05 UTC", {}),
        ('"Jan 5, 2024, 2:04 PM"', {"timestamp_format": "%b %d, %Y, %I:%M %p"}),
        ('"Jan 5, 2024, 2:04:05\u202fPM"', {"timestamp_format": "%b %d, %Y, %I:%M:%S %p"}),
        ('"Jan 5, 2024, 3:04:05 PM CET"', {"timestamp_format": "%b %d, %Y, %I:%M:%S %p %Z"}),
        ("05.01.2024 14:04", {"timestamp_format": "%d.%m.%Y %H:%M"}),
        ('"05 Jan 2024, 14:04"', {"timestamp_format": "%d %b %Y, %H:%M"}),
        ("1/5/24 2:04 PM", {"timestamp_format": "%m/%d/%y %I:%M %p"}),
        ("20240105T140405Z", {"timestamp_format": "%Y%m%dT%H%M%SZ"}),
        ("2024-01-05T14:04:05.1234567Z", {"timestamp_format": "%Y-%m-%dT%H:%M:%S.%f%z"}),
        ('"Fri, 05 Jan 2024 15:04:05 +0100"', {"timestamp_format": "%a, %d %b %Y %H:%M:%S %z"}),
        ("2024-01-05 15:04:05 Europe/Berlin", {"timestamp_format": "%Y-%m-%d %H:%M:%S %Z"}),
        ("05/Jan/2024:15:04:05 +0100", {"timestamp_format": "%d/%b/%Y:%H:%M:%S %z"}),
        ("05.01.2024 15:04", {"timestamp_format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}),
        ("1704463445", {"timestamp_unit": "seconds"}),
        ("1704463445.123", {"timestamp_unit": "seconds"}),
        ("1704463445123", {"timestamp_unit": "milliseconds"}),
        ("1704463445123456", {"timestamp_unit": "microseconds"}),
        ("1704463445123456789", {"timestamp_unit": "nanoseconds"}),
        ("05.01.2024", {"timestamp_format": ["%d.%m.%Y %H:%M", "%d.%m.%Y"]}),
    ],
)
def test_exporters_timestamps(tmp_path: Path, text: str, keys: dict[str, Any]) -> None:
    put(tmp_path, {"a.csv": f"user_id,item_id,event_at\nu,i,{text}\n"})
    found = load_events(settings("a.csv", **keys), tmp_path)["event_at"].item()
    expected = datetime(2024, 1, 5) if text == "05.01.2024" else datetime(2024, 1, 5, 14, 4)
    assert found.replace(second=0, microsecond=0) == expected


def test_nanoseconds_are_cut_to_the_microsecond(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "user_id,item_id,event_at\nu,i,1704463445123456999\n"})
    found = load_events(settings("a.csv", timestamp_unit="nanoseconds"), tmp_path)
    assert found["event_at"].item() == datetime(2024, 1, 5, 14, 4, 5, 123456)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("%d.%m %H:%M", "names no year"),
        ("%d.%m.%Y %Q", "holds '%Q', which no time format knows"),
        ("dd.mm.yyyy", "names no year; write a format such as"),
    ],
)
def test_a_format_that_is_none_is_refused(given: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings("a.csv", timestamp_format=given)


@pytest.mark.slow
def test_clocks_that_jump_and_clocks_that_show_an_hour_twice(tmp_path: Path) -> None:
    rows = ["2024-03-31 01:59", "2024-03-31 02:30", "2024-10-27 02:30", "2024-10-27 02:30+02:00"]
    text = "".join(f"u{n},i,{row}\n" for n, row in enumerate(rows))
    put(tmp_path, {"a.csv": "user_id,item_id,event_at\n" + text})
    given = settings("a.csv", timezone="Europe/Berlin", max_bad_share=0.5)
    assert [row[2] for row in events(tmp_path, given)] == [
        "2024-03-31 00:59",
        "2024-10-27 00:30",  # its offset says which
        "2024-10-27 01:30",  # the later of the two
    ]
    found = survey_log(tmp_path, given)
    assert found.quarantine.select("line", "reason").rows() == [
        (3, "is a time that clocks jumped over (Europe/Berlin)")
    ]
    assert found.n_folded == 1


@pytest.mark.slow
def test_whole_numbers_that_a_library_wrote_as_floats(tmp_path: Path) -> None:
    put(tmp_path, {"e.csv": "user_id,item_id,event_at\n1.0,10.0,2024-01-01\n2.0,11.0,2024-01-02\n"})
    given = settings("e.csv", user_id_type="integer", item_id_type="integer")
    assert [row[:2] for row in events(tmp_path, given)] == [(1, 10), (2, 11)]
    exact = pl.DataFrame(
        {"user_id": ["9007199254740993"], "item_id": ["5"], "event_at": ["2024-01-01"]}
    ).with_columns(
        pl.col("user_id").cast(pl.Decimal(38, 2)), pl.col("item_id").cast(pl.Decimal(10, 0))
    )
    exact.write_parquet(tmp_path / "d.parquet")
    as_text, as_numbers = (
        settings("d.parquet"),
        given.events.model_copy(update={"files": ["d.parquet"]}),
    )
    assert events(tmp_path, as_text)[0][:2] == ("9007199254740993", "5")
    numbers = given.model_copy(update={"events": as_numbers})
    assert events(tmp_path, numbers)[0][:2] == (9007199254740993, 5)


@pytest.mark.parametrize(
    ("keys", "amounts"),
    [
        ({"decimal": ","}, {"3,50": 3.5, ",5": 0.5, "1.234": None}),  # it could be 1234
        ({"decimal": ",", "thousands": "."}, {"1.234,50": 1234.5}),
        ({"decimal": ",", "thousands": " "}, {"1 234 567,8": 1234567.8}),
        ({"thousands": ","}, {"1,234.50": 1234.5, "12,34": None, "1,2345": None}),
        ({"thousands": ",", "currency_signs": ["$"]}, {"$1,234.50": 1234.5}),
        ({"currency_signs": "€"}, {"3 €": 3.0}),
        ({"currency_signs": "$"}, {"-$3": -3.0, "(3)": None}),
        ({"currency_signs": "$", "accounting_negatives": True}, {"($12.50)": -12.5}),
        ({"accounting_negatives": True}, {"12.50-": -12.5}),
        ({"currency_signs": ["/5"]}, {"4/5": 4.0, "4/50": None}),  # of another scale
        ({}, {"3,50": None, "$3": None, "4/5": None, "★x": None}),
        ({}, {"★★★½☆": 3.5, "☆☆☆☆☆": 0.0, "true": 1.0, "No": 0.0}),
    ],
)
def test_amounts_as_spreadsheets_write_them(
    tmp_path: Path, keys: dict[str, Any], amounts: dict[str, float | None]
) -> None:
    rows = "".join(f'{n};i;2024-01-01;"{text}"\n' for n, text in enumerate(amounts))
    put(tmp_path, {"a.csv": f"user_id;item_id;event_at;v\n{rows}"})
    given = settings("a.csv", delimiter=";", value="v", max_bad_share=1, **keys)
    read = dict(load_events(given, tmp_path).select("user_id", "value").iter_rows())
    assert {text: read.get(str(n)) for n, text in enumerate(amounts)} == amounts


@pytest.mark.slow
def test_words_that_mean_no_user(tmp_path: Path) -> None:
    rows = ["u0", "u1", "NULL", "\\N", "nan", "None"]
    text = "".join(f"{user},i,2024-01-01\n" for user in rows)
    put(tmp_path, {"a.csv": "user_id,item_id,event_at\n" + text})
    given = settings("a.csv", no_user=[None, "\\N", float("nan"), "None"])
    assert [row[0] for row in events(tmp_path, given)] == ["u0", "u1"]
    assert fates(tmp_path, given) == [(6, 2, 0, 4, 0, 0)]
    empty = settings("a.csv", null_words=["NULL", "\\N", "nan", "None"], max_bad_share=1)
    assert set(survey_log(tmp_path, empty).quarantine["reason"]) == {"is empty"}
    skipped = settings(
        "a.csv", null_words=["NULL", "\\N", "nan", "None"], skip_when_empty="user_id"
    )
    assert fates(tmp_path, skipped) == [(6, 2, 0, 4, 0, 0)]


@pytest.mark.slow
def test_views_of_which_only_some_are_rated(tmp_path: Path) -> None:
    text = (
        "Name,Watched Date,Rating,Member\nFilm 1,2024-01-03,,u1\nFilm 2,2024-01-04,4.5,u1\n"
        "Film 3,2024-01-05,good,u2\n"
    )
    put(tmp_path, {"diary.csv": text})
    keys = {
        "user_id": "Member",
        "item_id": "Name",
        "event_at": "Watched Date",
        "value": "Rating",
        "max_bad_share": 1,
    }
    for stated, value in ((2.5, 2.5), (None, 1.0)):
        given = settings("diary.csv", **keys, value_if_empty=stated)
        assert [row[3] for row in events(tmp_path, given)] == [value, 4.5]
        assert survey_log(tmp_path, given).quarantine["reason"].to_list() == ["is no number"]
    assert fates(tmp_path, settings("diary.csv", **keys)) == [(3, 1, 2, 0, 0, 0)]


def test_ids_that_people_cannot_see_are_quarantined(tmp_path: Path) -> None:
    users = ["u\x07", "u\u202e1", "u" * 1025, "u\t1", "naïve \u4e2d"]
    text = "".join(f'"{user}",i,2024-01-01\n' for user in users)
    put(tmp_path, {"a.csv": "user_id,item_id,event_at\n" + text})
    given = settings("a.csv", max_bad_share=1)
    assert [row[0] for row in events(tmp_path, given)] == ["naïve \u4e2d"]
    reasons = survey_log(tmp_path, given).quarantine["reason"].to_list()
    unseen = "holds a character that nobody sees (control, writing direction, byte order mark)"
    assert reasons == [unseen, unseen, "is longer than 1,024 bytes", unseen]
