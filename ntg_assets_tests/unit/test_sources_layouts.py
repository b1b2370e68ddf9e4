"""How files lie, are packed, encoded, divided and named, with the right answer of each."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from ntg_assets.errors import SourceError
from ntg_assets.events.load import load_events
from ntg_assets_tests.event_files import survey_log
from ntg_assets_tests.field_cases import events, fates, put, settings


def test_equal_files_of_two_users_are_no_copies(tmp_path: Path) -> None:
    put(tmp_path, dict.fromkeys(("p/a.csv", "p/b.csv"), "item_id,event_at\ni,2024-01-01\n"))
    given = settings("p/*.csv", user_id={"file_name": r"(.*)\.csv"})
    assert [row[0] for row in events(tmp_path, given)] == ["a", "b"]


@pytest.mark.slow
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


ORDERS = {
    "p/2024-01-01.csv": (
        "order_id,user_id,item_id,event_at,amount\n1,u1,a,2024-01-01,50\n2,u2,b,2024-01-01,30\n"
    ),
    "p/2024-01-02.csv": (
        "order_id,user_id,item_id,event_at,amount\n1,u1,a,2024-01-01,40\n"
        "2,u2,b,2024-01-01,30\n3,u3,c,2024-01-02,10\n"
    ),
}


@pytest.mark.slow
def test_tomorrows_export_corrects_a_row_of_todays(tmp_path: Path) -> None:
    put(tmp_path, ORDERS)
    keyed = settings("p/*.csv", value="amount", event_id="order_id")
    assert [row[3] for row in events(tmp_path, keyed)] == [40.0, 30.0, 10.0]
    assert fates(tmp_path, keyed) == [(2, 0, 0, 0, 1, 1), (3, 3, 0, 0, 0, 0)]
    without = settings("p/*.csv", value="amount")
    assert sum(row[3] for row in events(tmp_path, without)) == 50 + 40 + 30 + 10
    assert survey_log(tmp_path, without).n_contradictions == 1
    assert survey_log(tmp_path, keyed).n_contradictions == 0


@pytest.mark.slow
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
        ({}, "exactly one of column, first_of, all_of, file_name, folder and constant, found none"),
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


@pytest.mark.slow
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


@pytest.mark.slow
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
