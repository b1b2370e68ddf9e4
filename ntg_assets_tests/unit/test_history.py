"""History is appended: a day that is closed stays, and what older versions kept is taken over."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.contracts import contract_of, schema_of
from ntg_assets.errors import ContractError, StorageError
from ntg_assets.history.days import (
    ASSIGNMENT_DAYS,
    DECISION_DAYS,
    append_days,
    day_files,
    last_day_before,
)
from ntg_assets.history.links import adopt_days
from ntg_assets_tests.nights import FIRST_DAY, IDS, draw

DAY = FIRST_DAY


def append(history: Path, drawn: pl.DataFrame) -> list[Path]:
    return append_days(history, ASSIGNMENT_DAYS, drawn, published_for=DAY, ids=IDS)


def test_the_same_draw_again_writes_nothing_and_another_one_only_what_is_new(
    tmp_path: Path,
) -> None:
    (first,) = append(tmp_path, draw(1, 2))
    bytes_then = first.read_bytes()
    assert append(tmp_path, draw(2, 1)) == []
    (second,) = append(tmp_path, draw(2, 3))
    (third,) = append(tmp_path, draw(1, arm="holdout"))
    assert [file.name for file in (first, second, third)] == [
        "assigned_on=2024-03-01.parquet",
        "assigned_on=2024-03-01.2.parquet",
        "assigned_on=2024-03-01.3.parquet",
    ]
    # who was drawn stays drawn: 1 and 2 by the first, 3 by the second, 1 in the other arm as well
    kept = pl.concat(map(pl.read_parquet, (first, second, third)))
    assert kept.select("user_id", "arm").rows() == [
        (1, "contact"),
        (2, "contact"),
        (3, "contact"),
        (1, "holdout"),
    ]
    assert first.read_bytes() == bytes_then


def test_a_draw_of_nobody_closes_no_day_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    assert append(tmp_path, draw(1).clear()) == []
    with pytest.raises(ContractError, match="propensity"):
        append(tmp_path, draw(1).with_columns(propensity=pl.lit(2.0)))
    assert day_files(tmp_path, ASSIGNMENT_DAYS) == []


def test_days_are_in_the_order_of_their_day_and_number(tmp_path: Path) -> None:
    for users in ((1,), (2,), (3,)):
        append(tmp_path, draw(*users))
    append(tmp_path, draw(4, day=date(2024, 2, 1)))
    found = [(file.day.month, file.number) for file in day_files(tmp_path, ASSIGNMENT_DAYS)]
    assert found == [(2, 1), (3, 1), (3, 2), (3, 3)]
    last = last_day_before(ASSIGNMENT_DAYS, date(2024, 3, 2), history=tmp_path)
    assert last is not None
    assert last["user_id"].to_list() == [3]
    assert last_day_before(ASSIGNMENT_DAYS, date(2024, 2, 1), history=tmp_path) is None


def test_a_damaged_day_is_never_overwritten(tmp_path: Path) -> None:
    (file,) = append(tmp_path, draw(1))
    file.write_bytes(b"no parquet")
    with pytest.raises(StorageError, match=r"data/history/assignments/.* is damaged"):
        append(tmp_path, draw(1))
    assert file.read_bytes() == b"no parquet"


def test_days_among_the_published_files_are_taken_over_once(
    tmp_path: Path,
) -> None:
    old, history = tmp_path / ASSIGNMENT_DAYS.shown_in, tmp_path / "data" / "history"
    old.mkdir(parents=True)
    for day in (date(2024, 1, 1), date(2024, 1, 2)):
        draw(1, day=day).write_parquet(old / ASSIGNMENT_DAYS.file_name(day))
    assert adopt_days(tmp_path, history) == 2
    assert adopt_days(tmp_path, history) == 0
    assert [file.day for file in day_files(history, ASSIGNMENT_DAYS)] == [
        date(2024, 1, 1),
        date(2024, 1, 2),
    ]
    (old / "assigned_on=2024-01-02.parquet").unlink()
    draw(2, day=date(2024, 1, 2)).write_parquet(old / "assigned_on=2024-01-02.parquet")
    assert adopt_days(tmp_path, history) == 1  # other rows of a day: beside those that are there
    assert [file.number for file in day_files(history, ASSIGNMENT_DAYS)] == [1, 1, 2]


def test_each_look_at_an_experiment_is_kept_once_whatever_is_rolled_back(tmp_path: Path) -> None:
    looks = pl.DataFrame(
        {name: ["a" * 64] for name in schema_of(contract_of("decisions"), IDS).columns}
    ).with_columns(
        horizon_days=pl.lit(None, pl.Int64),
        is_readout_valid=pl.lit(value=True),
        decision=pl.lit("iterate"),
        rule_decision=pl.lit("iterate"),
        source=pl.lit("observed"),
        tests=pl.lit(None, pl.String),
        readout_key=pl.lit("b" * 16),
    )
    other = looks.with_columns(receipt_sha256=pl.lit("c" * 64))
    for day, rows in ((1, looks), (2, looks), (2, other), (3, other)):
        append_days(tmp_path, DECISION_DAYS, rows, published_for=date(2024, 3, day), ids=IDS)
    assert [file.path.name for file in day_files(tmp_path, DECISION_DAYS)] == [
        "as_of_on=2024-03-01.parquet",
        "as_of_on=2024-03-02.parquet",
    ]
