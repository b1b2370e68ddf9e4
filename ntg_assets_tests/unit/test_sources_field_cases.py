"""Small inputs of the shapes in which people hold their data, with the right answer of each."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.load import load_events
from ntg_assets_tests.event_files import survey_log

Row = tuple[Any, ...]
FATES = ("n_rows", "n_accepted", "n_quarantined", "n_skipped", "n_duplicates", "n_replaced")


def put(home: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def settings(files: str | list[str], *, items: Any = None, **keys: Any) -> IngestSettings:
    rules = {key: keys.pop(key) for key in list(keys) if key in IngestSettings.model_fields}
    return IngestSettings.model_validate(
        {"events": {"files": files, **keys}, "items": items, **rules}
    )


def events(home: Path, given: IngestSettings) -> list[Row]:
    """Accepted events: user, item, minute, value; every record of every file has one fate."""
    ledger = survey_log(home, given).load_ledger.select(FATES)
    for n_rows, *fates in ledger.iter_rows():
        assert n_rows == sum(fates)
    found = load_events(given, home).sort("event_at", "user_id", "item_id")
    return found.select(
        "user_id", "item_id", pl.col("event_at").dt.strftime("%Y-%m-%d %H:%M"), "value"
    ).rows()


def fates(home: Path, given: IngestSettings) -> list[Row]:
    """Rows, accepted, quarantined, skipped, duplicates, replaced of each event file."""
    return survey_log(home, given).load_ledger.filter(source="events").select(FATES).rows()


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


def test_streaming_history_as_a_json_array_whose_user_is_the_file(tmp_path: Path) -> None:
    anna = [
        {"endTime": "2024-01-05 21:44", "artistName": "A", "trackName": "One", "msPlayed": 109737},
        {"endTime": "2024-01-05 21:44", "artistName": "A", "trackName": "Two", "msPlayed": 2763},
    ]
    ben = [
        {"endTime": "2024-01-06 10:00", "artistName": "B", "trackName": "Three", "msPlayed": 30000}
    ]
    put(
        tmp_path,
        {"plays/anna.json": json.dumps(anna, indent=1), "plays/ben.json": json.dumps(ben)},
    )
    given = settings(
        "plays/*.json",
        user_id={"file_name": r"(.*)\.json"},
        item_id="trackName",
        event_at="endTime",
        value="msPlayed",
    )
    assert events(tmp_path, given) == [
        ("anna", "One", "2024-01-05 21:44", 109737.0),
        ("anna", "Two", "2024-01-05 21:44", 2763.0),
        ("ben", "Three", "2024-01-06 10:00", 30000.0),
    ]
    ledger = survey_log(tmp_path, given).load_ledger
    assert ledger.select("n_lines", "n_rows").rows() == [(2, 2), (1, 1)]


def test_equal_files_of_two_users_are_no_copies(tmp_path: Path) -> None:
    put(tmp_path, dict.fromkeys(("p/a.csv", "p/b.csv"), "item_id,event_at\ni,2024-01-01\n"))
    given = settings("p/*.csv", user_id={"file_name": r"(.*)\.csv"})
    assert [row[0] for row in events(tmp_path, given)] == ["a", "b"]


def test_newline_delimited_json_of_a_whole_site(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "log.jsonl": (
                '{"userId": "30", "song": "S1", "page": "NextSong", "ts": 1538352117000,'
                ' "length": 277.9}\n'
                '{"userId": "", "song": null, "page": "Home", "ts": 1538352118000}\n'
                '{"userId": "9", "song": "S2", "page": "NextSong", "ts": 1538352180000,'
                ' "length": 236.1}\n'
                '{"userId": "9", "song": null, "page": "Logout", "ts": 1538352181000}\n'
            )
        },
    )
    columns = {
        "user_id": "userId",
        "item_id": "song",
        "event_at": "ts",
        "timestamp_unit": "milliseconds",
        "event_type": "page",
        "value": "length",
    }
    by_page = settings("log.jsonl", **columns, keep={"page": ["NextSong"]})
    by_gaps = settings("log.jsonl", **columns, skip_when_empty=["user_id", "item_id"])
    for given in (by_page, by_gaps):
        assert events(tmp_path, given) == [
            ("30", "S1", "2018-10-01 00:01", 277.9),
            ("9", "S2", "2018-10-01 00:03", 236.1),
        ]
        assert fates(tmp_path, given) == [(4, 2, 0, 2, 0, 0)]
    told = survey_log(tmp_path, by_gaps).load_ledger["skipped_because"].to_list()
    assert told == ["user_id is empty (skip_when_empty): 1; item_id is empty (skip_when_empty): 1"]


def test_json_that_is_none_is_quarantined_with_its_line(tmp_path: Path) -> None:
    good = '{"user_id": "u", "item_id": "i", "event_at": "2024-01-01"}'
    put(tmp_path, {"log.ndjson": f'{good}\n\n{{"user_id": \n[1]\n{good[:-1]}, "x": [1, {{}}]}}\n'})
    given = settings("log.ndjson", max_bad_share=0.9)
    found = survey_log(tmp_path, given)
    assert found.quarantine.select("line", "column_name", "reason").rows() == [
        (3, "(row)", "is no JSON object"),
        (4, "(row)", "is no JSON object"),
    ]
    assert fates(tmp_path, given) == [(4, 1, 2, 0, 1, 0)]


def test_nested_json_and_records_inside_a_document(tmp_path: Path) -> None:
    document = {
        "exported": "2024-02-01",
        "data": {
            "plays": [
                {
                    "time": "2024-01-05T15:04:05.123Z",
                    "by": {"id": 42},
                    "titles": [{"name": 'A "b" \n c'}],
                },
                {"time": "2024-01-06T00:00:00Z", "by": {"id": 42}, "titles": [{"name": "D"}]},
            ]
        },
    }
    put(tmp_path, {"export.json": json.dumps(document, indent=2)})
    keys = {"user_id": "by.id", "item_id": "titles.0.name", "event_at": "time"}
    given = settings("export.json", records="data.plays", max_bad_share=1, **keys)
    assert [row[:2] for row in events(tmp_path, given)] == [("42", "D")]
    assert survey_log(tmp_path, given).quarantine["reason"].to_list() == ["holds a line break"]
    with pytest.raises(SourceError, match=r"`records` names 'items', .*it has 'plays'"):
        survey_log(tmp_path, settings("export.json", records="data.items", **keys))
    with pytest.raises(SourceError, match=r"without an array.*it has 'exported', 'data'"):
        survey_log(tmp_path, settings("export.json", **keys))


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
    ("text", "keys", "value"),
    [
        ("3,50", {"decimal": ","}, 3.5),
        ("1.234,50", {"decimal": ",", "thousands": "."}, 1234.5),
        ("1 234 567,8", {"decimal": ",", "thousands": " "}, 1234567.8),
        ("1,234.50", {"thousands": ","}, 1234.5),
        ("$1,234.50", {"thousands": ",", "currency_signs": ["$"]}, 1234.5),
        ("3 €", {"currency_signs": "€"}, 3.0),
        ("-$3", {"currency_signs": "$"}, -3.0),
        ("($12.50)", {"currency_signs": "$", "accounting_negatives": True}, -12.5),
        ("12.50-", {"accounting_negatives": True}, -12.5),
        (",5", {"decimal": ","}, 0.5),
        ("1.234", {"decimal": ","}, None),  # could be 1234
        ("12,34", {"thousands": ","}, None),
        ("1,2345", {"thousands": ","}, None),
        ("3,50", {}, None),
        ("$3", {}, None),
        ("(3)", {"currency_signs": "$"}, None),
        ("true", {}, 1.0),
        ("No", {}, 0.0),
    ],
)
def test_amounts_as_spreadsheets_write_them(
    tmp_path: Path, text: str, keys: dict[str, Any], value: float | None
) -> None:
    put(tmp_path, {"a.csv": f'user_id;item_id;event_at;v\nu;i;2024-01-01;"{text}"\n'})
    given = settings("a.csv", delimiter=";", value="v", max_bad_share=1, **keys)
    found = load_events(given, tmp_path)["value"].to_list()
    assert found == ([] if value is None else [value])


def test_files_without_a_header_and_a_separator_of_two_characters(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "u.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
            "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n1::661::3\n",
        },
    )
    keys: dict[str, Any] = {
        "columns": ["user_id", "item_id", "rating", "ts"],
        "event_at": "ts",
        "timestamp_unit": "seconds",
        "value": "rating",
        "max_bad_share": 0.5,
    }
    tabs, colons = (
        settings("u.data", delimiter="\t", **keys),
        settings("ratings.dat", delimiter="::", **keys),
    )
    assert [row[:2] for row in events(tmp_path, tabs)] == [("196", "242"), ("186", "302")]
    assert [(*row[:2], row[3]) for row in events(tmp_path, colons)] == [
        ("1", "1193", 5.0),
        ("1", "661", 3.0),
    ]
    assert survey_log(tmp_path, colons).quarantine.select("line", "reason").rows() == [
        (3, "has too few fields")
    ]


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


@pytest.mark.parametrize(
    ("genres", "keys", "expected"),
    [
        ("\"['Drama', 'Comedy']\"", {"categories_format": "json"}, ["Drama", "Comedy"]),
        ('"[""Drama"", ""Comedy""]"', {"categories_format": "json"}, ["Drama", "Comedy"]),
        ("\"[{'id': 18, 'name': 'Drama'}]\"", {"categories_format": "json"}, ["Drama"]),
        (
            "\"[{'id': 18, 'label': 'Drama'}]\"",
            {"categories_format": "json", "category_name": "label"},
            ["Drama"],
        ),
        ("Drama|Comedy", {"categories_format": "json"}, ["Drama", "Comedy"]),
        ("[]", {"categories_format": "json"}, []),
    ],
)
def test_categories_as_lists_in_text(
    tmp_path: Path, genres: str, keys: dict[str, Any], expected: list[str]
) -> None:
    put(
        tmp_path,
        {
            "e.csv": "user_id,item_id,event_at\nu,a,2024-01-01\n",
            "i.csv": f"item_id,title,genres\na,Alpha,{genres}\n",
        },
    )
    items = {"files": "i.csv", "title": "title", "categories": "genres", **keys}
    found = survey_log(tmp_path, settings("e.csv", items=items)).items.item_categories
    assert found["category"].to_list() == expected


def test_categories_as_lists_of_parquet_and_of_json(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "e.csv": "user_id,item_id,event_at\nu,a,2024-01-01\n",
            "i.json": '[{"item_id": "a", "genres": ["Drama", "Comedy"]}, {"item_id": "b"}]',
        },
    )
    pl.DataFrame({"item_id": ["a", "b"], "genres": [["Drama", "Comedy"], []]}).write_parquet(
        tmp_path / "i.parquet"
    )
    structs = [[{"id": 1, "name": "Drama"}, {"id": 2, "name": "Comedy"}], None]
    pl.DataFrame({"item_id": ["a", "b"], "genres": structs}).write_parquet(tmp_path / "s.parquet")
    for file in ("i.parquet", "s.parquet", "i.json"):
        items = {"files": file, "categories": "genres"}
        found = survey_log(tmp_path, settings("e.csv", items=items)).items.item_categories
        assert found.select("item_id", "category").rows() == [("a", "Drama"), ("a", "Comedy")]


def test_fields_of_structs_are_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "user": [{"id": "u1", "plan": "x"}],
            "item.id": ["i"],
            "at": [datetime(2024, 1, 1)],
        }
    )
    frame.write_parquet(tmp_path / "n.parquet")
    keys = {"item_id": "item.id", "event_at": "at"}
    given = settings("n.parquet", user_id="user.id", **keys)
    assert events(tmp_path, given) == [("u1", "i", "2024-01-01 00:00", 1.0)]
    with pytest.raises(SourceError, match=r"no column 'user\.name'"):
        survey_log(tmp_path, settings("n.parquet", user_id="user.name", **keys))


ORDERS = {
    "p/2024-01-01.csv": (
        "order_id,user_id,item_id,event_at,amount\n1,u1,a,2024-01-01,50\n2,u2,b,2024-01-01,30\n"
    ),
    "p/2024-01-02.csv": (
        "order_id,user_id,item_id,event_at,amount\n1,u1,a,2024-01-01,40\n"
        "2,u2,b,2024-01-01,30\n3,u3,c,2024-01-02,10\n"
    ),
}


def test_tomorrows_export_corrects_a_row_of_todays(tmp_path: Path) -> None:
    put(tmp_path, ORDERS)
    keyed = settings("p/*.csv", value="amount", event_id="order_id")
    assert [row[3] for row in events(tmp_path, keyed)] == [40.0, 30.0, 10.0]
    assert fates(tmp_path, keyed) == [(2, 0, 0, 0, 1, 1), (3, 3, 0, 0, 0, 0)]
    without = settings("p/*.csv", value="amount")
    assert sum(row[3] for row in events(tmp_path, without)) == 50 + 40 + 30 + 10
    assert survey_log(tmp_path, without).n_contradictions == 1
    assert survey_log(tmp_path, keyed).n_contradictions == 0


def test_columns_from_folders_constants_and_defaults(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "user=anna/p/1.csv": "item_id,event_at\na,2024-01-01\n",
            "user=ben/p/1.csv": "item_id,event_at,stars\nb,2024-01-02,4\n",
        },
    )
    given = settings(
        "user=*/p/*.csv",
        user_id="user",
        value={"column": "stars", "default": "2.5"},
        event_type={"constant": "watched"},
    )
    assert [(row[0], row[1], row[3]) for row in events(tmp_path, given)] == [
        ("anna", "a", 2.5),
        ("ben", "b", 4.0),
    ]
    assert set(load_events(given, tmp_path)["event_type"]) == {"watched"}
    with pytest.raises(SourceError, match=r"user_id is taken from the folder, .*does not fit"):
        survey_log(tmp_path, settings("user=*/p/*.csv", user_id={"folder": r"user-(.*)"}))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "exactly one of column, file_name, folder and constant, found none"),
        ({"constant": "a", "folder": "(.*)"}, "found folder and constant"),
        ({"file_name": "("}, "is no regular expression"),
        ({"file_name": "(.*)-(.*)"}, "exactly one group"),
        ({"constant": "a", "default": "b"}, "default belongs to column"),
    ],
)
def test_a_derived_column_that_is_none_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings("a.csv", user_id=given)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le"])
def test_encodings_keep_their_lines(tmp_path: Path, encoding: str) -> None:
    text = "# made by hand\nuser_id,item_id,event_at\nJosé,Über,2024-01-01\n#x\n,i,2024-01-01\n"
    put(tmp_path, {"a.csv": text.encode(encoding)})
    given = settings("a.csv", encoding=encoding, comment="#", max_bad_share=0.5)
    assert [row[:2] for row in events(tmp_path, given)] == [("José", "Über")]
    assert survey_log(tmp_path, given).quarantine.select("line", "raw_text").rows() == [
        (5, ",i,2024-01-01")
    ]


def test_a_text_of_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": b"user_id,item_id,event_at\nu\x81,i,2024-01-01\n"})
    with pytest.raises(SourceError, match=r"^a\.csv: line 2 is not cp1252.*Set `encoding`"):
        survey_log(tmp_path, settings("a.csv", encoding="cp1252"))


def test_quotes_escapes_and_lines_before_the_header(tmp_path: Path) -> None:
    text = 'sep=;\nuser_id;item_id;event_at\nu;"a ""b""";2024-01-01\n'
    put(
        tmp_path,
        {
            "excel.csv": text,
            "escaped.csv": 'user_id,item_id,event_at\nu,"a \\"b\\"",2024-01-01\n',
            "bare.csv": 'user_id,item_id,event_at\nu,12" mix,2024-01-01\n',
        },
    )
    for name, item, keys in (
        ("excel.csv", 'a "b"', {"delimiter": ";", "skip_lines": 1}),
        ("escaped.csv", 'a "b"', {"escape": "\\"}),
        ("bare.csv", '12" mix', {"quote": None}),
    ):
        assert [row[1] for row in events(tmp_path, settings(name, **keys))] == [item]


def test_zstd_is_unpacked(tmp_path: Path) -> None:
    with pa.CompressedOutputStream(str(tmp_path / "a.csv.zst"), "zstd") as packed:
        packed.write(b"user_id,item_id,event_at\nu,i,2024-01-01\n,i,2024-01-01\n")
    given = settings("a.csv.zst", max_bad_share=0.5)
    assert [row[0] for row in events(tmp_path, given)] == ["u"]
    assert survey_log(tmp_path, given).quarantine["line"].to_list() == [3]
    (tmp_path / "b.csv.zst").write_bytes((tmp_path / "a.csv.zst").read_bytes()[:-4])
    with pytest.raises(SourceError, match=r"cannot be unpacked.*cut short or damaged"):
        survey_log(tmp_path, settings("b.csv.zst"))


def test_ids_that_people_cannot_see_are_quarantined(tmp_path: Path) -> None:
    users = ["u\x07", "u\u202e1", "u" * 1025, "u\t1", "naïve \u4e2d"]
    text = "".join(f'"{user}",i,2024-01-01\n' for user in users)
    put(tmp_path, {"a.csv": "user_id,item_id,event_at\n" + text})
    given = settings("a.csv", max_bad_share=1)
    assert [row[0] for row in events(tmp_path, given)] == ["naïve \u4e2d"]
    reasons = survey_log(tmp_path, given).quarantine["reason"].to_list()
    unseen = "holds a character that nobody sees (control, writing direction, byte order mark)"
    assert reasons == [unseen, unseen, "is longer than 1,024 bytes", unseen]


def test_manifests_are_held_against_their_files(tmp_path: Path) -> None:
    text = b"user_id,item_id,event_at\nu,i,2024-01-01\n"
    digest = hashlib.sha256(text).hexdigest()
    put(tmp_path, {"p/a.csv": text})
    needed = settings("p/*", require_manifest=True)
    with pytest.raises(SourceError, match=r"neither a\.csv\.sha256 nor _MANIFEST\.json"):
        survey_log(tmp_path, needed)
    put(tmp_path, {"p/a.csv.sha256": f"{digest}  a.csv\n"})
    assert len(events(tmp_path, needed)) == 1
    put(tmp_path, {"p/a.csv.sha256": f"{'0' * 64}  a.csv\n"})
    with pytest.raises(SourceError, match=r"^p/a\.csv: its SHA-256 is .*says 000000000000"):
        survey_log(tmp_path, settings("p/*"))
    (tmp_path / "p/a.csv.sha256").unlink()
    for rows, told in ((1, None), (2, r"holds 1 rows, its manifest says 2")):
        manifest = {"files": [{"name": "a.csv", "rows": rows, "sha256": digest}]}
        put(tmp_path, {"p/_MANIFEST.json": json.dumps(manifest)})
        if told is None:
            assert len(events(tmp_path, needed)) == 1
        else:
            with pytest.raises(SourceError, match=told):
                survey_log(tmp_path, needed)
