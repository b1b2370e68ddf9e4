import hashlib
import os
from datetime import datetime
from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_names import resolve_files
from ntg_assets.sources.files.source_files import raise_if_changed
from ntg_assets_tests.event_files import (
    accepted,
    fates,
    log_settings,
    survey_log,
    write_log,
    write_parquet,
)

ROW = "u,i,2024-01-01,1"


@pytest.mark.parametrize(
    "name",
    [
        "log[1].csv",
        "log*.csv",
        "log?.csv",
        "[a-z].csv",
        "a b'c\".csv",
        "größe.csv",
        "$files.csv",
        "log].csv",
    ],
)
def test_a_literal_name_means_that_file_whatever_signs_it_holds(tmp_path: Path, name: str) -> None:
    write_log(tmp_path, [ROW], name=name)
    write_log(tmp_path, ["x,i,2024-01-01,1"], name="log1.csv")
    write_log(tmp_path, ["x,i,2024-01-01,1"], name="b.csv")
    found = survey_log(tmp_path, log_settings(name))
    assert found.load_ledger["file_name"].to_list() == [name]
    assert accepted(tmp_path, log_settings(name), "user_id") == ["u"]


def test_parquet_names_are_literal_too(tmp_path: Path) -> None:
    write_parquet(
        tmp_path,
        "select 'u' as user_id, 'i' as item_id, timestamp '2024-01-01' as event_at, 1 as value",
        name="log[1].parquet",
    )
    assert accepted(tmp_path, log_settings("log[1].parquet"), "user_id") == ["u"]


def test_globs_find_files_in_folders_and_count_each_once_by_name(tmp_path: Path) -> None:
    for day, user in (("b/2.csv", "second"), ("a/9.csv", "first"), ("c.csv", "third")):
        write_log(tmp_path, [f"{user},i,2024-01-01,1"], name=day)
    found = survey_log(tmp_path, log_settings(["**/*.csv", "c.csv", "b/../c.csv"]))
    assert found.load_ledger.select("load_file", "file_name").rows() == [
        (1, "a/9.csv"),
        (2, "b/2.csv"),
        (3, "c.csv"),
    ]


def test_nothing_found_names_the_neighbours(tmp_path: Path) -> None:
    write_log(tmp_path, [ROW], name="data/ratings.csv")
    with pytest.raises(
        SourceError,
        match=(
            r"^data/rating\.csv: no such file in the project folder\. Its folder holds"
            r" ratings\.csv\."
        ),
    ):
        survey_log(tmp_path, log_settings("data/rating.csv"))
    with pytest.raises(SourceError, match="There is no folder 'nowhere'"):
        survey_log(tmp_path, log_settings("nowhere/*.csv"))


def test_files_outside_the_project_need_to_be_allowed(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    write_log(outside, [ROW])
    with pytest.raises(
        SourceError,
        match=r"^\.\./outside/log\.csv: lies outside the project folder.*ingest\.source_folders",
    ):
        survey_log(home, log_settings("../outside/log.csv"))
    assert accepted(
        home, log_settings("../outside/log.csv", source_folders=[str(outside)]), "user_id"
    ) == ["u"]
    assert accepted(
        home, log_settings(str(outside / "*.csv"), source_folders=[str(outside)]), "user_id"
    ) == ["u"]


def test_a_link_out_of_the_project_is_outside(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    (home / "log.csv").symlink_to(write_log(outside, [ROW]))
    with pytest.raises(SourceError, match="lies outside the project folder"):
        survey_log(home, log_settings())


def test_csv_and_parquet_do_not_mix(tmp_path: Path) -> None:
    write_log(tmp_path, [ROW])
    write_parquet(tmp_path, "select 1 as user_id")
    with pytest.raises(
        SourceError,
        match=r"holds CSV and Parquet files together: log\.csv \(csv\), log\.parquet \(parquet\)",
    ):
        survey_log(tmp_path, log_settings("log.*"))


@pytest.mark.parametrize("name", ["log.txt", "u.data", "ratings"])
def test_text_of_any_name_is_csv(tmp_path: Path, name: str) -> None:
    write_log(tmp_path, [ROW], name=name)
    assert accepted(tmp_path, log_settings(name), "user_id") == ["u"]


def test_the_ledger_holds_the_hash_and_size_of_each_file(tmp_path: Path) -> None:
    content = write_log(tmp_path, [ROW]).read_bytes()
    row = survey_log(tmp_path, log_settings()).load_ledger.row(0, named=True)
    assert (row["sha256"], row["n_bytes"], row["n_lines"]) == (
        hashlib.sha256(content).hexdigest(),
        len(content),
        2,
    )


def test_the_same_content_under_two_names_counts_once(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_log(tmp_path, [ROW, "u,j,2024-01-01,x"], name=name)
    found = survey_log(tmp_path, log_settings("*.csv", max_bad_share=0.5, duplicates="keep"))
    assert fates(found) == [(2, 1, 1, 0), (2, 0, 0, 2)]
    assert found.load_ledger["is_copy"].to_list() == [False, True]
    assert found.quarantine.height == 1


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = write_log(tmp_path, [ROW])
    found = survey_log(tmp_path, log_settings())
    raise_if_changed(found.files)
    os.utime(path, ns=(1, 1))
    with pytest.raises(SourceError, match=r"log\.csv: changed while it was read"):
        raise_if_changed(found.files)


def test_a_file_is_named_once_however_it_is_spelt(tmp_path: Path) -> None:
    path = write_log(tmp_path, [ROW])
    assert resolve_files(["log.csv", "./log.csv", str(path), "*.csv"], home=tmp_path) == [path]


@pytest.mark.slow
def test_a_survey_says_how_much_it_would_store(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,i,2024-01-01,1", "v,i,2024-01-03,1", "w,i,never,1"], name="1.csv")
    write_log(tmp_path, ["v,i,2024-01-03,1", "v,j,2024-01-02,1"], name="2.csv")
    settings = log_settings("*.csv", max_bad_share=0.5)
    extent = survey_log(tmp_path, settings).extent
    assert tuple(extent) == (3, 2, datetime(2024, 1, 1), datetime(2024, 1, 3))
    assert extent.n_events == len(accepted(tmp_path, settings, "user_id"))
