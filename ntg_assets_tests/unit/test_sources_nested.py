"""JSON, structs and lists: records inside records, with the right answer of each."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import survey_log
from ntg_assets_tests.field_cases import events, fates, put, settings


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


FILM = {"at": "2024-01-05", "movie": {"title": "Film"}}
EPISODE = {"at": "2024-01-06", "show": {"title": "Show"}, "episode": {"title": "One"}}
FIRST_OF = {
    "user_id": {"constant": "me"},
    "item_id": {"first_of": ["movie.title", "show.title"]},
    "event_at": "at",
}


@pytest.mark.parametrize(
    ("name", "content", "titles"),
    [
        ("log.json", json.dumps([FILM, EPISODE]), ["Film", "Show"]),
        ("log.json", json.dumps([EPISODE, EPISODE | {"at": "2024-01-07"}]), ["Show", "Show"]),
        ("log.csv", "at,movie.title,show.title\n2024-01-05, ,Show\n2024-01-06,Film,Show\n",
         ["Show", "Film"]),
    ],
    ids=["both", "one-of-them", "csv"],
)  # fmt: skip
def test_the_first_of_several_columns_that_is_not_empty_counts(
    tmp_path: Path, name: str, content: str, titles: list[str]
) -> None:
    put(tmp_path, {name: content})
    assert [item for _, item, *_ in events(tmp_path, settings(name, **FIRST_OF))] == titles


def test_the_first_of_several_columns_may_lie_in_different_files(tmp_path: Path) -> None:
    put(tmp_path, {"a.json": json.dumps([FILM]), "b.json": json.dumps([EPISODE])})
    given = settings("*.json", **FIRST_OF)
    assert [item for _, item, *_ in events(tmp_path, given)] == ["Film", "Show"]
    put(tmp_path, {"c.json": json.dumps([{"at": "2024-01-07", "name": "x"}])})
    with pytest.raises(SourceError, match=r"c\.json: no column 'movie\.title'.*first_of\.0"):
        survey_log(tmp_path, given)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1, 2]", "Its records are no JSON objects"),
        ('{"data": {"plays": [{"at": "2024-01-05"}]}}', "set `records: data.plays`"),
    ],
)
def test_json_without_the_wanted_keys_is_told_what_it_holds(
    tmp_path: Path, content: str, told: str
) -> None:
    put(tmp_path, {"log.json": content})
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, settings("log.json"))


def test_blanks_around_the_names_of_columns_are_told(tmp_path: Path) -> None:
    put(tmp_path, {"log.csv": " user_id ,item_id,event_at\nu,i,2024-01-05\n"})
    with pytest.raises(SourceError, match="There are blanks around ' user_id '"):
        survey_log(tmp_path, settings("log.csv"))
