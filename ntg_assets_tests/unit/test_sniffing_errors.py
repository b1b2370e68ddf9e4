"""Files that are no logs, and what a refusal says to set."""

import gzip
from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import log_settings, survey_log
from ntg_assets_tests.sniffed_logs import TIMES, lines, sniff

GOOD = lines(lambda n, at: f"u{n},i{n},{at:%Y-%m-%d},{n}", "user_id,item_id,event_at,value\n")
TAR = b"log.csv".ljust(257, b"\0") + b"ustar\0" + bytes(300)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\n\n  <div>not found</div>\n", "is a web page"),
        (TAR, "is a tar archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
        (bytes(range(256)) * 4, "is no text in an encoding that is known"),
        (GOOD.encode("cp500"), r"control characters.*EBCDIC \(`encoding: cp500`\)"),
        (GOOD.encode() + "ü,é\n".encode() + b"\xe9\n", "two encodings.* line 17"),
        (b"user_id,item_id,event_at\n", "holds a header .* and no record"),
        (b"  \n \n", "holds no record"),
        (GOOD.replace("u0,", '"u0,', 1) + GOOD, "a quote is opened and not closed in '\"u0,i0"),
        (GOOD.replace("\n", ",\n").replace("value,", "value"), "names 4 columns, .* have 5 fields"),
        (GOOD.replace(",2024", " 2024"), "names 4 columns, its lines have 3 fields"),
        (b"PK\x03\x04" + bytes(20) + "vid\u00e9o.csv".encode() + b"\xff" * 9, "is a zip archive"),
        (GOOD.replace("value\n", "value\n---+---+---+---\n"), "is a table as a program prints it"),
        ("INSERT INTO plays VALUES ('u', 'i', '2024-01-05');\n" * 9, "is a dump of a database"),
        ("COPY plays (user_id) FROM stdin;\nu\n", "is a dump of a database"),
        (GOOD.replace(",", "    "), "4 columns that are aligned with spaces"),
        ('window.YTD.plays.part0 = [ {"user_id": "u"} ]', "is JavaScript around JSON"),
        (b"[]", "is JSON without an object"),
        (b'[["user_id","item_id"],["u","i"]]', "is JSON without an object"),
        (b'{"who":["a","b"],"note":["x","y"]}', "one list per column"),
        (b'{"user_id":{"0":"a","1":"b"},"date":{"0":"x","1":"y"}}', "one object per column"),
        (b'{"user_id":"u"},\n{"user_id":"v"},\n', r"second one after ',' in line 1"),
        (b'[{"user_id":"u"},{"user_id":', "is no whole JSON"),
        (b"PAR1" + bytes(40), "does not end like one"),
        (b'[{"user_id":"u"}] {"user_id":"v"', "is no whole JSON"),
        ("{'user_id': 'u', 'time': 3}\n", "as Python prints them"),
        ("[{'user_id': 'u', 'time': 3}]\n", "as Python prints them"),
        ('// made\n[{"user_id": "u"}]', "is JavaScript around JSON"),
        ('plays([{"user_id": "u"}]);', "is JavaScript around JSON"),
        (')]}\'\n[{"user_id": "u"}]', "is JavaScript around JSON"),
        ("<plays><play user='u' ts='2024-01-05'/></plays>", "is XML"),
        ("- user_id: u\n  time: 2024-01-05\n" * 3, "is YAML"),
        ("{\\rtf1\\ansi user,item}", "is a document"),
        ('1.2.3.4 - u [05/Jan/2024:21:04:05 +0000] "GET / HTTP/1.1" 200 1\n' * 9, "web server"),
        ('x.de:443 1.2.3.4 - u [05/Jan/2024:21:04:05 +0000] "GET / HTTP"\n' * 9, "web server"),
        ('https 2024-01-05T21:04:05.1Z app/lb/x 1.2.3.4:5 - 200 "GET /"\n' * 9, "web server"),
        ('ts=2024-01-05 user=u item=i msg="play ok"\n' * 9, "pairs of keys and values"),
        ('{"columns": ["user_id"], "data": [["u"], ["v"]]}', "whose rows are lists"),
        ("".join(f'"u{n},i{n},{n}"\n' for n in range(9)), "stands in quotes as a whole"),
        (GOOD.encode() + bytes(300), "line 16 holds a NUL byte"),
        (gzip.compress(gzip.compress(GOOD.encode())), "is packed twice"),
        (b"\x04\x22\x4d\x18" + bytes(40), "is packed with lz4"),
        (b"\x1f\x8b\x08\x00garbage", "cannot be unpacked"),
        (bytes(8) + b"DUCK" + bytes(99), "is a DuckDB database"),
        (b"FEA1" + bytes(40), "is a Feather file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "is an HDF5 file"),
        (b"\x93NUMPY\x01\0v\0", "is a NumPy array"),
        (b"\x80\x04\x95" + bytes(40), "is a Python pickle"),
        (b"$FL2@(#) SPSS DATA FILE" + bytes(40), "is an SPSS file"),
        (b"<stata_dta><header>", "is a Stata file"),
        (bytes(12) + b"\xc2\xea\x81\x60\xb3\x14" + bytes(40), "is a SAS file"),
        (gzip.compress(b"X\n\0\0\0\x03" + bytes(40), mtime=0), "is an object of R"),
        (b"\0\x01\0\0Standard Jet DB\0" + bytes(40), "is an Access database"),
        (b"PGDMP\x01\x0e" + bytes(40), "is a dump of PostgreSQL"),
        (b"bplist00" + bytes(40), "is a binary property list"),
        ("--\n-- PostgreSQL database dump\n--\n\nSET x = 0;\n", "is a dump of a database"),
        ("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n", "is a dump of a database"),
        ('u\t{"item": "i", "at": 3}\n' * 9, "a key and a JSON object in each line"),
        ("Date: 2024-01-05\nLink: x\n\n" * 9, "one value behind its name in each line"),
        (GOOD.replace(",", "|").replace("i", "i\\|"), "a backslash stands before '\\|' inside"),
        ((GOOD + "é\n").encode() + b"u,\xc3", "ends in the middle of a character"),
        (GOOD.encode() + b"u,caf\xc3", r"ends in the middle of a character \(UTF-8, c3 without"),
        (GOOD.encode() + b"u,caf\xe9", r"where it is 'é' of an older .*--set encoding=cp1252"),
        (GOOD + GOOD.replace("user_id", "User_ID"), "holds another header"),
    ],
    ids=lambda given: None if isinstance(given, bytes) else given[:30],
)
def test_what_is_no_log_is_refused_in_one_sentence(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    with pytest.raises(SourceError, match=rf"(?s)^log: .*{told}"):
        sniff(tmp_path, content)


def test_lines_that_end_in_carriage_returns_alone_are_read(tmp_path: Path) -> None:
    assert sniff(tmp_path, GOOD.replace("\n", "\r")).settings == sniff(tmp_path, GOOD).settings


@pytest.mark.slow
def test_lines_of_two_ends_are_read_and_a_mark_in_the_middle_is_seen(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(GOOD.replace("4\n", "4\r\n").encode())
    assert survey_log(tmp_path, log_settings()).load_ledger["n_accepted"].to_list() == [len(TIMES)]
    (tmp_path / "log.csv").write_bytes(2 * b"\xef\xbb\xbf" + GOOD.encode())
    assert survey_log(tmp_path, log_settings()).load_ledger["n_accepted"].to_list() == [len(TIMES)]
    (tmp_path / "log.csv").write_bytes(GOOD.encode() + b"\xef\xbb\xbfu,i,2024-01-01,1\n")
    found = survey_log(tmp_path, log_settings(max_bad_share=0.5)).quarantine
    assert found.select("line", "column_name").rows() == [(len(TIMES) + 2, "user_id")]


def test_a_key_that_no_json_inside_of_a_text_holds_is_told(tmp_path: Path) -> None:
    row = 'u,2024-01-05,"{""title"": ""T""}"\n'
    (tmp_path / "log.csv").write_text(f"user_id,event_at,properties\n{row}")
    given = log_settings(value=None, item_id="properties.titel")
    told = "No record has JSON with 'titel' in the text of 'properties': correct the name"
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, given)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("1,2,3\n4,5,6\n", "name the columns with `columns`"),
        ('{"data": {"plays": [{"user_id": "u"}]}}', "set `records: data.plays`"),
        ('{"user": "u"}\n', "It is JSON by its first bytes"),
        ("user_id,item_id,event_at,value\nu,i,5.1.2024,1\n", "set `timestamp_format`"),
        ('user_id,item_id,event_at,value\nu,i,2024-01-05,"1,5"\n', "set `decimal`"),
        ("user_id,item_id,event_at,value\nu,,2024-01-05,1\n", "`skip_when_empty` leaves"),
        ("user_id,item_id,event_at,value\nu,i\n", "set `delimiter`"),
    ],
)
def test_a_refusal_says_what_to_set(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, log_settings())


def test_a_file_that_ends_in_an_error_is_asked_about(tmp_path: Path) -> None:
    found = sniff(tmp_path, GOOD + "ERROR 2013 (HY000): Lost connection to MySQL server\n")
    assert found.open == {"skip_last_lines": [1]}
    assert "records may be missing" in " ".join(found.notes)
    assert sniff(tmp_path, GOOD + "14 rows\n").settings["skip_last_lines"] == 1
