import gzip
import re
from datetime import datetime
from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import (
    HEADER,
    accepted,
    bad_rows,
    fates,
    log_settings,
    survey_log,
    write_log,
)

NOON = "2024-01-01T12:00:00"


def good_rows(n: int) -> list[str]:
    return [f"u{index},i{index},{NOON},1" for index in range(n)]


def test_columns_are_found_by_name_in_whatever_order_they_stand(tmp_path: Path) -> None:
    write_log(
        tmp_path, [f"5,{NOON},item,user,extra"], header="value,event_at,item_id,user_id,comment"
    )
    assert accepted(tmp_path, log_settings()) == [("user", "item", datetime(2024, 1, 1, 12), 5.0)]


def test_files_with_different_column_orders_are_one_log(tmp_path: Path) -> None:
    write_log(tmp_path, [f"user,item,{NOON},1"], name="a.csv")
    write_log(
        tmp_path, [f"2,item,{NOON},user"], name="b.csv", header="value,item_id,event_at,user_id"
    )
    assert accepted(tmp_path, log_settings("*.csv"), "user_id", "value", "load_file") == [
        ("user", 1.0, 1),
        ("user", 2.0, 2),
    ]


def test_a_column_is_suggested_for_one_name_only_and_never_when_it_is_taken(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,i,{NOON},1"], header="userId,item_id,event_at,value")
    with pytest.raises(SourceError) as refused:
        survey_log(
            tmp_path, log_settings(user_id="userid", value="user_ids", event_type="item_ids")
        )
    assert "Did you mean 'userId' for 'userid'" in str(refused.value)
    assert "'userId' for 'user_ids'" not in str(refused.value)
    assert "'item_id' for" not in str(refused.value)


def test_a_missing_column_is_told_with_the_columns_found_and_the_nearest_name(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, [f"u,i,{NOON},1"], header="userId,item_id,event_at,value")
    with pytest.raises(SourceError) as refused:
        survey_log(tmp_path, log_settings(user_id="userid"))
    assert (
        str(refused.value)
        == "log.csv: no column 'userid' (ingest.events.user_id); columns found: 'userId',"
        " 'item_id', 'event_at', 'value'. Did you mean 'userId' for 'userid'? Set the names in"
        " the configuration."
    )


def test_a_file_without_header_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, good_rows(2), header=f"u,i,{NOON},1")
    with pytest.raises(SourceError, match="no column 'user_id'"):
        survey_log(tmp_path, log_settings())


def test_a_configured_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,i,{NOON},1,2"], header="user_id,item_id,event_at,value,Value")
    with pytest.raises(SourceError, match="several columns are called 'value'"):
        survey_log(tmp_path, log_settings())


def test_other_columns_may_occur_twice(tmp_path: Path) -> None:
    write_log(tmp_path, [f"x,u,i,{NOON},1,y"], header="note,user_id,item_id,event_at,value,note")
    assert accepted(tmp_path, log_settings(), "user_id") == ["u"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_windows_line_ends_are_read(
    tmp_path: Path, line_end: str, mark: str
) -> None:
    write_log(
        tmp_path,
        [*good_rows(3), "broken", f",i,{NOON},1"],
        header=f"{mark}user_id,item_id,event_at,value",
        line_end=line_end,
    )
    found = survey_log(tmp_path, log_settings(max_bad_share=0.5))
    assert fates(found) == [(5, 3, 2, 0)]
    assert found.quarantine["line"].to_list() == [5, 6]
    assert found.quarantine["raw_text"].to_list() == ["broken", f",i,{NOON},1"]


def test_a_last_line_without_line_end_counts(tmp_path: Path) -> None:
    path = write_log(tmp_path, good_rows(2))
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert fates(survey_log(tmp_path, log_settings())) == [(2, 2, 0, 0)]


def test_empty_lines_are_no_rows(tmp_path: Path) -> None:
    write_log(tmp_path, ["", f"u,i,{NOON},1", "", "", f"u,j,{NOON},x", "", ""])
    found = survey_log(tmp_path, log_settings(max_bad_share=0.5))
    assert fates(found) == [(2, 1, 1, 0)]
    assert found.quarantine["line"].to_list() == [6]


def test_packed_files_are_read_and_hashed_as_they_lie(tmp_path: Path) -> None:
    text = "".join(
        f"{line}\n" for line in ("user_id,item_id,event_at,value", *good_rows(4), "u,i,never,1")
    )
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    found = survey_log(tmp_path, log_settings("log.csv.gz", max_bad_share=0.2))
    assert fates(found) == [(5, 4, 1, 0)]
    assert found.quarantine.select("line", "raw_text").rows() == [(6, "u,i,never,1")]


def test_a_packed_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress("".join(good_rows(1000)).encode())
    (tmp_path / "log.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(
        SourceError, match=r"log\.csv\.gz: cannot be unpacked .* cut short or damaged"
    ):
        survey_log(tmp_path, log_settings("log.csv.gz"))


def test_an_unclosed_quote_refuses_the_load_and_names_the_line(tmp_path: Path) -> None:
    write_log(tmp_path, [*good_rows(1000), f'"u,i,{NOON},1', *good_rows(1000)])
    with pytest.raises(SourceError) as refused:
        survey_log(tmp_path, log_settings(duplicates="keep"))
    assert re.match(
        r"log\.csv: 2,001 rows expected from its lines, 1,001 found \(1,000 readable, 1 not\);"
        r" nothing was loaded\.",
        str(refused.value),
    )
    assert "line 1002 (has a quote that is not closed or not doubled)" in str(refused.value)


def test_two_unclosed_quotes_do_not_cancel_each_other(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        [*good_rows(10), f'"u,i,{NOON},1', *good_rows(10), f'u,"i,{NOON},1', *good_rows(10)],
    )
    with pytest.raises(SourceError, match="nothing was loaded"):
        survey_log(tmp_path, log_settings(max_bad_share=1))


def test_lines_with_too_few_or_too_many_fields_go_to_quarantine(tmp_path: Path) -> None:
    write_log(tmp_path, [*good_rows(8), "u,i", f"u,i,{NOON},1,more"])
    assert bad_rows(tmp_path, log_settings(max_bad_share=0.2)) == [
        (10, "(row)", "has too few fields"),
        (11, "(row)", "has too many fields"),
    ]


def test_line_ends_inside_quotes_belong_to_the_field(tmp_path: Path) -> None:
    rows = [
        f'u1,i,{NOON},1,"two\nlines"',
        f'u2,i,{NOON},1,"a\n\n\nb"',
        f'u3,i,{NOON},oops,"say ""x""\n"',
        "short",
        f"u4,i,{NOON},1,z",
    ]
    write_log(tmp_path, rows, header="user_id,item_id,event_at,value,note")
    found = survey_log(tmp_path, log_settings(max_bad_share=0.5))
    assert fates(found) == [(5, 3, 2, 0)]
    assert found.quarantine.select("line", "raw_text").rows() == [(8, rows[2]), (10, "short")]
    assert found.load_ledger["n_lines"].item() == 1 + 2 + 4 + 2 + 1 + 1


def test_an_id_with_a_line_end_is_what_a_swallowed_line_looks_like(tmp_path: Path) -> None:
    write_log(tmp_path, [*good_rows(8), f'"u\n9",i,{NOON},1'])
    assert bad_rows(tmp_path, log_settings(max_bad_share=0.2)) == [
        (10, "user_id", "holds a line break")
    ]


def test_a_semicolon_file_needs_its_delimiter(tmp_path: Path) -> None:
    write_log(tmp_path, ["u;i;2024-01-01;1"], header="user_id;item_id;event_at;value")
    assert accepted(tmp_path, log_settings(delimiter=";"), "user_id") == ["u"]
    with pytest.raises(
        SourceError, match=r"columns found: 'user_id;item_id;event_at;value'.*separated by ';': set"
    ):
        survey_log(tmp_path, log_settings())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"user_id,item_id,event_at,value\nu\xe9,i,2024-01-01,1\n",
            r"line 2 is not UTF-8 \(byte 0xe9\).*encoding: cp1252",
        ),
        (
            b"user_id,item_id,event_at,value\nu,i,2024-01-01,1\nu\0,i,2024-01-01,1\n",
            "line 3 holds a NUL byte",
        ),
        (
            "user_id,item_id\n".encode("utf-16"),
            "is UTF-16 by its byte .*encoding: utf-16",
        ),
        ("user_id,item_id\n".encode("utf-16-le"), "line 1 holds a NUL byte.*UTF-16"),
        (
            b"user_id,item_id,event_at,value\nu,i,2024-01-01,1\nu,caf\xc3",
            r"line 3, the last one, ends in the middle of a character \(UTF-8, c3 without",
        ),
        (b"", r"is empty \(0 bytes\)"),
        (b"\nuser_id,item_id,event_at,value\n", "its first line is empty"),
    ],
)
def test_what_is_no_utf8_text_is_refused_with_its_line(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(SourceError, match=rf"^log\.csv: {told}"):
        survey_log(tmp_path, log_settings())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp932"])
def test_a_text_that_is_cut_in_a_character_is_said_to_be_cut(tmp_path: Path, encoding: str) -> None:
    text = "# made\nuser_id,item_id,event_at,value\nu,i,2024-01-01,1\nu,\u4f5c"
    (tmp_path / "log.csv").write_bytes(text.encode(encoding)[:-1])
    told = r"^log\.csv: line 4, the last one, ends in the middle of a character \(.*interrupted"
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, log_settings(encoding=encoding, skip_lines=1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n"], ids=["none", "cr", "lf", "crlf"])
def test_lines_that_end_in_carriage_returns_alone_are_lines(
    tmp_path: Path, encoding: str, end: str
) -> None:
    rows = ["# by hand", "user_id,item_id,event_at,value", f'u,"a, b",{NOON},1', f"v,i,{NOON},x"]
    (tmp_path / "log.csv").write_bytes(("\r".join(rows) + end).encode(encoding))
    given = log_settings(encoding=encoding, skip_lines=1, max_bad_share=0.5)
    found = survey_log(tmp_path, given)
    assert fates(found) == [(2, 1, 1, 0)]
    assert found.quarantine.select("line", "raw_text").rows() == [(4, f"v,i,{NOON},x")]


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n"], ids=["none", "cr", "lf", "crlf"])
def test_so_are_those_of_a_file_that_needs_nothing_else(tmp_path: Path, end: str) -> None:
    rows = ["user_id,item_id,event_at,value", f'u,"a, b",{NOON},1', f"v,i,{NOON},2"]
    (tmp_path / "log.csv").write_bytes(("\r".join(rows) + end).encode())
    found = survey_log(tmp_path, log_settings())
    assert fates(found) == [(2, 2, 0, 0)]
    assert found.load_ledger["n_lines"].to_list() == [3]


def test_lines_are_numbered_as_in_the_file_where_blank_ones_lead_and_ends_are_mixed(
    tmp_path: Path,
) -> None:
    text = f"\n\nuser_id,item_id,event_at,value\r\nu,i,{NOON},1\nv,i,{NOON},x\nw,i,{NOON},1\r\n"
    (tmp_path / "log.csv").write_bytes(text.encode())
    judged = survey_log(tmp_path, log_settings(max_bad_share=0.5))
    assert fates(judged) == [(3, 2, 1, 0)]
    assert judged.quarantine.select("line", "raw_text").rows() == [(5, f"v,i,{NOON},x")]


def test_a_multibyte_character_may_lie_across_a_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntg_assets.sources.files.text_inspection.CHUNK_BYTES", 7)
    write_log(tmp_path, [f"ué{'😀' * 9},i,{NOON},1", "", f"u2,i,{NOON},1"])
    found = survey_log(tmp_path, log_settings())
    assert fates(found) == [(2, 2, 0, 0)]


def test_a_log_of_headers_only_is_refused_but_a_quiet_day_is_not(tmp_path: Path) -> None:
    write_log(tmp_path, [], name="monday.csv")
    with pytest.raises(SourceError, match="no row in 1 file"):
        survey_log(tmp_path, log_settings("*.csv"))
    write_log(tmp_path, good_rows(2), name="tuesday.csv")
    assert fates(survey_log(tmp_path, log_settings("*.csv"))) == [(0, 0, 0, 0), (2, 2, 0, 0)]


def test_another_header_below_the_first_refuses_the_load_and_the_same_one_is_left_out(
    tmp_path: Path,
) -> None:
    rows = [f"{user},7,2024-01-0{user},1" for user in (1, 2, 3)]
    settings = log_settings(max_bad_share=0.5)
    write_log(tmp_path, [*rows, HEADER, *rows[:1]])
    (ledger,) = survey_log(tmp_path, settings).load_ledger.iter_rows(named=True)
    assert (ledger["n_accepted"], ledger["n_skipped"], ledger["n_quarantined"]) == (3, 1, 0)
    write_log(tmp_path, [*rows, "item_id,user_id,event_at,value", "7,4,2024-01-04,1"])
    with pytest.raises(SourceError, match=r"log\.csv line 5: holds another header \('item_id'"):
        survey_log(tmp_path, settings)
