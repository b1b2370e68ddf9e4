"""A step is left only when it would come out just so: whatever else changed, it is made again, and
its table is then the same as that of a run that remembers nothing.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import duckdb
import polars as pl
import pytest

from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.engines import duckdb_engine
from ntg_assets.events import assets as events
from ntg_assets.landing import assets as landing
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.remembered_steps import REUSED
from ntg_assets.orchestration.remembering import memory
from ntg_assets.orchestration.remembering.code import code_of
from ntg_assets.orchestration.remembering.touched import leaves, watched
from ntg_assets.splits import assets as splits
from ntg_assets_tests.workspaces import HOME, Workspace

CONFIG = """
ingest:
  source_name: seven users
  events:
    files: [log/*.csv]
    user_id: userId
    item_id: movieId
    event_at: timestamp
    value: rating
    constant_event_type: rating
    user_id_type: integer
    item_id_type: integer
    timestamp_unit: seconds
split: {boundaries: last_days, val_days: 5, test_days: 5}
"""
ASSETS = [
    landing.fetched_files,
    events.source_files,
    *events.volume_report,
    *splits.event_calendar,
    *splits.split_boundaries,
    *splits.train_events,
    *splits.val_events,
    *splits.test_events,
    *splits.split_report,
]
BACKTEST = [asset for asset in ASSETS if not any(key.path[0] == "live" for key in asset.keys)]
SPLIT = {"split_boundaries", "train_events", "val_events", "test_events"}


class Night(NamedTuple):
    """What became of each table in a run."""

    made: set[str]
    left: set[str]
    succeeded: bool


def write_log(folder: Path, *, days: int = 60, value: float = 3.0) -> Path:
    """Write a log in which each of seven users rates one film a day."""
    rows = pl.DataFrame(
        [(user, 100 + (user + day) % 9, value, day) for user in range(1, 8) for day in range(days)],
        schema={"userId": pl.Int64, "movieId": pl.Int64, "rating": pl.Float64, "day": pl.Int64},
        orient="row",
    )
    log = folder / "log" / "ratings.csv"
    log.parent.mkdir(exist_ok=True)
    start = 1_600_000_000
    rows.with_columns(timestamp=start + 86_400 * pl.col("day")).drop("day").write_csv(log)
    return log


def night(folder: Path, *, remake: bool = False, **changes: Any) -> Night:
    """Run ingest and the splits."""
    (folder / "ntg.yaml").write_text(CONFIG)
    overrides = {key.replace("__", "."): value for key, value in changes.items()}
    project = Project(overrides={"workspace": str(folder), **overrides}, remake=remake)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NTG_HOME", str(folder))
        result = dg.materialize(
            BACKTEST,
            resources={
                "project": project,
                "io_manager": NtgDuckDBIOManager(project=project, database="unused"),
            },
            raise_on_error=False,
            instance=dg.DagsterInstance.ephemeral(),
        )
    found = [event.materialization for event in result.get_asset_materialization_events()]
    left = {one.asset_key.path[-1] for one in found if REUSED in one.metadata}
    without = [one.asset_key.path[-1] for one in found if "sample" not in one.metadata]
    assert without == []  # a table that is left shows its rows as one that was made
    return Night({one.asset_key.path[-1] for one in found} - left, left, result.success)


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after two nights on one log: the second keeps what the first has begun."""
    folder = tmp_path_factory.mktemp("nights")
    write_log(folder)
    first = night(folder)
    assert first.succeeded
    assert not first.left
    assert night(folder).made == {"volume_report"}  # it has written into what it reads
    return folder


@pytest.fixture
def workspace(first_night: Path, tmp_path: Path) -> Iterator[Path]:
    """The same workspace, for one test to change: its folder keeps its name."""
    kept = tmp_path / "kept"
    shutil.copytree(first_night, kept)
    yield first_night
    shutil.rmtree(first_night)
    shutil.copytree(kept, first_night)


def hashes(folder: Path) -> dict[str, str]:
    return Workspace(folder).hashes()


def same_as_made_again(folder: Path, **changes: Any) -> None:
    """Hold the tables against those of a run that remembers nothing."""
    remembered = hashes(folder)
    again = night(folder, remake=True, **changes)
    assert again.succeeded
    assert not again.left
    assert remembered == hashes(folder)


@pytest.mark.slow
def test_nothing_is_made_where_nothing_has_changed(workspace: Path) -> None:
    before = hashes(workspace)
    third = night(workspace)
    assert third.succeeded
    assert third.made == set()
    assert hashes(workspace) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ({"split__val_days": 7}, SPLIT | {"split_report"}),
        ({"churn__horizon_days": 14, "ranking__top_k": 7}, set()),  # nobody here looks at them
        ({"seed": 7}, set()),
        # other settings of the load, the same rows: what reads them goes no further
        (
            {"ingest__max_bad_share": 0.2},
            {
                "items",
                "item_categories",
                "events",
                "quarantine",
                "load_ledger",
                "volume_report",
                "event_calendar",
                "split_boundaries",
            },
        ),
    ],
    ids=["looked at", "not looked at", "seed", "same outcome"],
)
def test_a_setting_makes_what_looks_at_it(
    workspace: Path, changes: dict[str, Any], made: set[str]
) -> None:
    assert night(workspace, **changes).made == made
    if made:
        same_as_made_again(workspace, **changes)


def more_days(folder: Path) -> None:
    write_log(folder, days=61)


def another_value_in_place(folder: Path) -> None:
    log = write_log(folder, value=4.0)  # as many bytes, and as old as before
    os.utime(log, (1_600_000_000, 1_600_000_000))


def another_file(folder: Path) -> None:
    shutil.copyfile(folder / "log" / "ratings.csv", folder / "log" / "again.csv")


def one_row_less(folder: Path) -> None:
    statement = "delete from backtest.train_events where user_id = 1"
    _damage(folder, statement)


def one_value_changed(folder: Path) -> None:
    _damage(folder, "update backtest.train_events set value = 5 where user_id = 1")


def gone(folder: Path) -> None:
    _damage(folder, "drop table backtest.train_events")


def another_type(folder: Path) -> None:
    _damage(folder, "alter table backtest.train_events alter user_id type integer")


def torn_record(folder: Path) -> None:
    file = folder / "data" / "warehouse" / "made" / "backtest__train_events.json"
    file.write_bytes(file.read_bytes()[:100])


def _damage(folder: Path, statement: str) -> None:
    with duckdb.connect(str(Workspace(folder).warehouse)) as store:
        store.execute(statement)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "made"),
    [
        (more_days, {"events", "train_events", "test_events"}),
        (another_value_in_place, {"events", "train_events", "val_events", "test_events"}),
        (another_file, {"load_ledger"}),
        (one_row_less, {"train_events"}),
        (one_value_changed, {"train_events"}),
        (gone, {"train_events"}),
        (another_type, {"train_events"}),
        (torn_record, {"train_events"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_was_changed_from_outside_is_made_again(
    workspace: Path, change: Callable[[Path], None], made: set[str]
) -> None:
    before = hashes(workspace)
    change(workspace)
    after = night(workspace)
    assert after.succeeded
    assert made <= after.made
    if made == {"train_events"}:
        assert after.made == made  # what reads it sees the same rows
        assert hashes(workspace) == before
    elif change is more_days:
        same_as_made_again(workspace)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "answer", "is_made"),
    [
        ("code_of", lambda module: {"taste/taste_graph.py": module}, True),
        ("environment", lambda: {"duckdb": "0"}, True),
        ("zone_version", lambda zone: f"other rules of {zone}", True),
        ("code_of", code_of, False),
    ],
    ids=["code", "library", "zone", "same"],
)
def test_code_and_libraries_make_everything(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    answer: Callable[..., object],
    *,
    is_made: bool,
) -> None:
    monkeypatch.setattr(memory, name, answer)
    monkeypatch.setattr(memory, "changed_since_start", lambda _: [])
    after = night(workspace)
    assert bool(after.left) is not is_made
    assert bool(after.made) is is_made


@pytest.mark.slow
def test_nothing_is_kept_by_a_process_that_is_older_than_its_code(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(memory, "changed_since_start", lambda code: [*code])
        assert night(workspace, split__val_days=7).made == SPLIT | {"split_report"}
    assert night(workspace, split__val_days=7).made == SPLIT | {"split_report"}
    assert not night(workspace, split__val_days=7).made


@pytest.mark.slow
def test_a_step_that_failed_is_made_again(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hashes(workspace)
    with monkeypatch.context() as patch:

        def refuse(*_: object, **__: object) -> None:
            raise OSError("the disk is full")

        patch.setattr(duckdb_engine, "write_table", refuse)
        assert not night(workspace, split__val_days=7).succeeded
    # the settings are those of the night before again, and its tables are there
    assert night(workspace).made == {"split_boundaries"}
    assert hashes(workspace) == before


@pytest.mark.slow
def test_the_clock_matters_while_events_lie_ahead(workspace: Path) -> None:
    log, soon = workspace / "log" / "ratings.csv", int(time.time()) + 10**7
    with log.open("a") as file:
        file.write(f"1,100,3.0,{soon}\n")
    assert "events" in night(workspace, ingest__max_bad_share=0.5).made
    assert "events" in night(workspace, ingest__max_bad_share=0.5).made  # it may have come by now


@pytest.mark.slow
def test_a_clock_that_was_set_back_makes_what_asked_for_it(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_600_000_000.0 + 86_400 * 365)
    assert {"events", "volume_report"} <= night(workspace).made


KILLED = """
import os, signal, sys
from pathlib import Path
from ntg_assets.orchestration.remembering import memory
from ntg_assets.orchestration.remembering.code import code_of
from ntg_assets_tests.unit.test_remembering import night

def kill(folder, step, made):
    if step == "backtest__train_events":
        os.kill(os.getpid(), signal.SIGKILL)

memory.keep_made = kill
night(Path(sys.argv[1]), split__val_days=7)
"""


@pytest.mark.slow
def test_a_run_that_was_killed_leaves_no_record_of_what_it_had_not_ended(workspace: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(workspace)],
        cwd=HOME,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    after = night(workspace, split__val_days=7)
    assert after.succeeded
    assert "train_events" in after.made
    same_as_made_again(workspace, split__val_days=7)


def test_records_hold_no_value_of_a_setting_and_no_row(workspace: Path) -> None:
    for file in (workspace / "data" / "warehouse" / "made").glob("*.json"):
        made = json.loads(file.read_text())
        assert all(len(value) == 12 for value in made["settings"].values())
        assert "MovieLens" not in file.read_text()


# --- what a step looks at ---


@pytest.fixture(scope="module")
def configured() -> Settings:
    return load_settings("configs/dev.yaml", home=HOME, environment={})


@pytest.mark.parametrize(
    ("look", "sections"),
    [
        (lambda settings: settings.ranking.top_k, {"ranking"}),
        (lambda settings: settings.off_policy_list_length, {"off_policy", "ranking"}),
        (lambda settings: settings.model_copy(update={"seed": 1}), set(Settings.model_fields)),
        (lambda settings: settings.fingerprint, set(Settings.model_fields)),
        (lambda settings: settings == 1, set(Settings.model_fields)),
        (lambda settings: isinstance(settings, Settings) or 1 / 0, set()),
    ],
    ids=["section", "property", "copy", "fingerprint", "comparison", "type"],
)
def test_sections_are_noted_as_they_are_looked_at(
    configured: Settings, look: Callable[[Settings], object], sections: set[str]
) -> None:
    seen: set[str] = set()
    look(watched(configured, seen.add))
    assert seen == sections


def test_a_watched_configuration_cannot_be_changed(configured: Settings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        watched(configured, lambda _: None).seed = 3  # type: ignore[misc]  # that is the point


def test_each_value_is_told_from_every_other(configured: Settings) -> None:
    changed = configured.model_copy(
        update={"ranking": configured.ranking.model_copy(update={"top_k": 11})}
    )
    before, after = leaves(configured, ["ranking"]), leaves(changed, ["ranking"])
    assert [key for key in before if before[key] != after[key]] == ["ranking.top_k"]
