"""Lists of people who must not be contacted: read whole or not at all,
held against the log, and in doubt nobody is contacted.
"""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.revenue import (
    ExclusionListSettings,
    RadarSettings,
    UserListSettings,
)
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.revenue.contacts.lists.contact_holds import (
    UNMATCHED,
    UNREADABLE,
    Hold,
    hold_contacts,
    list_holds,
)
from ntg_assets.revenue.contacts.lists.listed_rows import ListRows
from ntg_assets.revenue.contacts.lists.user_list_report import remarks, report_user_lists
from ntg_assets.revenue.contacts.lists.user_lists import read_exclusions, read_opt_outs
from ntg_assets.revenue.contacts.trial.trial_log import LOG_SCHEMA
from ntg_assets.sources.sources import Place

NO_TRIAL = pl.DataFrame(schema=LOG_SCHEMA)


def opt_outs(home: Path, content: str | bytes, name: str = "out.csv") -> ListRows:
    (home / name).write_bytes(content.encode() if isinstance(content, str) else content)
    read = read_opt_outs(UserListSettings(files=[name]), place=Place(home))
    check_frame(read.rows, contract_of("user_lists"))
    return read


def report(
    rows: pl.DataFrame, users: pl.Series, *, key: str = "radar.opt_out_file", **kwargs: Any
) -> dict[str, Any]:
    judged = {
        "source": [key],
        "files": ["out.csv"],
        "n_files": [1],
        "is_usable": [True],
        "sentence": ["read"],
    }
    found = report_user_lists(pl.DataFrame(judged), rows, NO_TRIAL, users, **kwargs)
    check_frame(found, contract_of("user_list_report"))
    return found.row(0, named=True)


@pytest.mark.parametrize(
    "content",
    [
        "user_id\n7\n007.0\n",
        "\ufeffuser_id\r\n7\r\n007.0",
        "why,user_id\nasked,7\n,007.0\n",
        '"user_id"\n"7"\n"007.0"\n',
        gzip.compress(b"user_id\n7\n007.0\n", mtime=0),
    ],
)
def test_a_list_is_read_however_it_was_written(tmp_path: Path, content: str | bytes) -> None:
    read = opt_outs(tmp_path, content, "out.csv.gz" if isinstance(content, bytes) else "out.csv")
    assert read.rows["listed_id"].to_list() == ["7", "007.0"]
    assert report(read.rows, pl.Series([7]))["n_users"] == 1


@pytest.mark.parametrize(
    "ids",
    [
        [7, 8, None],
        [7.0, 8.0, None],
        [7.0, 8.0, float("nan")],
        ["7", "8.0", None],
        ["007", " 8", " "],
    ],
)
@pytest.mark.parametrize(
    "users", [pl.Series([7, 8, 9]), pl.Series(["7", "8", "9"]), pl.Series(["7.0", "8.0", "9.0"])]
)
def test_every_type_of_a_parquet_column_names_the_same_people(
    tmp_path: Path, ids: list[Any], users: pl.Series
) -> None:
    pl.DataFrame({"user_id": ids}).write_parquet(tmp_path / "out.parquet")
    found = report(
        read_opt_outs(UserListSettings(files=["out.parquet"]), place=Place(tmp_path)).rows, users
    )
    assert (found["n_users"], found["n_blank"], found["n_ids"], found["n_not_found"]) == (
        2,
        1,
        2,
        0,
    )
    assert found["is_usable"]


def test_an_empty_list_says_that_nobody_opted_out(tmp_path: Path) -> None:
    read = opt_outs(tmp_path, "user_id\n")
    assert read.rows.is_empty()
    assert read.sentence == "1 file(s) without a row: nobody opted out"
    assert report(read.rows, pl.Series([7]))["is_usable"]
    pl.DataFrame(schema={"user_id": pl.String}).write_parquet(tmp_path / "out.parquet")
    assert read_opt_outs(
        UserListSettings(files=["out.parquet"]), place=Place(tmp_path)
    ).rows.is_empty()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", r"is empty \(0 bytes\)"),
        ("id\n7\n", r"no column 'user_id'"),
        ("user_id;why\n7;x\n", r"no column 'user_id'"),
        # a swallowed line is a person who is contacted
        ('user_id,why\n7,"asked\n8,x\n9,y\n', "rows expected from its lines"),
        (
            "user_id,why\n7,a,b\n8,x\n",
            r"1 of 2 lines cannot be read \(first: line 2 has too many fields: '7,a,b'",
        ),
        (b"user_id\n\xff\xfe7\n", "is not UTF-8"),
        ("user_id\n7\n".encode("utf-16"), "is UTF-16 by its byte order mark"),
    ],
)
def test_a_list_that_cannot_be_read_whole_is_not_read_at_all(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        opt_outs(tmp_path, content)


@pytest.mark.parametrize(
    ("make", "name", "told"),
    [
        (lambda _: None, "out.csv", "no such file"),
        (lambda home: (home / "out.csv").mkdir(), "out.csv", "no such file|folder"),
        (lambda _: None, "out*.csv", "no file matches"),
        (
            lambda home: (home / "out.parquet").write_bytes(b"PAR1 and no more"),
            "out.parquet",
            "no whole Parquet file",
        ),
        (
            lambda home: (home / "out.csv.gz").write_bytes(
                gzip.compress(b"user_id\n7\n", mtime=0)[:-9]
            ),
            "out.csv.gz",
            "cannot be unpacked",
        ),
        (
            lambda home: pl.DataFrame({"user_id": [[7]]}).write_parquet(home / "out.parquet"),
            "out.parquet",
            "ids expected",
        ),
    ],
)
def test_what_is_no_file_of_ids_is_refused(
    tmp_path: Path, make: Callable[[Path], object], name: str, told: str
) -> None:
    make(tmp_path)
    with pytest.raises(SourceError, match=told):
        read_opt_outs(UserListSettings(files=[name]), place=Place(tmp_path))


def test_a_list_outside_the_project_folder_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "out.csv").write_text("user_id\n7\n")
    home = tmp_path / "project"
    home.mkdir()
    for name in (str(tmp_path / "crm" / "out.csv"), "../crm/o*.csv"):
        assert read_opt_outs(UserListSettings(files=[name]), place=Place(home)).rows[
            "listed_id"
        ].to_list() == ["7"]


def test_exclusions_keep_their_reason(tmp_path: Path) -> None:
    (tmp_path / "left.csv").write_text("reason,user_id\n staff ,2\n,3\n")
    rows = read_exclusions(ExclusionListSettings(files=["left.csv"]), place=Place(tmp_path)).rows
    assert rows.select("listed_id", "detail").rows() == [("2", "staff"), ("3", "no reason given")]


def test_a_padded_list_is_found_in_a_padded_log_and_nearly_in_one_that_is_not(
    tmp_path: Path,
) -> None:
    rows = opt_outs(tmp_path, "user_id\nu1   \n").rows
    padded, plain = pl.Series(["u1   ", "u2   "]), pl.Series(["u1", "u2"])
    assert [report(rows, padded)[name] for name in ("n_found", "n_near", "reason")] == [1, 0, None]
    near = report(rows, plain)
    assert (near["n_found"], near["n_near"], near["n_users_nearly"], near["is_usable"]) == (
        0,
        1,
        1,
        True,
    )
    assert (
        near["reason"]
        == "1 of the 1 users that it names are written otherwise in the log (such as 'u1   ' for"
        " 'u1')"
    )


def test_a_list_that_names_nobody_withholds_the_lists_unless_it_is_accepted(tmp_path: Path) -> None:
    rows, users = opt_outs(tmp_path, "user_id\nCRM-1\nCRM-2\n\n").rows, pl.Series([7, 8])
    found = report(rows, users)
    assert (found["n_rows"], found["n_ids"], found["n_not_found"], found["n_blank"]) == (3, 2, 2, 1)
    assert (
        found["reason"]
        == "none of its 2 ids is a user of the log: the first is 'CRM-1', those of the log look"
        " like 7. Is it a list of other ids?"
    )
    holds = hold_contacts(list_holds(pl.DataFrame([found])))
    check_frame(holds, contract_of("contact_holds"))
    assert holds.select("source", "rule", "value", "limit").rows() == [
        ("radar.opt_out_file", UNMATCHED, 0.0, 1.0)
    ]
    accepted = report(rows, users, accept_unmatched=True)
    assert accepted["is_usable"]
    assert list(list_holds(pl.DataFrame([accepted]))) == []
    assert len(list(remarks(pl.DataFrame([accepted])))) == 1  # said all the same


def test_a_list_of_blank_rows_withholds_the_lists(tmp_path: Path) -> None:
    found = report(opt_outs(tmp_path, "user_id,why\n,asked\n ,asked\n").rows, pl.Series([7]))
    assert (found["n_blank"], found["is_usable"], found["reason"]) == (
        2,
        False,
        "none of its 2 rows holds an id",
    )


def test_a_refused_list_and_other_reasons_stand_in_one_table() -> None:
    judged = {
        "source": ["radar.contact_log", "radar.trial"],
        "files": ["sent.csv", "log.csv"],
        "n_files": [0, 0],
        "is_usable": [False, False],
        "sentence": ["sent.csv: no such file", "log.csv: no such file"],
    }
    nothing = pl.DataFrame(schema={"list": pl.String, "listed_id": pl.String})
    found = report_user_lists(pl.DataFrame(judged), nothing, NO_TRIAL, pl.Series([7]))
    other = Hold("ingest.volume_report", "rows", "yesterday had ten times as many rows", 0.1, 0.5)
    assert hold_contacts([*list_holds(found), other]).rows() == [
        ("radar.contact_log", UNREADABLE, "radar.contact_log: sent.csv: no such file", None, None),
        tuple(other),
    ]  # a trial that cannot be read withholds nothing


def test_a_list_is_described_like_a_log(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_bytes(
        "Kunde;Grund;Status\nJosé;Umzug;aktiv\nu2;;alt\n".encode("cp1252")
    )
    described = {"files": "out.csv", "delimiter": ";", "encoding": "cp1252", "user_id": "Kunde",
                 "keep": {"Status": ["aktiv"]}}  # fmt: skip
    radar = RadarSettings.model_validate(
        {
            "strategies": [{"name": "risk", "objective": "revenue_at_risk"}],
            "opt_out_file": described,
            "exclusion_file": {**described, "reason": "Grund"},
            "contact_log": "sent/*.csv",
        }
    )
    assert radar.opt_out_file is not None
    assert radar.exclusion_file is not None
    assert radar.contact_log is not None
    read = read_opt_outs(radar.opt_out_file, place=Place(tmp_path))
    assert read.rows["listed_id"].to_list() == ["José"]
    assert "1 rows skipped by its filters" in read.sentence
    left = read_exclusions(radar.exclusion_file, place=Place(tmp_path)).rows
    assert left.select("listed_id", "detail").rows() == [("José", "Umzug")]
    assert radar.contact_log.files == ["sent/*.csv"]


@pytest.mark.parametrize("written", ['="1234"', '"1,234"', "1.234", "'1234", "1.234E+03"])
def test_who_opted_out_in_the_spelling_of_a_spreadsheet_is_found(
    tmp_path: Path, written: str
) -> None:
    read = opt_outs(tmp_path, f"user_id\n{written}\n")
    found = report(read.rows, pl.Series([1234, 1]))
    assert (found["n_users"], found["n_near"], found["n_not_found"]) == (1, 1, 0)


@pytest.mark.parametrize("column", ["opted_out", "isActive", "Status", "Opt-In"])
def test_a_column_that_seems_to_say_which_rows_count_is_told(tmp_path: Path, column: str) -> None:
    (tmp_path / "out.csv").write_text(f"user_id,{column},since\n1,true,x\n2,false,x\n")
    read = read_opt_outs(UserListSettings(files=["out.csv"]), place=Place(tmp_path))
    assert read.rows.height == 2
    assert f"every row counts, whatever its {column!r} says" in read.sentence
    kept = UserListSettings.model_validate({"files": ["out.csv"], "keep": {column: ["true"]}})
    read = read_opt_outs(kept, place=Place(tmp_path))
    assert read.sentence == "1 rows in 1 file(s), 1 rows skipped by its filters"


def test_a_list_of_which_most_ids_are_unknown_is_told(tmp_path: Path) -> None:
    ids = "\n".join(str(number) for number in range(100, 190))
    found = report(opt_outs(tmp_path, f"user_id\n1\n{ids}\n").rows, pl.Series([1, 2]))
    assert found["is_usable"]
    assert found["reason"] == "90 of its 91 ids are no users of the log (first: '100')"
    half = report(opt_outs(tmp_path, "user_id\n1\n9\n").rows, pl.Series([1, 2]))
    assert half["reason"] is None
