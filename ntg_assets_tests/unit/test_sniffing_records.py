"""Where the records of a file begin and end, and what in them no setting can say."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets_tests.event_files import accepted, log_settings, survey_log
from ntg_assets_tests.sniffed_logs import TIMES, lines, sniff


def test_of_two_signs_that_divide_alike_the_comma_is_in_the_numbers(tmp_path: Path) -> None:
    found = sniff(tmp_path, lines(lambda n, _: f"u{n};{n},50", "kunde;betrag, EUR\n"))
    assert found.settings["delimiter"] == ";"
    assert found.columns == ["kunde", "betrag, EUR"]


HEADER = "user_id,item_id,date"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda rows: [HEADER, *rows], {}),
        (lambda rows: ["#" + HEADER, *rows], {"user_id": "#user_id"}),
        (lambda rows: ["# made", "#" + HEADER, *rows], {"comment": "#", "user_id": None}),
        (lambda rows: ["Report,,", "made,,", ",,", HEADER, *rows], {"skip_lines": 3}),
        (lambda rows: [one.replace(",", ", ") for one in [HEADER, *rows]], {"delimiter": ", "}),
        (lambda rows: [one.replace(",", "||") for one in [HEADER, *rows]], {"delimiter": "||"}),
        (lambda rows: [one.replace(",", "^") for one in [HEADER, *rows]], {"delimiter": "^"}),
        (lambda rows: [one.replace(",", "\x1f") for one in [HEADER, *rows]], {"delimiter": "\x1f"}),
        (lambda rows: [f"{one}\r\r" for one in [HEADER, *rows]], {}),
        (lambda rows: ["ユーザーID,作品ID,視聴日時", *rows], {"user_id": "ユーザーID"}),
    ],
)
def test_lines_are_divided_where_their_signs_stand(
    tmp_path: Path, written: Callable[[list[str]], list[str]], expected: dict[str, Any]
) -> None:
    rows = [f"u{n},i;{n},{at:%Y-%m-%d}" for n, at in enumerate(TIMES)]
    found = sniff(tmp_path, "\n".join([*written(rows), ""]))
    names = {key: found.settings[key] for key in ("user_id", "item_id") if key in found.settings}
    assert {key: found.settings.get(key) for key in expected} == expected
    if expected.get("user_id", "") is None:
        return  # without a header a person says which column is the user
    settings = {key: found.settings[key] for key in expected if key not in names}
    read = log_settings("log", value=None, event_at=found.settings["event_at"], **names, **settings)
    assert accepted(tmp_path, read, "item_id") == [f"i;{n}" for n in range(len(TIMES))]


def test_the_array_of_records_can_be_said_and_a_line_of_json_ends_in_a_line_feed_only(
    tmp_path: Path,
) -> None:
    rows = [{"user_id": f"u\u2028{n}", "item_id": n, "time": at.isoformat()}
            for n, at in enumerate(TIMES)]  # fmt: skip
    document = json.dumps({"people": [{"name": "x"}] * 99, "plays": rows})
    assert sniff(tmp_path, document).settings["records"] == "plays"  # which has times
    assert (
        "1 other array(s) of objects are not read: 'people' (99)" in sniff(tmp_path, document).notes
    )
    said = sniff_file(tmp_path / "log", name="log", records="plays")
    assert (said.settings["records"], said.settings["event_at"]) == ("plays", "time")
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert sniff(tmp_path, text).values["user_id"] == [row["user_id"] for row in rows]


@pytest.mark.parametrize(
    ("documents", "settings"),
    [
        (lambda rows: json.dumps(rows[:9]) + "\n" + json.dumps(rows[9:]), {}),
        (lambda rows: "\n".join(json.dumps(rows[n : n + 3]) for n in range(0, 14, 3)), {}),
        (lambda rows: "".join(map(json.dumps, rows)), {}),
        (lambda rows: "\n".join(json.dumps(row, indent=1) for row in rows), {}),
        (lambda rows: "\r".join(map(json.dumps, rows)), {}),
        (lambda rows: "".join(f"\x1e{json.dumps(row)}\n" for row in rows), {}),
        (lambda rows: f"[{','.join(map(json.dumps, rows))},\n]", {}),
        (
            lambda rows: "\n".join(
                json.dumps({"page": n, "data": {"plays": rows[n : n + 3]}, "next": None})
                for n in range(0, 14, 3)
            ),
            {"records": "data.plays"},
        ),
    ],
    ids=[
        "arrays",
        "an array a line",
        "objects",
        "indented",
        "returns",
        "sequence",
        "comma",
        "pages",
    ],
)
def test_no_record_of_documents_that_follow_one_another_is_lost(
    tmp_path: Path, documents: Callable[[list[dict[str, Any]]], str], settings: dict[str, Any]
) -> None:
    rows = [
        {"user_id": f"u{n}", "item_id": f"i{n}", "time": at.isoformat()}
        for n, at in enumerate(TIMES)
    ]
    found = sniff(tmp_path, documents(rows))
    assert {key: found.settings[key] for key in settings} == settings
    read = log_settings("log", value=None, event_at="time", **settings)
    assert accepted(tmp_path, read, "item_id") == [row["item_id"] for row in rows]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_headers_of_files_that_were_put_together_are_left_out_and_counted(
    tmp_path: Path, mark: str
) -> None:
    one = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d}", "user_id,item_id,date\n")
    assert "1 further line(s) repeat the header" in " ".join(sniff(tmp_path, one + one).notes)
    other = one.replace("u", "v").replace("vser", "user")
    (tmp_path / "log.csv").write_text(one + mark + other)
    ledger = survey_log(tmp_path, log_settings(event_at="date", value=None)).load_ledger
    counts = ledger.select("n_rows", "n_accepted", "n_skipped", "n_quarantined").row(0)
    assert counts == (2 * len(TIMES) + 1, 2 * len(TIMES), 1, 0)
    assert ledger["skipped_because"][0] == "the line repeats the header: 1"
    swapped = lines(lambda n, at: f"i{n},u{n},{at:%Y-%m-%d}", "item_id,user_id,date\n")
    with pytest.raises(SourceError, match="holds another header"):
        sniff(tmp_path, one + swapped)


@pytest.mark.parametrize("sign", [", ", " ,", " , ", " \t ", " "])
def test_spaces_beside_delimiters_are_no_part_of_ids(tmp_path: Path, sign: str) -> None:
    rows = [f"u{n}{sign}i{n}{sign}{at:%Y-%m-%d}" for n, at in enumerate(TIMES)]
    found = sniff(tmp_path, "\n".join([f"user_id{sign}item_id{sign}date", *rows, ""]))
    taken = {key: found.settings[key] for key in ("delimiter", "user_id", "item_id", "event_at")}
    assert taken["delimiter"] == sign
    read = log_settings("log", value=None, **taken)
    assert accepted(tmp_path, read, "user_id", "item_id") == [
        (f"u{n}", f"i{n}") for n in range(len(TIMES))
    ]


def test_a_cell_may_hold_a_document(tmp_path: Path) -> None:
    long = '"' + "x, " * 100_000 + '"'
    rows = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{long if n == 3 else 'y'}")
    assert sniff(tmp_path, "u,i,date,n\n" + rows).columns == ["u", "i", "date", "n"]
    read = log_settings("log", value=None, user_id="u", item_id="i", event_at="date")
    assert len(accepted(tmp_path, read, "user_id")) == len(TIMES)


def test_fields_of_structs_are_columns_and_maps_are_none(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": [{"id": "u", "age": 3}] * 14, "time": TIMES, "n": [[1]] * 14})
    table = frame.to_arrow()
    maps = pa.array([[("a", "b")]] * 14, pa.map_(pa.string(), pa.string()))
    pq.write_table(table.append_column("labels", maps), tmp_path / "log")
    found = sniff_file(tmp_path / "log", name="log")
    assert (found.settings["user_id"], found.settings["event_at"]) == ("user.id", "time")


def test_a_line_of_another_kind_leaves_a_short_table_what_it_is(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"u{n};i{n};{at:%d.%m.%Y};{n},5", "Kunde;Artikel;Datum;Betrag\n")
    more = rows.split("\n", 1)[1].replace("u", "v")
    found = sniff(tmp_path, f"{rows}{more};;Gesamt;182,0\n")
    taken = {key: found.settings[key] for key in ("timestamp_format", "decimal", "value")}
    assert taken == {"timestamp_format": "%d.%m.%Y", "decimal": ",", "value": "Betrag"}
    assert found.settings["skip_last_lines"] == 1


def test_lines_that_end_in_three_ways_and_zeros_behind_a_stream_are_read(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d}", "user_id,item_id,event_at\n")
    settings = log_settings(value=None)
    (tmp_path / "log.csv").write_bytes(
        rows.replace("\n", "\r", 5).replace("\n", "\r\n", 3).encode()
    )
    assert len(accepted(tmp_path, settings, "user_id")) == len(TIMES)
    (tmp_path / "log.csv").write_bytes(gzip.compress(rows.encode()) + bytes(512))
    assert len(accepted(tmp_path, settings, "user_id")) == len(TIMES)


@pytest.mark.parametrize(
    ("day", "clock", "formats"),
    [("%Y-%m-%d", "%H:%M:%S", []), ("%m/%d/%Y", "%I:%M:%S %p", ["%m/%d/%Y %I:%M:%S %p"])],
)
def test_a_day_and_a_time_of_day_in_two_columns_are_one_time(
    tmp_path: Path, day: str, clock: str, formats: list[str]
) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at:{day}},{at:{clock}},0:10:0{n % 9}")
    found = sniff(tmp_path, "user_id,item_id,date,time,duration\n" + rows)
    taken = {key: found.settings[key] for key in ("event_at", "value", "value_format")}
    assert taken == {
        "event_at": {"all_of": ["date", "time"]}, "value": "duration", "value_format": "duration",
    }  # fmt: skip
    assert found.notes == []
    read = log_settings("log", **taken, timestamp_format=formats)
    assert accepted(tmp_path, read, "event_at") == TIMES
    (tmp_path / "log").write_text("user_id,item_id,date,duration\nu,i,2024-01-05,0:10:00\n")
    with pytest.raises(SourceError, match=r"no column 'time' \(ingest.events.event_at.all_of.1\)"):
        accepted(tmp_path, read, "event_at")


def test_several_arrays_of_one_kind_are_asked_and_parts_of_records_are_not_taken_for_them(
    tmp_path: Path,
) -> None:
    rows = [{"user_id": "u", "item_id": n, "time": at.isoformat()} for n, at in enumerate(TIMES)]
    found = sniff(tmp_path, json.dumps({"likes": rows[:7], "plays": rows[7:]}))
    assert found.open["records"] == ["likes", "plays"]
    baskets = [
        {"user_id": "u", "time": row["time"], "products": [{"product_id": 1}, {"product_id": 2}]}
        for row in rows
    ]
    found = sniff(tmp_path, "\n".join(map(json.dumps, baskets)))
    assert (found.settings["explode"], found.settings["item_id"]) == (
        "products",
        "products.product_id",
    )
    first = {"item_id": "products.0.product_id"}
    assert "explode" not in sniff_file(tmp_path / "log", name="log", roles=first).settings
    alike = '{"user_id": "u", "item_id": "a", "time": "2024-01-05", "item_id": "b"}\n'
    found = sniff(tmp_path, alike * 3)
    assert found.values["item_id"] == ["a"] * 3
    assert "keys come twice in a record ('item_id'): the first counts" in found.notes


def test_what_no_setting_says_is_noted(tmp_path: Path) -> None:
    apart = lines(
        lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{at:%H:%M}", "user_id,item_id,date,seen\n"
    )
    assert "'seen' times of day or lengths of time" in " ".join(sniff(tmp_path, apart).notes)
    cut = lines(lambda n, at: f"1.{n}E+11,i{n},{at:%Y-%m-%d}", "user_id,item_id,date\n")
    assert "a spreadsheet has cut their digits" in " ".join(sniff(tmp_path, cut).notes)
    header = "user_id,item_id,date,price\n"
    twice = header + lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},much", header)
    told = " ".join(sniff(tmp_path, twice).notes)
    assert "1 further line(s) repeat the header" in told
    assert "'price' is called like a value" in told


def test_names_that_a_comment_of_a_server_says_are_those_of_the_columns(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"{at:%Y-%m-%d} {at:%H:%M:%S} u{n} /v/{n} 200")
    names = ["date", "time", "cs-username", "cs-uri-stem", "sc-status"]
    found = sniff(tmp_path, f"#Version: 1.0\n#Fields: {' '.join(names)}\n{rows}")
    assert found.settings["columns"] == names
    taken = {key: found.settings[key] for key in ("user_id", "item_id", "event_at")}
    assert taken == {
        "user_id": "cs-username", "item_id": "cs-uri-stem", "event_at": {"all_of": names[:2]},
    }  # fmt: skip
    assert (
        accepted(tmp_path, log_settings("log", value=None, **found.settings), "event_at") == TIMES
    )
    found = sniff(tmp_path, f"#Version: 1.0\n#Fields: date time\n{rows}")  # of another file
    assert "user_id" in found.open


@pytest.mark.parametrize(
    "below",
    ["String,UInt64,DateTime,Float64", ",,UTC,s"],
)
def test_types_and_units_below_the_names_are_no_record(tmp_path: Path, below: str) -> None:
    rows = lines(lambda n, at: f"u{n},{n},{at},{n}.5")
    found = sniff(tmp_path, f"user_id,item_id,time,duration\n{below}\n{rows}")
    assert found.open == {}
    assert (found.settings["skip_lines"], found.settings["value"]) == (2, "duration")
    events = accepted(tmp_path, log_settings("log", **found.settings), "event_at", "value")
    assert events == [(at, n + 0.5) for n, at in enumerate(TIMES)]


def test_a_first_record_of_words_stays_a_record(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f"u{n},i{n},{at},{n}")
    found = sniff(tmp_path, f"user_id,item_id,time,rating\nu,i,never,unrated\n{rows}")
    assert "skip_lines" in found.settings  # nobody can tell it from a line of types
    found = sniff(tmp_path, f"user_id,item_id,time,rating\nu,i,{TIMES[0]},unrated\n{rows}")
    assert found.settings["null_words"] == ["unrated"]
    assert len(found.values["time"]) == len(TIMES) + 1


def test_arrays_as_a_database_prints_them_are_lists(tmp_path: Path) -> None:
    rows = lines(lambda n, at: f'u{n},"{{a{n},""b, {n}"",NULL}}",{at}')
    found = sniff(tmp_path, "user_id,item_ids,time\n" + rows)
    assert (found.settings["explode"], "explode_separator" in found.settings) == ("item_ids", False)
    read = log_settings("log", value=None, skip_when_empty=["item_id"], **found.settings)
    items = accepted(tmp_path, read, "item_id")
    assert items == [item for n in range(len(TIMES)) for item in (f"a{n}", f"b, {n}")]
