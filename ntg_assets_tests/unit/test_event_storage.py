"""The history of runs over kept connections: what is written, watched, killed, deleted, forked."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from ntg_assets.configuration.paths import Paths
from ntg_assets.orchestration.event_storage import MOST_OPEN, KeptSqliteEventLogStorage
from ntg_assets.orchestration.instance import open_instance

RUN = "00000000-0000-0000-0000-000000000001"
WRITER = """
import sys, time
from ntg_assets_tests.unit.test_event_storage import entry
from ntg_assets.orchestration.event_storage import KeptSqliteEventLogStorage
storage = KeptSqliteEventLogStorage(sys.argv[1])
for number in range(int(sys.argv[2])):
    storage.store_event(entry(sys.argv[3], number))
print("written", flush=True)
time.sleep(60)
"""


def entry(run_id: str, number: int) -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level="info",
        user_message=f"event {number}",
        run_id=run_id,
        timestamp=1_700_000_000.0 + number,
        dagster_event=None,
    )


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[KeptSqliteEventLogStorage]:
    kept = KeptSqliteEventLogStorage(str(tmp_path))
    yield kept
    kept.dispose()


def messages(storage: SqliteEventLogStorage, run_id: str = RUN) -> list[str]:
    return [event.user_message for event in storage.get_logs_for_run(run_id)]


def writer(folder: Path, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(n), RUN]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_is_written_is_what_dagsters_own_storage_reads(
    storage: KeptSqliteEventLogStorage, tmp_path: Path
) -> None:
    for number in range(3):
        storage.store_event(entry(RUN, number))
    expected = ["event 0", "event 1", "event 2"]
    assert messages(storage) == expected
    assert messages(SqliteEventLogStorage(str(tmp_path))) == expected
    SqliteEventLogStorage(str(tmp_path)).store_event(entry(RUN, 3))
    assert messages(storage) == [*expected, "event 3"]


@pytest.mark.slow
def test_a_killed_process_loses_nothing_that_it_wrote(tmp_path: Path) -> None:
    process = writer(tmp_path, 40)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = KeptSqliteEventLogStorage(str(tmp_path))
    assert messages(kept) == [f"event {number}" for number in range(40)]
    kept.dispose()


@pytest.mark.slow
def test_a_watcher_sees_every_event_of_another_process_while_it_writes(
    storage: KeptSqliteEventLogStorage, tmp_path: Path
) -> None:
    seen: list[str] = []
    all_seen = threading.Event()

    def look(event: dg.EventLogEntry, _: str) -> None:
        seen.append(event.user_message)
        if len(seen) == 25:
            all_seen.set()

    storage.watch(RUN, None, look)
    process = writer(tmp_path, 25)
    try:
        assert all_seen.wait(30), f"seen {len(seen)} of 25"
    finally:
        process.kill()
        process.wait()
    assert seen == [f"event {number}" for number in range(25)]


@pytest.mark.slow
def test_only_so_many_files_of_runs_stay_open_and_the_index_is_one_more(
    storage: KeptSqliteEventLogStorage,
) -> None:
    runs = [f"run-{number}" for number in range(MOST_OPEN + 3)]
    with storage.index_connection():
        pass
    for run_id in runs:
        storage.store_event(entry(run_id, 0))
    assert list(storage._open) == ["index", *runs[3:]]
    assert messages(storage, runs[0]) == ["event 0"]


def test_a_file_that_was_deleted_is_made_anew(
    storage: KeptSqliteEventLogStorage, tmp_path: Path
) -> None:
    storage.store_event(entry(RUN, 0))
    for file in tmp_path.glob(f"{RUN}.db*"):
        file.unlink()
    storage.store_event(entry(RUN, 1))
    assert messages(storage) == ["event 1"]
    storage.wipe()
    assert messages(storage) == []


def test_a_table_of_the_index_is_looked_for_until_it_is_there(
    storage: KeptSqliteEventLogStorage,
) -> None:
    assert storage.has_table("event_logs")
    assert not storage.has_table("later")
    with storage.index_connection() as index:
        index.exec_driver_sql("create table later (a int)")
    assert storage.has_table("later")
    assert storage._tables == {"event_logs", "later"}


def test_a_summary_of_events_is_looked_for_until_it_is_complete_and_after_a_wipe_again(
    storage: KeptSqliteEventLogStorage,
) -> None:
    assert not storage.has_secondary_index("later")
    storage.enable_secondary_index("later")
    assert storage.has_secondary_index("later")
    with storage.index_connection() as connection:
        connection.exec_driver_sql("delete from secondary_indexes")
    assert storage.has_secondary_index("later")
    storage.wipe()
    assert not storage.has_secondary_index("later")


def test_a_connection_that_failed_is_not_used_again(storage: KeptSqliteEventLogStorage) -> None:
    storage.store_event(entry(RUN, 0))
    with pytest.raises(Exception, match="no such table"), storage.run_connection(RUN) as broken:
        broken.exec_driver_sql("select * from not_there")
    assert RUN not in storage._open
    assert messages(storage) == ["event 0"]


def test_a_fork_opens_its_own_connections(storage: KeptSqliteEventLogStorage) -> None:
    storage.store_event(entry(RUN, 0))
    inherited = storage._open[RUN]
    child = os.fork()
    if child == 0:
        storage.store_event(entry(RUN, 1))
        os._exit(0 if storage._open[RUN] is not inherited else 1)
    assert os.waitpid(child, 0)[1] == 0
    storage.store_event(entry(RUN, 2))
    assert messages(storage) == ["event 0", "event 1", "event 2"]


@pytest.mark.slow
def test_a_workspace_keeps_its_history_over_kept_connections(
    tmp_path: Path, project_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    with open_instance(Paths(home=project_home, workspace=tmp_path)) as instance:
        assert type(instance.event_log_storage) is KeptSqliteEventLogStorage
        instance.report_runless_asset_event(dg.AssetMaterialization("made"))
        latest = instance.get_latest_materialization_event(dg.AssetKey("made"))
    assert latest is not None


@pytest.mark.slow
def test_the_latest_materialization_is_the_latest_whoever_wrote_it(
    tmp_path: Path, project_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    key, paths = dg.AssetKey("made"), Paths(home=project_home, workspace=tmp_path)

    def times_made(instance: dg.DagsterInstance) -> object:
        (record,) = instance.get_asset_records([key])
        latest = record.asset_entry.last_materialization
        made = latest.asset_materialization if latest else None
        return made.metadata["n"].value if made else None

    with open_instance(paths) as instance, open_instance(paths) as another:
        for number, writer_ in enumerate((instance, another, instance)):
            writer_.report_runless_asset_event(dg.AssetMaterialization(key, metadata={"n": number}))
            assert [times_made(instance), times_made(instance)] == [number, number]
        with monkeypatch.context() as patch:  # known, and not read again
            patch.setattr(SqliteEventLogStorage, "_get_latest_materialization_records", None)
            assert times_made(instance) == 2
        another.wipe_assets([key])
        assert instance.get_latest_materialization_event(key) is None
        another.report_runless_asset_event(dg.AssetMaterialization(key, metadata={"n": 9}))
        assert times_made(instance) == 9
