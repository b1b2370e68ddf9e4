"""Folders in place of files, and the markers that engines leave beside their files."""

from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_names import find_paths
from ntg_assets_tests.event_files import accepted, log_settings, survey_log, write_log

ROW = "u,i,2024-01-01,1"
MARKERS = [
    "_SUCCESS",
    "_committed_17",
    "part-0.csv.crc",
    "notes.csv~",
    "_delta_log/0.csv",
    ".hidden/1.csv",
    "_temporary/0/part-1.csv",
]


def write_markers(home: Path) -> None:
    for marker in MARKERS:
        (home / "plays" / marker).parent.mkdir(parents=True, exist_ok=True)
        (home / "plays" / marker).write_bytes(b"")


@pytest.mark.parametrize("pattern", ["plays/*", "plays/**/*", "pl*/*", "plays/**"])
def test_markers_are_passed_over_and_said(tmp_path: Path, pattern: str) -> None:
    write_log(tmp_path, [ROW], name="plays/part-0.csv")
    write_markers(tmp_path)
    found = survey_log(tmp_path, log_settings(pattern))
    assert found.load_ledger["file_name"].to_list() == ["plays/part-0.csv"]
    (note,) = found.notes
    assert "passed over as markers" in note
    assert "plays/_SUCCESS" in note


@pytest.mark.slow
def test_a_pattern_that_spells_the_beginning_out_means_it(tmp_path: Path) -> None:
    write_log(tmp_path, [ROW], name="_export/_part-0.csv")
    assert accepted(tmp_path, log_settings("_export/_*.csv"), "user_id") == ["u"]
    assert accepted(tmp_path, log_settings("_export/_part-0.csv"), "user_id") == ["u"]
    assert survey_log(tmp_path, log_settings("_export/_*.csv")).notes == ()


def test_a_partition_folder_is_no_marker(tmp_path: Path) -> None:
    file = write_log(tmp_path, [ROW], name="plays/_dt=2024-01-01/part-0.csv")
    assert find_paths(["plays/**/*.csv"], home=tmp_path).paths == (file,)


def test_nothing_but_markers_is_no_data(tmp_path: Path) -> None:
    write_markers(tmp_path)
    with pytest.raises(SourceError, match=r"^plays/\*: finds no data\. .* passed over as markers"):
        survey_log(tmp_path, log_settings("plays/*"))


@pytest.mark.parametrize(
    ("file", "pattern", "told"),
    [
        (
            "plays/part-0.csv",
            "plays",
            r"is a folder\. Name the files in it, for example 'plays/\*\.csv'",
        ),
        ("plays/part-0.csv", "plays/", r"'plays/\*\.csv'"),
        ("plays/dt=1/a.parquet", "plays", r"'plays/\*\*/\*\.parquet'"),
        (
            "plays/dt=1/a.csv.gz",
            "plays/*",
            r"finds 1 folder\(s\), no file\. .* 'plays/\*/\*\.csv\.gz'",
        ),
        ("plays/a.bin", "plays", r"'plays/\*\*/\*'"),
    ],
)
def test_a_folder_in_place_of_files_is_told_with_a_pattern_that_finds_them(
    tmp_path: Path, file: str, pattern: str, told: str
) -> None:
    write_log(tmp_path, [ROW], name=file)
    with pytest.raises(SourceError, match=f"^{pattern.replace('*', '.')}: .*{told}"):
        survey_log(tmp_path, log_settings(pattern))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "plays").mkdir()
    with pytest.raises(SourceError, match=r"^plays: is a folder, and holds no file"):
        survey_log(tmp_path, log_settings("plays"))


def test_folders_that_match_beside_files_are_said(tmp_path: Path) -> None:
    for name in ("plays/a.csv", "plays/2023/b.csv", "plays/empty/c/.keep"):
        write_log(tmp_path, ["u,i,2024-01-01,1"], name=name)
    (tmp_path / "plays/none").mkdir()
    found = survey_log(tmp_path, log_settings("plays/*"))
    (told,) = found.notes
    assert told.startswith("1 folder(s) match beside the files, and what lies in them is not read:")
    assert "plays/2023." in told
    assert not survey_log(tmp_path, log_settings("plays/**/*.csv")).notes
    assert not find_paths(["plays/**/*"], home=tmp_path).folders
