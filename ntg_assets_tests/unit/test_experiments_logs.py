"""Experiments on logs of the user's own: strict reading, windows around the exposure,
nothing pooled with a replay.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.bucketing import assign
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs import kept_assignments
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.local_days import with_event_on
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import EVENT_SCHEMA

EXPOSURES = """user_id,arm,seen
1,a,2026-01-10T12:00:00Z
1,a,2026-01-11T12:00:00Z
2,b,2026-01-10T14:00:00+02:00
3,a,2026-01-10
3,b,2026-01-12
4,b,2026-01-28
"""
METRICS = [
    {"name": "revenue", "kind": "revenue", "measure": "value", "event_types": ["buy"], "lowest": 0},
    {"name": "days", "measure": "active_days"},
    {
        "name": "order_value",
        "kind": "ratio",
        "measure": "value",
        "denominator": "events",
        "event_types": ["buy"],
    },
    {"name": "back", "kind": "retention", "measure": "any", "from_day": 3},
]


def definition(**changes: Any) -> ExperimentSettings:
    source = {
        "kind": "log",
        "exposures": {"files": ["seen.csv"], "exposed_at": "seen"},
        "window_days": 7,
        "pre_period_days": 7,
    }
    known = {
        "id": "checkout",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": source | changes.pop("source", {}),
        "metrics": METRICS,
        "primary_metric": "revenue",
        "planned_units": 4,
    }
    return ExperimentSettings.model_validate(known | changes)


def event(user: int, at: str, kind: str = "buy", value: float | None = 1.0) -> tuple[Any, ...]:
    return (user, 7, datetime.fromisoformat(at), kind, value, 1.0)


def events(*rows: tuple[Any, ...]) -> pl.DataFrame:
    schema: Any = EVENT_SCHEMA
    return with_event_on(pl.DataFrame([*rows, event(9, "2026-01-20")], schema=schema, orient="row"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "seen.csv").write_text(EXPOSURES, encoding="utf-8")
    return tmp_path


def measured(
    home: Path, log: pl.DataFrame, **changes: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    one = definition(**changes)
    outcomes = logs.read_outcome_logs([one], home=home)
    found = run(
        log_tables.log_unit_metrics(
            logs.read_exposure_logs([one], home=home),
            events=log,
            outcome_log=outcomes,
            definitions=[one],
        )
    )
    return {(row["unit_id"], row["metric"]): row for row in found.iter_rows(named=True)}


def test_exposures_are_read_in_utc_and_counted_once_per_unit_and_arm(home: Path) -> None:
    found = logs.read_exposure_logs([definition()], home=home)
    rows = {(row["unit_id"], row["arm"]): row for row in found.iter_rows(named=True)}
    assert rows["1", "a"]["n_exposures"] == 2
    assert rows["2", "b"]["first_exposed_at"] == datetime(2026, 1, 10, 12)
    assert rows["1", "a"]["window_end_at"] == datetime(2026, 1, 17, 12)
    assert set(found["source"]) == {"observed"}


def test_only_what_happened_in_the_window_counts_and_the_time_before_is_the_covariate(
    home: Path,
) -> None:
    log = events(
        event(1, "2026-01-03T11:59", value=100.0),  # before the pre-period
        event(1, "2026-01-03T12:00", value=5.0),  # the pre-period is closed at its start
        event(1, "2026-01-10T11:59", value=7.0),
        event(1, "2026-01-10T12:00", value=2.0),  # the window is closed at its start
        event(1, "2026-01-12T12:00", value=3.0),
        event(1, "2026-01-13T12:00", kind="view", value=50.0),
        event(1, "2026-01-17T12:00", value=100.0),  # and open at its end
    )
    found = measured(home, log)
    assert (found["1", "revenue"]["value"], found["1", "revenue"]["covariate"]) == (
        2.0 + 3.0,
        5.0 + 7.0,
    )
    assert (found["1", "order_value"]["value"], found["1", "order_value"]["denominator"]) == (
        5.0,
        2.0,
    )
    assert found["1", "order_value"]["covariate_denominator"] == 2.0
    assert (found["1", "days"]["value"], found["1", "days"]["covariate"]) == (3.0, 2.0)
    assert found["1", "back"]["value"] == 1.0
    assert found["2", "back"]["value"] == found["2", "revenue"]["value"] == 0.0


def test_a_unit_in_two_arms_and_one_whose_window_is_not_over_are_not_read_out(home: Path) -> None:
    assert {unit for unit, _ in measured(home, events())} == {"1", "2"}


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        (None, "n_null"),
        (float("inf"), "n_unusable"),
        (float("nan"), "n_unusable"),
        (-5.0, "n_unusable"),
    ],
)
def test_a_value_that_is_missing_infinite_or_negative_where_it_cannot_be_is_counted_apart(
    home: Path, value: float | None, counted: str
) -> None:
    one = definition()
    log = events(event(1, "2026-01-11", value=value), event(1, "2026-01-11", value=1.0))
    found = run(
        log_tables.log_unit_metrics(
            logs.read_exposure_logs([one], home=home), events=log, definitions=[one]
        )
    )
    sums = run(summed_tables.metric_sums(found, definitions=[one])).filter(
        (pl.col("metric") == "revenue") & (pl.col("arm") == "a")
    )
    assert (sums["n"].item(), sums[counted].item()) == (0, 1)


def test_an_outcome_log_of_its_own_replaces_the_interaction_log(home: Path) -> None:
    outcomes = "unit,at,kind,amount\n1,2026-01-11,buy,4.5\n2,2026-01-12,buy,\n9,2026-01-25,buy,1\n"
    (home / "paid.csv").write_text(outcomes, encoding="utf-8")
    mapping = {
        "files": ["paid.csv"],
        "unit_id": "unit",
        "happened_at": "at",
        "event_type": "kind",
        "value": "amount",
    }
    found = measured(
        home, events(event(1, "2026-01-11", value=100.0)), source={"outcomes": mapping}
    )
    assert (found["1", "revenue"]["value"], found["2", "revenue"]["value"]) == (4.5, None)


def test_the_first_arm_seen_is_the_arm_given_unless_the_hash_gave_it(home: Path) -> None:
    for assigned_by in ("log", "hash"):
        one = definition(source={"assigned_by": assigned_by})
        programme = ExperimentsSettings(definitions=[one])
        log = logs.read_exposure_logs([one], home=home)
        lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
        found = run(tables.assignments(lists, programme=programme, exposure_log=log))
        assert set(found["is_kept"]) == {assigned_by == "log"}
        if assigned_by == "log":
            assert dict(found.select("unit_id", "arm").iter_rows()) == {
                "1": "a",
                "2": "b",
                "3": "a",
                "4": "b",
            }


def test_kept_assignments_stay_when_the_weights_change(home: Path) -> None:
    one = definition(
        source={"assigned_by": "hash"},
        arms=[{"name": "a", "weight": 1}, {"name": "b", "weight": 1000}],
        kept_assignments="kept.parquet",
    )
    log = logs.read_exposure_logs([one], home=home)
    lists = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
    programme = ExperimentsSettings(definitions=[one])
    assert kept_assignments.read_kept_assignments([one], home=home).is_empty()
    pl.DataFrame(
        {"experiment": "checkout", "unit_id": ["1", "2"], "arm": ["a", "a"], "bucket": 0}
    ).write_parquet(home / "kept.parquet")
    kept = kept_assignments.read_kept_assignments([one], home=home)
    found = run(tables.assignments(lists, programme=programme, exposure_log=log, kept=kept))
    assert dict(found.select("unit_id", "arm").iter_rows()) == {
        "1": "a",
        "2": "a",
        "3": "b",
        "4": "b",
    }


def test_a_ramp_lets_more_units_in_and_none_out() -> None:
    one = definition(
        source={"assigned_by": "hash"},
        ramp=[{"from_on": "2026-01-01", "share": 0.1}, {"from_on": "2026-02-01", "share": 1.0}],
    )
    programme = ExperimentsSettings(definitions=[one])
    days = [datetime(2025, 12, 31).date(), datetime(2026, 1, 5).date(), datetime(2026, 2, 5).date()]
    arms = [[assign(unit, one, programme, on=day).arm for unit in range(2_000)] for day in days]
    assert all(arm is None for arm in arms[0])
    assert sum(arm is not None for arm in arms[1]) == pytest.approx(200, abs=60)
    assert all(early in (None, late) for early, late in zip(arms[1], arms[2], strict=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (EXPOSURES.replace("seen", "sen"), "Did you mean 'sen'"),
        (EXPOSURES.replace("2026-01-28", "soon"), "1 of 6 rows hold no day or time in seen"),
        (EXPOSURES.replace("4,b", "4,c"), "arms it does not have \\('c'\\); it has a, b"),
        (EXPOSURES.replace("4,b", ",b"), "1 of 6 rows name no unit"),
    ],
)
def test_a_log_that_cannot_be_read_is_refused_in_one_sentence(
    home: Path, content: str, message: str
) -> None:
    (home / "seen.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        logs.read_exposure_logs([definition()], home=home)


@pytest.mark.parametrize("written", ["A", " a ", "a"])
def test_an_arm_is_one_however_it_is_written_and_that_is_said(home: Path, written: str) -> None:
    as_it_is = logs.read_exposure_logs([definition()], home=home)
    (home / "seen.csv").write_text(EXPOSURES.replace("1,a", f"1,{written}"), encoding="utf-8")
    one = definition()
    read = logs.read_experiment(one, files=LogFiles(home))
    assert read.exposures["arm"].to_list() == as_it_is["arm"].to_list()
    assert ("write an arm otherwise ('A' for 'a')" in read.sentence) == (written == "A")


def test_a_word_for_none_among_the_units_is_told(home: Path) -> None:
    (home / "seen.csv").write_text(EXPOSURES.replace("1,a", "NULL,a"), encoding="utf-8")
    read = logs.read_experiment(definition(), files=LogFiles(home))
    assert "rows are of the unit 'NULL'; if that means empty, set `null_words`" in read.sentence


def test_a_log_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"exposures: seen\.csv: no such file"):
        logs.read_exposure_logs([definition()], home=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": []}, "needs its metrics named"),
        ({"planned_units": None}, "needs planned_units"),
        ({"planned_looks": [0.5, 0.9]}, "must rise from above 0 to 1"),
        ({"comparison": "paired"}, "pairs do not exist"),
        ({"primary_metric": "clicks"}, "'clicks' is not measured"),
        ({"metrics": [{"name": "revenue", "kind": "ratio"}]}, "a ratio needs a denominator"),
        (
            {"metrics": [{"name": "revenue", "kind": "retention", "measure": "value"}]},
            "needs measure 'any'",
        ),
        ({"metrics": [{"name": "revenue"}, {"name": "revenue"}]}, "two metrics have one name"),
        (
            {
                "ramp": [
                    {"from_on": "2026-01-01", "share": 0.5},
                    {"from_on": "2026-01-02", "share": 0.4},
                ]
            },
            "must rise",
        ),
    ],
)
def test_a_definition_on_logs_that_cannot_work_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        definition(**changes)


def test_only_the_eligible_segments_take_part(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text(
        "user_id,arm,seen,country\n1,a,2026-01-10,at\n2,b,2026-01-10,de\n", encoding="utf-8"
    )
    source = {"exposures": {"files": ["seen.csv"], "exposed_at": "seen", "segment": "country"}}
    found = logs.read_exposure_logs(
        [definition(source=source, eligible_segments=["at"])], home=tmp_path
    )
    assert found["unit_id"].to_list() == ["1"]
    with pytest.raises(
        SourceError, match="no exposure lies in the eligible segment 'fr'; the log has at, de"
    ):
        logs.read_exposure_logs(
            [definition(source=source, eligible_segments=["fr"])], home=tmp_path
        )
    with pytest.raises(ValidationError, match="needs an exposure log with a column of segments"):
        definition(eligible_segments=["at"])


def test_a_unit_that_the_outcomes_do_not_know_is_refused() -> None:
    with pytest.raises(
        ValidationError,
        match="the interaction log knows users only, not the unit 'household': name an outcome log",
    ):
        definition(unit="household")
    assert (
        definition(unit="household", source={"outcomes": {"files": ["paid.csv"]}}).unit
        == "household"
    )
