"""Lists inside of records: one record for each element, with the fields around it."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.configuration.tree import read_tree
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets.sources.files.exploding import Exploded, Lists
from ntg_assets_tests.event_files import survey_log, write_parquet
from ntg_assets_tests.field_cases import events, fates, put, settings

PEOPLE = [
    {"user": "u1", "plan": {"id": 7}, "plays": [{"item": "a", "at": "2024-01-05", "n": 2.50}]},
    {"user": "u2", "plays": []},
    {"user": "u3", "plays": None},
    {"user": "u4"},
    {
        "user": "u5",
        "plays": [
            {"item": "b", "at": "2024-01-06"},
            {"item": None, "at": "2024-01-07"},
            {"item": "a", "at": "2024-01-08", "n": 1e2},
        ],
    },
]
ROWS = [
    ("u1", "a", "2024-01-05 00:00", 2.5),
    ("u5", "b", "2024-01-06 00:00", 0.0),
    ("u5", "a", "2024-01-08 00:00", 100.0),
]
N_RECORDS, N_ACCEPTED, N_QUARANTINED, N_SKIPPED = 1 + 3 + 3, 3, 1, 3
PLAYS: dict[str, Any] = {
    "user_id": "user",
    "item_id": "plays.item",
    "event_at": "plays.at",
    "value": "plays.n",
    "value_if_empty": 0,
    "explode": "plays",
    "max_bad_share": 0.5,
}


def as_parquet(home: Path, rows: Sequence[Any], **columns: Any) -> None:
    pl.DataFrame(rows, schema_overrides=columns).write_parquet(home / "log.parquet")


def read(name: str, **keys: Any) -> IngestSettings:
    return settings(name, **{"user_id": "user", "explode": "plays", "max_bad_share": 0.5, **keys})


@pytest.mark.parametrize(
    ("content", "further"),
    [
        ("\n".join(map(json.dumps, PEOPLE)), {}),
        ("\n\n".join(map(json.dumps, PEOPLE)) + "\n", {"encoding": "utf-8-sig"}),
        (json.dumps(PEOPLE, indent=2), {}),
        (
            "\ufeff" + json.dumps({"meta": {"n": 5}, "data": {"people": PEOPLE}}),
            {"records": "data.people"},
        ),
        (json.dumps(PEOPLE[:2]) + json.dumps(PEOPLE[2:]), {}),
        (json.dumps(PEOPLE).encode("utf-16"), {"encoding": "utf-16"}),
    ],
    ids=["lines", "blank lines", "array", "wrapped", "pages", "utf-16"],
)
def test_each_element_is_a_record_with_the_fields_around_it(
    tmp_path: Path, content: str | bytes, further: dict[str, Any]
) -> None:
    put(tmp_path, {"log.json": content})
    given = settings("log.json", **PLAYS, **further)
    assert events(tmp_path, given) == ROWS
    assert fates(tmp_path, given) == [(N_RECORDS, N_ACCEPTED, N_QUARANTINED, N_SKIPPED, 0, 0)]
    survey = survey_log(tmp_path, given)
    assert "plays holds nothing (explode): 3" in survey.load_ledger["skipped_because"][0]
    bad = survey.quarantine.row(0, named=True)
    assert (bad["column_name"], bad["reason"], bad["line"]) == ("plays.item", "is empty", 6)
    assert json.loads(bad["raw_text"])["plays"] == {"item": None, "at": "2024-01-07"}


def test_lists_of_structs_in_parquet_are_read_as_those_of_json(tmp_path: Path) -> None:
    play = pl.Struct({"item": pl.String, "at": pl.String, "n": pl.Float64})
    as_parquet(tmp_path, PEOPLE, plays=pl.List(play))
    given = settings("log.parquet", **PLAYS)
    assert events(tmp_path, given) == ROWS
    assert fates(tmp_path, given) == [(N_RECORDS, N_ACCEPTED, N_QUARANTINED, N_SKIPPED, 0, 0)]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_lists_on_the_way_to_a_list_are_exploded_and_dotted_columns_lie_outside_or_inside(
    tmp_path: Path, form: str
) -> None:
    rows = [
        {
            "who": {"id": "u1"},
            "day": {
                "sessions": [
                    {"device": "tv", "plays": [{"of": {"id": "a"}, "at": "2024-01-05"}]},
                    {"device": "web", "plays": []},
                    {
                        "device": "phone",
                        "plays": [
                            {"of": {"id": "b"}, "at": "2024-01-06"},
                            {"of": {"id": "c"}, "at": "2024-01-07"},
                        ],
                    },
                ]
            },
        },
        {"who": {"id": "u2"}, "day": {"sessions": []}},
    ]
    as_parquet(tmp_path, rows)
    put(tmp_path, {"log.json": json.dumps(rows)})
    given = read(
        f"log.{form}",
        explode="day.sessions.plays",
        user_id="who.id",
        item_id="day.sessions.plays.of.id",
        event_at="day.sessions.plays.at",
        event_type="day.sessions.device",
        value="day.sessions.plays#",
    )
    assert events(tmp_path, given) == [
        ("u1", "a", "2024-01-05 00:00", 1.0),
        ("u1", "b", "2024-01-06 00:00", 1.0),
        ("u1", "c", "2024-01-07 00:00", 2.0),
    ]
    assert fates(tmp_path, given) == [(3 + 1 + 1, 3, 0, 2, 0, 0)]


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_a_basket_of_ids_and_lists_side_by_side(tmp_path: Path, form: str) -> None:
    rows = [
        {"user": "u1", "at": "2024-01-05", "items": [3, 1], "prices": [2.5, 4.0]},
        {"user": "u2", "at": "2024-01-06", "items": [1, 2], "prices": [9.0]},
        {"user": "u3", "at": "2024-01-07", "items": None, "prices": None},
    ]
    as_parquet(tmp_path, rows)
    put(tmp_path, {"log.json": "\n".join(map(json.dumps, rows))})
    basket = read(f"log.{form}", explode="items", item_id="items", event_at="at")
    assert [row[:2] for row in events(tmp_path, basket)] == [
        ("u1", "1"), ("u1", "3"), ("u2", "1"), ("u2", "2"),
    ]  # fmt: skip
    assert fates(tmp_path, basket) == [(2 + 2 + 1, 4, 0, 1, 0, 0)]
    priced = read(
        f"log.{form}",
        explode=["items", "prices"],
        item_id="items",
        event_at="at",
        value="prices",
    )
    # of lists of two lengths nobody knows which element belongs to which
    assert [row[1:4:2] for row in events(tmp_path, priced)] == [("1", 4.0), ("3", 2.5)]
    assert fates(tmp_path, priced) == [(2 + 2 + 1, 2, 2, 1, 0, 0)]


def test_objects_whose_keys_are_values(tmp_path: Path) -> None:
    plays = {
        "Anna": {"age": 7, "history": [{"item": "a", "at": "2024-01-05"}]},
        "Ben": {
            "age": 9,
            "history": [{"item": "b", "at": "2024-01-06"}, {"item": "c", "at": "2024-01-07"}],
        },
        "Cy": {"age": 1, "history": []},
    }  # fmt: skip
    rows = [
        ("Anna", "a", "2024-01-05 00:00", 1.0),
        ("Ben", "b", "2024-01-06 00:00", 1.0),
        ("Ben", "c", "2024-01-07 00:00", 1.0),
    ]
    put(tmp_path, {"a.json": json.dumps({"made": "2024", "profiles": plays}, indent=1)})
    put(tmp_path, {"b.json": json.dumps({name: had["history"] for name, had in plays.items()})})
    deep = read(
        "a.json",
        explode="profiles.*.history",
        user_id="profiles.*~",
        item_id="profiles.*.history.item",
        event_at="profiles.*.history.at",
    )
    assert events(tmp_path, deep) == rows
    assert fates(tmp_path, deep) == [(4, 3, 0, 1, 0, 0)]
    flat = read("b.json", explode="*", user_id="*~", item_id="*.item", event_at="*.at")
    assert events(tmp_path, flat) == rows
    assert fates(tmp_path, flat) == [(4, 3, 0, 1, 0, 0)]
    seen = [
        {"user": "u1", "seen": {"a": "2024-01-05", "b": "2024-01-06"}},
        {"user": "u2", "seen": {}},
    ]
    put(tmp_path, {"c.json": json.dumps(seen)})
    keyed = read("c.json", explode="seen.*", item_id="seen.*~", event_at="seen.*")
    assert [row[:3] for row in events(tmp_path, keyed)] == [
        ("u1", "a", "2024-01-05 00:00"),
        ("u1", "b", "2024-01-06 00:00"),
    ]
    assert fates(tmp_path, keyed) == [(3, 2, 0, 1, 0, 0)]


def test_maps_of_parquet_are_objects_whose_keys_are_values(tmp_path: Path) -> None:
    write_parquet(
        tmp_path,
        "select * from (values ('u1', map {'a': date '2024-01-05', 'b': date '2024-01-06'}),"
        " ('u2', map {}), ('u3', null)) v(user, seen)",
    )
    keyed = read("log.parquet", explode="seen.*", item_id="seen.*~", event_at="seen.*")
    assert [row[:3] for row in events(tmp_path, keyed)] == [
        ("u1", "a", "2024-01-05 00:00"),
        ("u1", "b", "2024-01-06 00:00"),
    ]
    assert fates(tmp_path, keyed) == [(4, 2, 0, 2, 0, 0)]


def test_one_object_in_the_place_of_a_list_is_its_only_element(tmp_path: Path) -> None:
    rows = [
        {"user": "u1", "plays": {"item": "a", "at": "2024-01-05"}},  # as JSON is made of XML
        {"user": "u2", "plays": [{"item": "a", "at": "2024-01-06"}]},
    ]
    put(tmp_path, {"log.json": "\n".join(map(json.dumps, rows))})
    given = read("log.json", item_id="plays.item", event_at="plays.at")
    assert [row[:2] for row in events(tmp_path, given)] == [("u1", "a"), ("u2", "a")]


def test_numbers_and_texts_are_those_of_the_file_and_long_neighbours_are_not_repeated(
    tmp_path: Path,
) -> None:
    text = (
        '{"user": 12345678901234567890, "other": ["' + "x" * 5000 + '"], "plays": [{"item":'
        ' "gro\\u00df, \\"a\\"", "at": 1704412800.250, "n": 0.10},'
        ' {"item": "b", "at": 1704412801, "n": 1}]}\n'
    )
    put(tmp_path, {"log.json": text})
    given = read(
        "log.json",
        item_id="plays.item",
        event_at="plays.at",
        value="plays.n",
        timestamp_unit="seconds",
    )
    rows = events(tmp_path, given)
    assert rows[0] == ("12345678901234567890", 'groß, "a"', "2024-01-05 00:00", 0.1)
    lists = Exploded(Lists.of(["plays"]), wanted=["user", "plays.item"])
    assert sum(map(len, lists.records_of(text.strip()))) < len(text) / 10
    whole = Exploded(Lists.of(["plays"]), wanted=["other.0", "plays.item"])
    assert all("x" * 5000 in record for record in whole.records_of(text.strip()))
    missing = read("log.json", item_id="plays.title", event_at="plays.at")
    with pytest.raises(SourceError, match=r"no column 'plays.title' .* 'plays.item'"):
        survey_log(tmp_path, missing)


def test_a_line_that_is_no_json_is_quarantined_beside_exploded_ones(tmp_path: Path) -> None:
    good = json.dumps({"user": "u1", "plays": [{"item": "a", "at": "2024-01-05"}] * 2})
    put(
        tmp_path,
        {"log.json": f'{good}\n{{"user": "u2", "plays": [\n[1]\n{good.replace("u1", "u3")}\n'},
    )
    given = read("log.json", item_id="plays.item", event_at="plays.at")
    assert [row[0] for row in events(tmp_path, given)] == ["u1", "u3"]
    assert fates(tmp_path, given) == [(2 + 1 + 1 + 2, 2, 2, 0, 2, 0)]


def test_a_manifest_counts_the_records_that_hold_the_lists(tmp_path: Path) -> None:
    put(tmp_path, {"log.json": "\n".join(map(json.dumps, PEOPLE))})
    given = settings("log.json", **PLAYS)
    for n_rows in (len(PEOPLE), N_RECORDS):
        put(
            tmp_path,
            {"_MANIFEST.json": json.dumps({"files": [{"name": "log.json", "rows": n_rows}]})},
        )
        if n_rows == len(PEOPLE):
            assert len(events(tmp_path, given)) == N_ACCEPTED
        else:
            with pytest.raises(SourceError, match=r"holds 5 rows, its manifest says 7"):
                survey_log(tmp_path, given)


@pytest.mark.parametrize(
    ("explode", "told"),
    [
        ("views", r"explode names 'views', which none of 5 records has; keys found: 'user'"),
        ("user", r"explode names 'user', which is no list in any of 5 records \(first: \"u1\"\)"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, explode: str, told: str) -> None:
    put(tmp_path, {"log.json": json.dumps(PEOPLE)})
    given = read("log.json", explode=explode, item_id="a.b", event_at="plays.at")
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, given)
    as_parquet(tmp_path, PEOPLE)
    given = read("log.parquet", explode=explode, item_id="a.b", event_at="plays.at")
    told = {"views": r"there is no 'views'; columns found: 'user'", "user": "VARCHAR, a list"}[
        explode
    ]
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, given)


IN_JSON = """user;at;items;stars
u1;2024-01-05;"[""a"", ""b""]";[4, 5]
u2;2024-01-06;[];[]
u4;2024-01-08;['d'];[3]
u3;2024-01-07;[null];[2]
"""


@pytest.mark.parametrize(
    ("content", "further"),
    [
        ("user,at,items,stars\nu1,2024-01-05,a|b,4|5\nu2,2024-01-06,,\nu3,2024-01-07,c,\n", {}),
        (
            IN_JSON,
            {"delimiter": ";", "explode_separator": None},
        ),
        (
            "u1\t2024-01-05\ta b\t4 5\t\nu2\t2024-01-06\t\t\nu3\t2024-01-07\tc\t\n",
            {
                "delimiter": "\t",
                "explode_separator": " ",
                "columns": ["user", "at", "items", "stars"],
            },
        ),
    ],
    ids=["separator", "json", "no header"],
)
def test_lists_in_fields_of_csv(tmp_path: Path, content: str, further: dict[str, Any]) -> None:
    put(tmp_path, {"log.csv": content})
    given = read(
        "log.csv",
        explode=["items", "stars"],
        item_id="items",
        event_at="at",
        value="stars",
        **{"explode_separator": "|", **further},
    )
    found = [row[:2] + row[3:] for row in events(tmp_path, given)]
    printed = [("u4", "d", 3.0)] * (content == IN_JSON)  # as Python does
    assert found == [("u1", "a", 4.0), ("u1", "b", 5.0), *printed]
    # the third has an item without a star, or a star without an item
    assert fates(tmp_path, given) == [(4 + len(printed), 2 + len(printed), 1, 1, 0, 0)]


def test_lines_that_do_not_fit_stay_bad_beside_lists_in_fields(tmp_path: Path) -> None:
    rows = 'u1,2024-01-05,"a|b\n"\nu2,2024-01-06\nu3,2024-01-07,c,d\nu4,2024-01-08,e,\n'
    put(tmp_path, {"log.csv": f"user,at,items\n{rows}Total,,9\n"})
    given = read(
        "log.csv",
        explode="items",
        explode_separator="|",
        item_id="items",
        event_at="at",
        skip_last_lines=1,
        max_bad_share=0.9,
    )
    assert [row[:2] for row in events(tmp_path, given)] == [("u1", "a"), ("u1", "b"), ("u4", "e")]
    assert fates(tmp_path, given) == [(2 + 1 + 1 + 1 + 1, 3, 2, 1, 0, 0)]
    with pytest.raises(SourceError, match=r"hold no list as JSON \(first: 'a\|b.*separator"):
        survey_log(tmp_path, read("log.csv", explode="items", item_id="items", event_at="at"))
    with pytest.raises(SourceError, match=r"names 'tags', but there is no such column; .* 'user'"):
        survey_log(tmp_path, read("log.csv", explode="tags", item_id="items", event_at="at"))


def test_paths_stand_side_by_side() -> None:
    for paths, told in (
        (["a.items", "times"], "different ones of one object, side by side"),
        (["a..items"], "dotted keys"),
        (["a.*", "a.times"], "give that path alone"),
    ):
        with pytest.raises(ValueError, match=told):
            read("log.json", explode=paths)


def test_times_of_parquet_lists_keep_their_type(tmp_path: Path) -> None:
    at = datetime(2024, 1, 5, 21, 44)
    as_parquet(tmp_path, [{"user": "u", "plays": [{"item": 7, "at": at}], "tags": ["x"]}])
    given = read("log.parquet", item_id="plays.item", event_at="plays.at", timezone="Europe/Berlin")
    assert events(tmp_path, given) == [("u", "7", "2024-01-05 20:44", 1.0)]


def test_a_star_without_quotes_is_told_from_a_broken_file(tmp_path: Path) -> None:
    put(tmp_path, {"ntg.yaml": "ingest: {events: {explode: *.plays}}\n"})
    with pytest.raises(ConfigurationError, match="Put quotes around a text that begins with a"):
        read_tree(tmp_path / "ntg.yaml")
