"""Values inside of values: JSON in a text, entries of key and value, maps; and texts that are
stored as bytes.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets_tests.event_files import survey_log, write_parquet
from ntg_assets_tests.field_cases import events, fates, put, settings
from ntg_assets_tests.sniffed_logs import SECONDS, TIMES, lines, sniff

COLUMNS: dict[str, Any] = {"user_id": "user_id", "event_at": "ts"}
AT = "timestamp '2024-01-05 10:00:00' as ts"


def quoted(value: object) -> str:
    """JSON as a field of CSV."""
    return '"' + json.dumps(value, ensure_ascii=False).replace('"', '""') + '"'


def csv_log(payloads: list[object]) -> str:
    """A log with one record for each payload, a minute apart."""
    rows = (
        f"u{n},2024-01-05 10:0{n},{quoted(value)}\n" for n, value in enumerate(payloads, start=1)
    )
    return "user_id,ts,payload\n" + "".join(rows)


@pytest.mark.slow
def test_json_in_a_text_of_csv_is_read_by_its_keys_and_each_record_has_its_fate(
    tmp_path: Path,
) -> None:
    payloads = [
        {"item": {"id": 5}, "price": "1,50"},
        {"item": {"id": "a, \u201cb\u201d\n"}, "price": 2},
        {"item": [{"id": "x"}], "price": 3},
        {"item": '{"id": 7}', "price": None},
        {"price": 9},
        "no object",
    ]
    put(tmp_path, {"log.csv": csv_log(payloads)})
    given = settings(
        "log.csv",
        item_id="payload.item.id",
        value="payload.price",
        decimal=",",
        value_if_empty=4,
        skip_when_empty="item_id",
        max_bad_share=0.9,
        **COLUMNS,
    )
    assert events(tmp_path, given) == [
        ("u1", "5", "2024-01-05 10:01", 1.5),
        ("u4", "7", "2024-01-05 10:04", 4.0),
    ]
    # the id with a line end is quarantined; a list has no key, two records have none at all
    assert fates(tmp_path, given) == [(6, 2, 1, 3, 0, 0)]
    bad = survey_log(tmp_path, given).quarantine.select("line", "column_name", "reason").rows()
    assert bad == [(3, "payload.item.id", "holds a line break")]


def test_a_column_of_the_files_own_stands_before_a_key_inside_of_another(tmp_path: Path) -> None:
    text = f"user_id,ts,p.i,p\nu,2024-01-05,own,{quoted({'i': 'inner', 'j': 1})}\n"
    put(tmp_path, {"log.csv": text})
    assert events(tmp_path, settings("log.csv", item_id="p.i", **COLUMNS))[0][1] == "own"
    assert events(tmp_path, settings("log.csv", item_id="p.j", **COLUMNS))[0][1] == "1"


@pytest.mark.parametrize(
    "entries",
    [
        [{"key": "item", "value": {"string_value": None, "int_value": 7}}],
        [{"key": "item", "value": {"int_value": "7"}}, {"key": "item", "value": 8}],
        [{"name": "other", "value": 1}, {"name": "item", "value": "7"}],
        [{"Key": "item", "Value": 7}],
        [{"key": "item", "value": {"intValue": "7"}}],
        '[{"key": "item", "value": 7}]',
        '{"item": 7}',
    ],
    ids=["typed", "first of two", "names", "capitals", "telemetry", "in a text", "object in text"],
)
def test_entries_of_key_and_value_are_read_by_their_keys(tmp_path: Path, entries: object) -> None:
    record = {"user_id": "u", "ts": "2024-01-05 10:00", "params": entries}
    other = {**record, "user_id": "v", "params": []}
    put(tmp_path, {"log.json": f"{json.dumps(record)}\n{json.dumps(other)}\n"})
    given = settings("log.json", item_id="params.item", skip_when_empty="item_id", **COLUMNS)
    assert events(tmp_path, given) == [("u", "7", "2024-01-05 10:00", 1.0)]


@pytest.mark.parametrize(
    "column",
    [
        "map {'item': '7', 'none': null}",
        "map {'item': 7}",
        "[{key: 'item', value: {string_value: null::varchar, int_value: 7}}]",
        "{item: '{\"id\": 7}'}.item",
        '\'{"item": 7, "id": 7}\'::blob',
    ],
    ids=["map", "map of numbers", "entries", "text", "bytes"],
)
def test_maps_entries_and_texts_of_parquet_are_read_by_their_keys(
    tmp_path: Path, column: str
) -> None:
    write_parquet(tmp_path, f"select 'u' as user_id, {AT}, {column} as params")
    key = "id" if '"id"' in column else "item"
    given = settings("log.parquet", item_id=f"params.{key}", **COLUMNS)
    assert events(tmp_path, given) == [("u", "7", "2024-01-05 10:00", 1.0)]
    with pytest.raises(SourceError, match=r"no column 'params\.nothing'"):
        survey_log(tmp_path, settings("log.parquet", item_id="params.nothing", **COLUMNS))


def test_texts_that_are_stored_as_bytes_are_texts(tmp_path: Path) -> None:
    columns = f"encode('Zo\u00eb') as user_id, {{id: 'i'::blob}} as item, {AT}"
    write_parquet(tmp_path, f"select {columns}")
    given = settings("log.parquet", item_id="item.id", **COLUMNS)
    assert events(tmp_path, given) == [("Zo\u00eb", "i", "2024-01-05 10:00", 1.0)]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("unhex('00112233445566778899aabbccddeeff')", "0x00112233.*16 bytes each, as a UUID"),
        ("unhex('65920080ffffffffffffffff')", "12 bytes each, as an ObjectId of MongoDB"),
        ("unhex('0000000000000007')", "8 bytes each, as a number"),
        ("unhex('ff')", r"1 of 2 values \(first: 0xFF\); write them as text"),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_what_they_may_be(
    tmp_path: Path, value: str, told: str
) -> None:
    other = "'ab'::blob" if "'ff'" in value else value
    ids = f"select {value} as item_id union all select {other}"
    write_parquet(tmp_path, f"select 'u' as user_id, item_id, {AT} from ({ids})")
    with pytest.raises(SourceError, match=rf"^log\.parquet, column 'item_id': .*{told}"):
        survey_log(tmp_path, settings("log.parquet", item_id="item_id", **COLUMNS))


def test_fields_inside_of_a_text_are_proposed_where_no_column_has_the_role(tmp_path: Path) -> None:
    def row(n: int, at: datetime) -> str:
        inner = {"item_id": f"i{n % 3}", "user_id": "other", "price": n + 0.5}
        return f"u{n % 4},{at:%Y-%m-%d %H:%M},{quoted(inner)}"

    found = sniff(tmp_path, lines(row, "user_id,time,properties\n"))
    assert found.settings == {
        "user_id": "user_id",
        "item_id": "properties.item_id",
        "event_at": "time",
        "value": "properties.price",
    }
    given = settings("log", **found.settings)
    assert survey_log(tmp_path, given).load_ledger["n_accepted"].to_list() == [len(TIMES)]
    objects = sniff(tmp_path, lines(lambda n, at: f"{quoted({'id': n})},i,{at}", "user,item,ts\n"))
    assert objects.settings["user_id"] == "user.id"


def test_a_time_inside_of_an_item_table_makes_it_no_log(tmp_path: Path) -> None:
    def row(n: int, at: datetime) -> str:
        return f"i{n},Title {n},{quoted({'created_at': str(at), 'genres': ['Drama']})}"

    items = sniff(tmp_path, lines(row, "item_id,title,metadata\n"))
    assert items.is_items
    assert items.settings == {
        "item_id": "item_id",
        "title": "title",
        "categories": "metadata.genres",
        "categories_format": "json",
    }
    plays = lines(lambda n, at: f"i{n},{quoted({'user_id': 'u', 'at': str(at)})}", "item_id,info\n")
    log = sniff(tmp_path, plays)
    assert (log.settings["event_at"], log.settings["user_id"]) == ("info.at", "info.user_id")


def test_parameters_of_an_analytics_export_are_proposed_by_their_keys(tmp_path: Path) -> None:
    def params(n: int) -> list[dict[str, Any]]:
        names = {"ga_session_id": {"int_value": 1}, "item_id": {"string_value": f"i{n}"}}
        return [{"key": key, "value": value} for key, value in names.items()]

    def record(n: int) -> str:
        row = {"user_pseudo_id": "u.1", "event_timestamp": SECONDS[n] * 10**6}
        return json.dumps({**row, "event_params": params(n)})

    found = sniff(tmp_path, "".join(f"{record(n)}\n" for n in range(len(TIMES))))
    assert found.settings["item_id"] == "event_params.item_id"
    assert found.settings["user_id"] == "user_pseudo_id"
    frame = pl.DataFrame({"user_pseudo_id": "u.1", "event_timestamp": TIMES}).with_columns(
        event_params=pl.Series([params(n) for n in range(len(TIMES))]),
        device=pl.lit(b"phone"),
    )
    frame.write_parquet(tmp_path / "log.parquet")
    of_parquet = sniff_file(tmp_path / "log.parquet", name="log.parquet")
    assert of_parquet.settings["item_id"] == "event_params.item_id"
    assert of_parquet.values["device"][0] == "phone"
    given = settings("log.parquet", **of_parquet.settings)
    assert survey_log(tmp_path, given).load_ledger["n_accepted"].to_list() == [len(TIMES)]
