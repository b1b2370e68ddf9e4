"""The log of exposures: any column names, every row accounted for,
one clear sentence for what cannot be used.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.off_policy import ShownLogSettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.errors import SourceError
from ntg_assets.off_policy.checks import NOT_CONFIGURED, doubtful_strategies, told_log
from ntg_assets.off_policy.contracts import ShownItems, ShownLogReport
from ntg_assets.off_policy.impressions import ShownLog, no_shown_log, read_shown
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place

IDS = IdTypes("integer", "string")
HEADER = "member,title,ts,slot,pscore,clicked"
GOOD = "1,a,2024-06-01 10:00:00,0,0.25,1"
COLUMNS = {
    "user_id": "member",
    "item_id": "title",
    "shown_at": "ts",
    "position": "slot",
    "propensity": "pscore",
    "reward": "clicked",
}


def read(
    folder: Path,
    rows: Sequence[str],
    *,
    header: str = HEADER,
    share: float = 0.5,
    ids: IdTypes = IDS,
    day_zone: str = "UTC",
    **keys: object,
) -> ShownLog:
    (folder / "shown.csv").write_text("\n".join([header, *rows]) + "\n")
    log = ShownLogSettings.model_validate(
        {"files": ["shown.csv"], **COLUMNS, "first_position": 0, **keys}
    )
    return read_shown(
        log,
        place=Place(folder),
        ids=ids,
        max_bad_share=share,
        day_zone=day_zone,
        possible=PossibleTimes(latest=datetime(2030, 1, 1)),
    )


def test_any_columns_become_exposures_with_places_from_one(tmp_path: Path) -> None:
    found = read(tmp_path, [GOOD, "2,b,2024-06-01T12:00:00+02:00,3,1,0.5"])
    rows = [
        (1, "a", datetime(2024, 6, 1, 10), 1, 0.25, 1.0),
        (2, "b", datetime(2024, 6, 1, 10), 4, 1.0, 0.5),
    ]
    assert found.rows.rows() == rows
    assert found.fates.is_empty()
    check_frame(found.rows, ShownItems, ids=IDS)


@pytest.mark.slow
def test_epochs_zones_and_logs_without_places_are_read(tmp_path: Path) -> None:
    rows = ["1,a,1717236000,0.25,1"]
    found = read(
        tmp_path,
        rows,
        header="member,title,ts,pscore,clicked",
        position=None,
        timestamp_unit="seconds",
    )
    assert found.rows.rows() == [(1, "a", datetime(2024, 6, 1, 10), None, 0.25, 1.0)]
    local = read(tmp_path, [GOOD], timezone="Europe/Berlin")
    assert local.rows["shown_at"].item() == datetime(2024, 6, 1, 8)


@pytest.mark.slow
def test_a_day_is_one_of_the_service_and_a_time_one_of_the_logs_zone(tmp_path: Path) -> None:
    rows = ["1,a,2024-06-01,0,0.25,1", "1,a,2024-06-01 10:00:00,0,0.25,1"]
    found = read(tmp_path, rows, timezone="Europe/Berlin", day_zone="America/Los_Angeles")
    assert found.rows["shown_at"].to_list() == [datetime(2024, 6, 1, 7), datetime(2024, 6, 1, 8)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,a,2024-06-01 10:00:00,0,0,1", "pscore is not above 0"),
        ("1,a,2024-06-01 10:00:00,0,-0.1,1", "pscore is not above 0"),
        ("1,a,2024-06-01 10:00:00,0,1.5,1", "pscore is above 1"),
        ("1,a,2024-06-01 10:00:00,0,,1", "pscore is empty"),
        ("1,a,2024-06-01 10:00:00,0,nan,1", "pscore is no number"),
        ("1,a,2024-06-01 10:00:00,0,0.5,", "clicked is empty"),
        ("1,a,2024-06-01 10:00:00,0,0.5,maybe", "clicked is no number"),
        ("1,a,2024-06-01 10:00:00,-1,0.5,1", "slot is before off_policy.shown.first_position"),
        ("1,a,2024-06-01 10:00:00,top,0.5,1", "slot is no whole number"),
        ("1,a,yesterday,0,0.5,1", "ts is no ISO timestamp"),
        ("1,a,1970-01-20 18:47:31,0,0.5,1", "ts is before earliest_event"),
        ("1,a,2034-06-01 10:00:00,0,0.5,1", "ts lies in the future"),
        ("x,a,2024-06-01 10:00:00,0,0.5,1", "member is no whole number"),
        ("1,,2024-06-01 10:00:00,0,0.5,1", "title is empty"),
        ("1,a,2024-06-01 10:00:00,0,0.5,1,9", "line has too many fields"),
    ],
)
def test_unusable_rows_are_counted_with_their_reason(tmp_path: Path, row: str, reason: str) -> None:
    found = read(tmp_path, [GOOD, row])
    assert found.rows.height == 1
    assert found.fates.rows() == [("rejected", reason, 1)]
    assert found.sentence == f"1 usable rows; 1 rejected ({reason})"


def test_too_many_unusable_rows_refuse_the_log_in_one_sentence(tmp_path: Path) -> None:
    bad = "1,a,2024-06-01 10:00:00,0,1.5,1"
    with pytest.raises(
        SourceError,
        match=(
            r"off_policy.shown: 1 of 2 rows \(50.00%\) cannot be used.*pscore is above 1"
            r" \(1\).*line 3"
        ),
    ):
        read(tmp_path, [GOOD, bad], share=0.01)
    with pytest.raises(
        SourceError,
        match=r"no column 'pscore' \(off_policy.shown.propensity\).*Did you mean 'score'",
    ):
        read(tmp_path, [GOOD], header="member,title,ts,slot,score,clicked")
    with pytest.raises(ValueError, match=r"timezone\n.*is no IANA time zone"):
        read(tmp_path, [GOOD], timezone="Mars")


def test_an_empty_reward_is_nothing_where_the_log_says_so(tmp_path: Path) -> None:
    found = read(tmp_path, [GOOD, "1,a,2024-06-01 11:00:00,0,0.5,"], empty_reward="zero")
    assert found.rows["reward"].to_list() == [1.0, 0.0]


@pytest.mark.slow
def test_repeated_impressions_count_once_unless_they_are_impressions_of_their_own(
    tmp_path: Path,
) -> None:
    assert read(tmp_path, [GOOD, GOOD]).fates.rows() == [("duplicate", "alike in every column", 1)]
    assert read(tmp_path, [GOOD, GOOD], duplicates="keep").rows.height == 2
    other = "1,a,2024-06-01 10:00:00,0,0.25,0"
    # without ids nobody can tell them from two impressions
    assert read(tmp_path, [GOOD, other]).rows.height == 2
    header, named = f"{HEADER},request", [f"{GOOD},r1", f"{other},r1", f"{GOOD},r2", f"{GOOD},r2"]
    found = read(tmp_path, named, header=header, impression_id="request")
    assert found.rows.height == 1
    told = [
        ("rejected", "request has several propensities or rewards", 2),
        ("duplicate", "alike in every column", 1),
    ]
    assert found.fates.rows() == told
    # an id says enough
    assert (
        read(
            tmp_path, named, header=header, impression_id="request", duplicates="keep"
        ).fates.rows()
        == told
    )
    with pytest.raises(
        SourceError,
        match=(
            r"2 of 4 rows tell one impression with several propensities or rewards.*first: request"
            r" 'r1'"
        ),
    ):
        read(tmp_path, named, header=header, impression_id="request", share=0.1)


def test_a_copied_file_counts_once(tmp_path: Path) -> None:
    (tmp_path / "shown-again.csv").write_text(f"{HEADER}\n{GOOD}\n")
    found = read(tmp_path, [GOOD], files=["shown*.csv"])
    assert found.rows.height == 1
    assert found.fates.rows() == [("duplicate", "the file is a copy of another one", 1)]


def test_every_row_of_the_files_has_one_fate(tmp_path: Path) -> None:
    rows = [
        GOOD,
        GOOD,
        "1,a,2024-05-31 10:00:00,0,0.25,1",
        "1,a,2024-06-02 10:00:00,7,0.25,1",
        "1,a,2024-06-02 10:00:00,0,2,1",
    ]
    found = read(tmp_path, rows)
    fates = pl.concat(
        [divide_slots(found.rows, cutoff_at=datetime(2024, 6, 1), list_length=5).fates, found.fates]
    )
    counted = dict(fates.select("fate", "n_rows").iter_rows())
    assert counted == {
        "held_out": 1,
        "before_cutoff": 1,
        "beyond_list": 1,
        "duplicate": 1,
        "rejected": 1,
    }
    check_frame(fates, ShownLogReport)
    assert told_log(fates) == "1 before_cutoff, 1 beyond_list, 1 duplicate, 1 held_out, 1 rejected"


@pytest.mark.slow
def test_rows_come_in_one_order_whatever_the_file(tmp_path: Path) -> None:
    rows = [
        f"{user},a,2024-06-01 10:00:00,{place},0.25,1" for user in range(9) for place in range(3)
    ]
    assert read(tmp_path, rows).rows.equals(read(tmp_path, rows[::-1]).rows)


def test_nothing_configured_is_an_empty_log() -> None:
    found = no_shown_log(IDS)
    assert check_frame(found.rows, ShownItems, ids=IDS).is_empty()
    assert check_frame(found.fates, ShownLogReport).is_empty()
    assert told_log(found.fates) == NOT_CONFIGURED
    assert (
        doubtful_strategies(
            pl.DataFrame(
                schema={"strategy": pl.String, "supports_claim": pl.Boolean, "verdict": pl.String}
            )
        )
        == []
    )


def test_two_keys_for_one_column_are_refused() -> None:
    with pytest.raises(ValueError, match="must be different columns"):
        ShownLogSettings.model_validate({"files": ["a.csv"], "propensity": "p", "reward": "p"})
