from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.partitions import content_identity, partition_of
from ntg_assets_tests.event_files import (
    accepted,
    bad_rows,
    fates,
    log_settings,
    survey_log,
    write_log,
    write_parquet,
)

FIRST, SECOND = datetime(2024, 3, 1), datetime(2024, 3, 2)
ROWS = ["u1,a", "u2,b"]


def parquet_day(
    home: Path,
    folder: str,
    select: str = "from (values ('u1', 'a'), ('u2', 'b')) _(user_id, item_id)",
) -> Path:
    (home / folder).mkdir(parents=True, exist_ok=True)
    return write_parquet(home, select, name=f"{folder}/part-0.parquet")


def csv_day(home: Path, folder: str, rows: list[str] = ROWS) -> Path:
    return write_log(home, rows, name=f"{folder}/part-0.csv", header="user_id,item_id")


@pytest.mark.parametrize(("write", "ending"), [(parquet_day, "parquet"), (csv_day, "csv")])
def test_days_whose_files_hold_equal_bytes_are_two_days(
    tmp_path: Path, write: Callable[[Path, str], Path], ending: str
) -> None:
    written = [write(tmp_path, f"plays/dt=2024-03-0{day}").read_bytes() for day in (1, 2)]
    assert written[0] == written[1]
    settings = log_settings(f"plays/**/*.{ending}", value=None, event_at="dt")
    assert fates(survey_log(tmp_path, settings)) == [(2, 2, 0, 0), (2, 2, 0, 0)]
    assert accepted(tmp_path, settings, "user_id", "item_id", "event_at") == [
        ("u1", "a", FIRST),
        ("u2", "b", FIRST),
        ("u1", "a", SECOND),
        ("u2", "b", SECOND),
    ]


def test_what_folders_say_belongs_to_the_content_also_where_no_column_is_read_from_them(
    tmp_path: Path,
) -> None:
    for hour in ("05", "06"):
        csv_day(tmp_path, f"plays/dt=2024-03-01/hour={hour}")
    settings = log_settings("plays/**/*.csv", value=None, event_at="dt", duplicates="keep")
    found = survey_log(tmp_path, settings)
    assert found.load_ledger["is_copy"].to_list() == [False, False]
    assert fates(found) == [(2, 2, 0, 0), (2, 2, 0, 0)]


def test_a_copy_below_folders_that_say_the_same_is_a_copy(tmp_path: Path) -> None:
    csv_day(tmp_path, "a/dt=2024-03-01/region=eu")
    csv_day(tmp_path, "b/backup/region=eu/dt=2024-03-01")
    found = survey_log(
        tmp_path, log_settings("**/*.csv", value=None, event_at="dt", duplicates="keep")
    )
    assert found.load_ledger["is_copy"].to_list() == [False, True]
    assert content_identity("0" * 64, partition_of("plays/part-0.csv")) == "0" * 64


def test_values_are_decoded_and_a_value_that_stands_for_none_is_empty(tmp_path: Path) -> None:
    csv_day(tmp_path, "plays/at=2024-03-01 10%3A15%3A00/kind=a%2Fb")
    csv_day(tmp_path, "plays/at=2024-03-02T00:00/kind=__HIVE_DEFAULT_PARTITION__")
    settings = log_settings(
        "plays/**/*.csv", value=None, event_at="at", event_type="kind", max_bad_share=0.5
    )
    found = accepted(tmp_path, settings, "event_at", "event_type")
    assert found == [(datetime(2024, 3, 1, 10, 15), "a/b")] * 2
    assert bad_rows(tmp_path, settings) == [(2, "kind", "is empty"), (3, "kind", "is empty")]


def test_bad_rows_of_equal_files_are_two_rows_of_the_quarantine(tmp_path: Path) -> None:
    for day in (1, 2):
        csv_day(tmp_path, f"plays/dt=2024-03-0{day}", [*ROWS, ",c"])
    found = survey_log(
        tmp_path, log_settings("plays/**/*.csv", value=None, event_at="dt", max_bad_share=0.5)
    ).quarantine
    assert found.select("load_file", "line", "column_name").rows() == [
        (1, 4, "user_id"),
        (2, 4, "user_id"),
    ]
    assert found["quarantine_id"].n_unique() == 2


def test_ids_of_folders_stay_as_written(tmp_path: Path) -> None:
    rows = "select 'a' as item_id, timestamp '2024-03-01' as event_at"
    parquet_day(tmp_path, "plays/user_id=007", rows)
    parquet_day(tmp_path, "plays/user_id=7", rows)
    assert sorted(
        accepted(tmp_path, log_settings("plays/**/*.parquet", value=None), "user_id")
    ) == ["007", "7"]


def test_folders_above_the_project_say_nothing(tmp_path: Path) -> None:
    home = tmp_path / "dt=1999-01-01" / "project"
    write_log(home, ["u,a,2024-03-01,1"])
    found = survey_log(home, log_settings())
    assert found.files[0].partition == ()
    with pytest.raises(SourceError, match="no column 'dt'"):
        survey_log(home, log_settings(event_at="dt"))


@pytest.mark.parametrize(
    ("stored", "said", "is_same"),
    [
        ("timestamp '2024-03-01 20:15'", "2020-01-01", False),
        ("timestamp '2024-03-01 20:15'", "2024-03-01", False),
        ("timestamp '2024-03-01'", "2024-03-01", True),
        ("date '2024-03-01'", "2024-03-01", True),
        ("'2024-03-01'", "2024-03-01 00%3A00", True),
        ("'2024-03-01'", "__HIVE_DEFAULT_PARTITION__", False),
    ],
)
def test_a_folder_that_contradicts_a_column_is_refused(
    tmp_path: Path,
    stored: str,
    said: str,
    is_same: bool,  # noqa: FBT001
) -> None:
    parquet_day(
        tmp_path,
        f"plays/event_at={said}",
        f"select 'u' as user_id, 'a' as item_id, {stored} as event_at",
    )
    settings = log_settings("plays/**/*.parquet", value=None)
    if is_same:
        assert accepted(tmp_path, settings, "event_at") == [FIRST]
        return
    told = (
        r"plays/.*: its folder says event_at=.*, but its column 'event_at'"
        r" \(ingest\.events\.event_at\) holds '2024-03-01.*; 1 row"
    )
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, settings)


def test_one_row_that_contradicts_its_folder_is_enough_in_csv_too(tmp_path: Path) -> None:
    settings = log_settings("*/log.csv", value="month")
    write_log(
        tmp_path,
        ["u,a,2024-03-01,3", "u,b,2024-03-01,03"],
        name="month=03/log.csv",
        header="user_id,item_id,event_at,month",
    )
    assert accepted(tmp_path, settings, "value") == [3.0, 3.0]
    write_log(
        tmp_path,
        ["u,a,2024-03-01,3", "u,b,2024-03-01,4"],
        name="month=03/log.csv",
        header="user_id,item_id,event_at,month",
    )
    with pytest.raises(
        SourceError, match=r"says month=03, but its column 'month' .* holds '4'; 1 row\(s\)"
    ):
        survey_log(tmp_path, settings)


def test_a_path_that_says_two_things_is_refused(tmp_path: Path) -> None:
    csv_day(tmp_path, "plays/dt=2024-03-01/dt=2024-03-02")
    with pytest.raises(
        SourceError, match="its folders say 'dt' twice, '2024-03-01' and '2024-03-02'"
    ):
        survey_log(tmp_path, log_settings("plays/**/*.csv", value=None, event_at="dt"))


def test_files_with_the_column_and_files_with_the_folder_are_one_log(tmp_path: Path) -> None:
    csv_day(tmp_path, "plays/dt=2024-03-01")
    write_log(tmp_path, ["u3,c,2024-03-02"], name="plays/late.csv", header="user_id,item_id,dt")
    settings = log_settings("plays/**/*.csv", value=None, event_at="dt")
    assert sorted(accepted(tmp_path, settings, "user_id", "event_at")) == [
        ("u1", FIRST),
        ("u2", FIRST),
        ("u3", SECOND),
    ]
