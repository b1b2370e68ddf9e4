"""Files that are something else than their name says,
and files that are no data: each is named as what it is.
"""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets_tests.event_files import (
    accepted,
    log_settings,
    survey_log,
    write_log,
    write_parquet,
)

ROW = "u,i,2024-01-01,1"
LOG = f"user_id,item_id,event_at,value\n{ROW}\n".encode()
EVENT = "select 'u' as user_id, 'i' as item_id, timestamp '2024-01-01' as event_at, 1 as value"


def packed(*members: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for member in members:
            archive.writestr(member, LOG)
    return written.getvalue()


def write(home: Path, content: bytes, name: str = "log.csv") -> Path:
    (home / name).write_bytes(content)
    return home / name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "is a Git LFS pointer.*`git lfs pull`",
        ),
        (b"<!DOCTYPE html>\n<html></html>\n", "is a web page.*download failed"),
        (b"\xef\xbb\xbf\n  <HTML lang=en>", "is a web page"),
        (
            b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
            "is XML.*error messages",
        ),
        (b'{"user_id":"u1"}\n{"user_id":"u2"}\n', "no column 'item_id'.*found: 'user_id'"),
        (b'{"user_id": "' + b"u" * 9000 + b'"}\n', "no column 'item_id'.*found: 'user_id'"),
        (b'[{"user_id":"u1"},\n {"user_id":"u2"}]\n', "no column 'item_id'.*found: 'user_id'"),
        (b'{\n "events": []\n}\n', "is a JSON document without an array.*`records`"),
        (b'[{"user_id":"u1"},\n {"user_id":', r"is no whole JSON \(line 2: .*Deliver it again"),
        (LOG.decode().encode("utf-16"), "is UTF-16 by its byte order mark.*encoding: utf-16"),
        (LOG.decode().encode("utf-32"), "is UTF-32 by its byte order mark"),
        (packed("log.csv"), "is a zip archive. Unpack it"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook.*CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "is an Excel workbook"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "cannot be unpacked.*cut short or damaged"),
        (b"SQLite format 3\0" + bytes(9), "is an SQLite database"),
        (b"PAR1" + bytes(90), "begins like a Parquet file but does not end like one"),
        (b"sep=;\nuser_id;item_id\n", "begins with a `sep=` line for Excel"),
        (gzip.compress(b'{"user_id":"u1"}\n', mtime=0), "no column 'item_id'"),
        (b"", r"is empty \(0 bytes\)"),
    ],
)
def test_what_is_no_csv_is_told_by_its_first_bytes(
    tmp_path: Path, content: bytes, told: str
) -> None:
    write(tmp_path, content)
    with pytest.raises(SourceError, match=rf"^log\.csv: {told}"):
        survey_log(tmp_path, log_settings())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LOG, "is text, not Parquet.*'user_id,item_id,event_at,value'.*`format: csv`"),
        (gzip.compress(LOG, mtime=0), "is gzip, not Parquet"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (packed("part-0.parquet"), "is a zip archive"),
        (b"PARE" + bytes(90), "is an encrypted Parquet file"),
    ],
)
def test_what_is_no_parquet_is_told_by_its_first_bytes(
    tmp_path: Path, content: bytes, told: str
) -> None:
    write(tmp_path, content, "log.parquet")
    with pytest.raises(SourceError, match=rf"^log\.parquet: {told}"):
        survey_log(tmp_path, log_settings("log.parquet"))


@pytest.mark.parametrize(
    "header", ["[user_id],[item_id],[event_at],[value]", "{user},item_id,event_at,value"]
)
def test_a_header_in_brackets_is_no_json(tmp_path: Path, header: str) -> None:
    write_log(tmp_path, [ROW], header=header)
    user, item, at, value = header.split(",")
    assert accepted(
        tmp_path, log_settings(user_id=user, item_id=item, event_at=at, value=value), "user_id"
    ) == ["u"]


@pytest.mark.parametrize(
    ("name", "write_file", "misnamed"),
    [
        ("EVENTS.CSV.GZ", lambda home, name: write(home, gzip.compress(LOG, mtime=0), name), None),
        ("log.csv.gz", lambda home, name: write(home, gzip.compress(LOG, mtime=0), name), None),
        (
            "log.csv",
            lambda home, name: write(home, gzip.compress(LOG, mtime=0), name),
            "is gzip by its first bytes, unpacked",
        ),
        (
            "log.csv.gz",
            lambda home, name: write(home, LOG, name),
            "is not gzip, read as plain text",
        ),
        (
            "log.csv",
            lambda home, name: write_parquet(home, EVENT, name=name),
            "is Parquet by its first bytes, read as such",
        ),
        ("LOG.PARQUET", lambda home, name: write_parquet(home, EVENT, name=name), None),
        ("part-00000", lambda home, name: write_parquet(home, EVENT, name=name), None),
    ],
)
def test_a_file_is_read_as_what_it_is_and_a_wrong_name_is_said(
    tmp_path: Path, name: str, write_file: Callable[[Path, str], Path], misnamed: str | None
) -> None:
    write_file(tmp_path, name)
    assert accepted(tmp_path, log_settings(name), "user_id") == ["u"]
    assert survey_log(tmp_path, log_settings(name)).misnamed == (
        (f"{name} {misnamed}",) if misnamed else ()
    )


@pytest.mark.slow
def test_packed_and_plain_files_are_one_log_with_their_bad_lines_placed(tmp_path: Path) -> None:
    write(
        tmp_path,
        gzip.compress(LOG.replace(b"u,i", b"g,i") + b",i,2024-01-01,1\n", mtime=0),
        "a.csv",
    )
    write(tmp_path, LOG + b"\n,i,2024-01-01,1\n", "b.csv")
    settings = log_settings("*.csv", max_bad_share=0.5)
    assert sorted(accepted(tmp_path, settings, "user_id")) == ["g", "u"]
    assert survey_log(tmp_path, settings).quarantine.select("file_name", "line").rows() == [
        ("a.csv", 3),
        ("b.csv", 4),
    ]


def test_a_stated_format_that_the_bytes_contradict_is_refused(tmp_path: Path) -> None:
    write_parquet(tmp_path, EVENT, name="log.csv")
    with pytest.raises(
        SourceError, match=r"^log\.csv: is a Parquet file, but `format: csv` is set"
    ):
        survey_log(tmp_path, log_settings(format="csv"))


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("user_id\titem_id\tevent_at\tvalue", r'tabs: set `delimiter: "\\t"`'),
        ('"user_id"|"item_id"|"event_at"|"value"', r"'\|': set"),
        ("a;b;c", "';': set"),
        ("user_id item_id event_at value", "spaces: set"),
    ],
)
def test_another_delimiter_is_named(tmp_path: Path, header: str, shown: str) -> None:
    write_log(tmp_path, [], header=header)
    with pytest.raises(SourceError, match=f"Its fields are separated by {shown}"):
        survey_log(tmp_path, log_settings())


def test_a_header_with_spaces_in_its_names_is_not_taken_for_another_delimiter(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, [], header="User Id,Item Id,Event At,value")
    with pytest.raises(SourceError, match=r"Did you mean .*'User Id' for 'user_id'.*\?"):
        survey_log(tmp_path, log_settings())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("'\\t'", r'in YAML a tab is "\\t" in double quotes'),
        ("'::::::'", "must be one to 4 characters, found '::::::'"),
    ],
)
def test_a_tab_in_single_quotes_is_explained(
    tmp_path: Path, project_home: Path, given: str, told: str
) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(f"ingest: {{events: {{files: [a.csv], delimiter: {given}}}}}\n")
    with pytest.raises(ConfigurationError, match=told):
        load_settings(overlay, home=project_home, environment={})
