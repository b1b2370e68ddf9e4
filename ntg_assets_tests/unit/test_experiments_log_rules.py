"""The logs of an experiment follow the rules of the events: times that can be true,
equal rows once, and what is left out is said.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs.log_rules import LogRules, log_rules
from ntg_assets_tests.trials import Concluded, conclude, trial, write_logs

START = datetime(2026, 1, 5)
RULES = LogRules(latest=START + timedelta(days=40))
Rows = list[tuple[Any, ...]]


def seen(n: int = 60) -> Rows:
    return [(unit, "ab"[unit % 2], START + timedelta(days=14 * unit / n)) for unit in range(n)]


def orders(n: int = 60, *, until_day: int = 29) -> Rows:
    """Two orders a unit in the first days; arm b's are worth more; the log goes on until a day."""
    rows = [
        (unit, at + timedelta(days=day), "buy", unit % 4 + 2 * (arm == "b") + day)
        for unit, arm, at in seen(n)
        for day in (1, 2)
    ]
    return [*rows, (9999, START + timedelta(days=until_day), "buy", 1)]


def concluded(home: Path, did: Rows, *, exposed: Rows | None = None, **changes: Any) -> Concluded:
    write_logs(home, seen=exposed or seen(), did=did)
    return conclude(trial(planned_units=60, **changes), home, rules=RULES)


@pytest.mark.slow
def test_rows_loaded_twice_change_nothing_and_are_counted(tmp_path: Path) -> None:
    once, twice = concluded(tmp_path, orders()), concluded(tmp_path, orders() * 2)
    assert once.readouts["revenue"]["difference"] > 2
    assert {**twice.readouts["revenue"]} == once.readouts["revenue"]
    assert (
        once.verdicts("rows_that_count:outcomes"),
        twice.verdicts("rows_that_count:outcomes"),
    ) == (["healthy"], ["warning"])
    assert (
        f"121 outcomes count; left out are 0 whose time cannot be true and {60 * 2 + 1} equal"
        in (twice.checks["rows_that_count:outcomes"]["sentence"])
    )
    assert once.decision["decision"] == twice.decision["decision"]


@pytest.mark.slow
def test_equal_rows_are_kept_where_the_log_says_so(tmp_path: Path) -> None:
    log = {"files": ["did.csv"], "event_type": "kind", "value": "value"}
    kept = concluded(tmp_path, orders() * 2, source={"outcomes": log | {"duplicates": "keep"}})
    once = concluded(tmp_path, orders())
    assert kept.readouts["revenue"]["difference"] == pytest.approx(
        2 * once.readouts["revenue"]["difference"]
    )
    base = (1, START, "buy", 5)
    others = [
        base,
        (2, START, "buy", 5),
        (1, START + timedelta(seconds=1), "buy", 5),
        (1, START, "rent", 5),
        (1, START, "buy", None),
    ]
    write_logs(tmp_path, seen=seen(), did=[*others, base, others[-1]])
    assert logs.read_outcome_logs([trial()], home=tmp_path).height == len(others)


@pytest.mark.slow
@pytest.mark.parametrize(
    "at", [datetime(2099, 1, 1), datetime(1899, 12, 31), START + timedelta(days=41)]
)
def test_an_outcome_at_an_impossible_time_ends_no_window_and_is_counted(
    tmp_path: Path, at: datetime
) -> None:
    """The log ends before any window is over; a row of 2099 must not make them so."""
    short = orders(until_day=15)
    without, stray = concluded(tmp_path, short), concluded(tmp_path, [*short, (1, at, "buy", 3)])
    assert (
        stray.checks["exposures_in_time"]["sentence"]
        == without.checks["exposures_in_time"]["sentence"]
    )
    assert stray.readouts == without.readouts
    assert (
        "left out are 1 whose time cannot be true"
        in stray.checks["rows_that_count:outcomes"]["sentence"]
    )
    assert stray.contents.filter(pl.col("log") == "outcomes")["n_out_of_time"].sum() == 1


@pytest.mark.slow
def test_an_exposure_of_the_future_is_left_out_and_counted(tmp_path: Path) -> None:
    found = concluded(tmp_path, orders(), exposed=[*seen(), (77, "a", datetime(2099, 1, 1))])
    assert found.checks["sample_ratio"]["sentence"].startswith("units per arm 30 : 30 ")
    assert (
        "60 exposures count; left out are 1 whose time cannot be true"
        in found.checks["rows_that_count:exposures"]["sentence"]
    )


@pytest.mark.slow
def test_too_many_impossible_times_refuse_the_log_with_numbers_and_the_first(
    tmp_path: Path,
) -> None:
    wrong = [(unit, datetime(2099, 1, 1), "buy", unit) for unit in range(11)]
    with pytest.raises(
        SourceError,
        match=r"outcomes: 11 of 132 rows lie outside .*first: 2099-01-01.*max_bad_share = 0.01",
    ):
        concluded(tmp_path, [*orders(), *wrong])
    # ten are counted, however short the log
    assert concluded(tmp_path, [*orders(), *wrong[1:]]).readouts["revenue"]["p"] is not None
    with pytest.raises(SourceError, match="3 of 5 rows lie outside"):
        concluded(tmp_path, [*orders()[:2], *wrong[:3]])


@pytest.mark.slow
def test_a_row_of_a_wrong_year_ends_no_window_though_its_time_could_be_true(tmp_path: Path) -> None:
    """The clock stands a year later, so the row is possible;
    nothing came for eleven months before it.
    """
    short, later = orders(until_day=15), START + timedelta(days=350)
    write_logs(tmp_path, seen=seen(), did=[*short, (1, later, "buy", 3)])
    found = conclude(
        trial(planned_units=60), tmp_path, rules=LogRules(latest=START + timedelta(days=400))
    )
    assert (
        found.checks["exposures_in_time"]["sentence"]
        == concluded(tmp_path, short).checks["exposures_in_time"]["sentence"]
    )
    assert found.verdicts("log_end:outcomes") == ["warning"]
    assert (
        "until 2026-01-20, and not with the 1 rows half a year"
        in found.checks["log_end:outcomes"]["sentence"]
    )


@pytest.mark.slow
def test_a_row_some_weeks_after_the_last_order_ends_the_windows_before_it(tmp_path: Path) -> None:
    found = concluded(tmp_path, orders(until_day=39))
    assert found.checks["exposures_in_time"]["sentence"].startswith(
        "0 of 60 exposures came too late"
    )
    assert "log_end:outcomes" not in found.checks


@pytest.mark.slow
def test_values_that_are_no_numbers_are_counted_and_make_no_claim(tmp_path: Path) -> None:
    found = concluded(
        tmp_path,
        [
            *orders(),
            (1, START + timedelta(days=3), "buy", "inf"),
            (2, START + timedelta(days=3), "buy", "nan"),
        ],
    )
    assert found.contents.filter(pl.col("log") == "outcomes")["n_not_finite"].sum() == 2
    assert "2 an infinite or impossible one" in found.checks["complete_values:revenue"]["sentence"]
    assert not found.readouts["revenue"]["is_valid"]


def test_the_rules_are_those_of_the_events_with_a_day_for_clocks() -> None:
    known: Any = {"events": {"files": ["x.csv"]}}
    rules = log_rules(IngestSettings.model_validate(known), max_bad_share=0.02, now=START)
    assert rules == LogRules(datetime(1990, 1, 1), START + timedelta(days=1), 0.02)
    fixed = known | {"earliest_event": "2025-01-01", "latest_event": "2026-02-01"}
    assert log_rules(
        IngestSettings.model_validate(fixed), max_bad_share=0.02, now=START
    ).latest == datetime(2026, 2, 1)


@pytest.mark.slow
def test_units_that_leave_one_arm_alone_are_said(tmp_path: Path) -> None:
    """Who comes more often sees another arm sooner: eleven units of b saw a as well, none of a saw
    b. Of eleven even chances all fall on one side once in 2^10: p is twice a tail.
    """
    exposed = seen(2_400)
    back = [(2 * unit + 1, "a", START + timedelta(days=15)) for unit in range(11)]
    found = concluded(tmp_path, orders(2_400), exposed=[*exposed, *back])
    check = found.checks["left_out_alike"]
    assert (check["verdict"], found.decision["decision"]) == ("sick", "iterate")
    assert check["value"] == pytest.approx(2 * 0.5**11)
    assert "(0 of 1,200 in a, 11 of 1,200 in b; p = 0.00098)" in check["sentence"]
    assert found.verdicts("one_arm_per_unit") == ["healthy"]
    mixed = [(unit, "ba"[unit % 2], START + timedelta(days=15)) for unit in range(11)]
    again = concluded(tmp_path, orders(2_400), exposed=[*exposed, *mixed])
    assert again.verdicts("left_out_alike") == ["healthy"]


@pytest.mark.slow
def test_units_in_several_arms_are_counted_as_units(tmp_path: Path) -> None:
    """Of 300 units three saw both arms: 1%, which is not more than 1%,
    though six exposures of 303 are.
    """
    both = [(unit, "ba"[unit % 2], START + timedelta(days=15)) for unit in range(3)]
    found = concluded(tmp_path, orders(300, until_day=39), exposed=[*seen(300), *both])
    assert (
        found.checks["one_arm_per_unit"]["sentence"]
        == "3 of 300 units saw several arms; they are left out"
    )
    assert (
        found.checks["assigned_arm_seen"]["sentence"]
        == "3 of 300 units saw an arm that they were not given"
    )
    assert found.verdicts("one_arm_per_unit", "assigned_arm_seen") == ["healthy", "healthy"]
    one_more = [*both, (3, "a", START + timedelta(days=15))]
    found = concluded(tmp_path, orders(300, until_day=39), exposed=[*seen(300), *one_more])
    assert found.verdicts("one_arm_per_unit", "assigned_arm_seen") == ["sick", "sick"]
