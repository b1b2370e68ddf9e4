"""What happens to a cluster in the middle of a write: one clear sentence, nothing half-written, and
the next run succeeds.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread, Timer

import polars as pl
import pytest

from benchmarks.clusters import Running, sail_server, standalone_spark
from ntg_assets.contracts import IdTypes, contract_of
from ntg_assets.engines.spark import cluster
from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.engines.spark.failures import Place, explain
from ntg_assets.engines.spark.spark_engine import SparkEngine
from ntg_assets.errors import EngineError
from ntg_assets.events.load import survey
from ntg_assets.ranking.lists.list_kernel import ListKernel
from ntg_assets.sources.sources import Place as SourcePlace
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.run import run
from ntg_assets_tests.engines.conftest import require_packages
from ntg_assets_tests.engines.test_list_kernel import SETTINGS, side_of, stored
from ntg_assets_tests.engines.test_lists_on_cluster import train_rows
from ntg_assets_tests.engines.test_spark_engine import EVENTS, IDS, TRAIN, log_of, same
from ntg_assets_tests.event_files import log_settings, write_log

PLACE = Place("sc://host:15002", "/shared", 60.0)
N_EVENTS = 1_500  # their cube takes a cluster longer than the seconds below
COLUMNS = "user_id, item_id, event_at, event_on, event_type, value, weight"
SLOW = f"""
with crossed as (
    select count(*) as n
    from events as one
    cross join events as other
    cross join events as third
    where one.value * other.value + third.weight > -1
)

select {COLUMNS} from events cross join crossed where crossed.n > 0
"""
QUICK = f"select {COLUMNS} from events where event_at < $before"


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("java.io.IOException: No space left on device", "a disk is full: engine.storage /shared"),
        ("java.lang.OutOfMemoryError: Java heap space", "the memory of a worker does not suffice"),
        ("ExecutorLostFailure (executor 1 exited)", "a worker was lost"),
        ("status = StatusCode.UNAVAILABLE", "the connection to sc://host:15002 was lost"),
        ("session 5198-8d is not running", "the connection to sc://host:15002 was lost"),
        ("[PATH_NOT_FOUND] Path does not exist", "a worker does not see engine.storage /shared"),
        ("ModuleNotFoundError: No module named 'scipy'", "the workers' Python lacks a package"),
        ("[OPERATION_CANCELED]", "it was ended, after engine.patience_minutes (60 s)"),
        ("something new\n\nJVM stacktrace:\n at x.y", "the cluster refused or failed"),
    ],
)
def test_what_a_cluster_says_becomes_one_sentence(message: str, sentence: str) -> None:
    told = explain(message, "backtest.train_events", PLACE, kind="SparkException")
    assert told.startswith(f"backtest.train_events: {sentence}")
    assert "nothing of it was stored" in told
    assert "\n" not in told
    assert "stacktrace" not in told


def write(engine: SparkEngine, connection: Connection, table: Table, rows: Query) -> None:
    engine.write(connection, table, rows, contract_of(table.name), ids=IDS)


def quick(moment: datetime) -> Query:
    """Make a version of TRAIN at once."""
    return Query(QUICK, {"events": EVENTS}, {"before": moment})


class Workspace:
    """A workspace whose cluster goes away under it."""

    def __init__(self, folder: Path, connection: Connection) -> None:
        self.folder, self.connection = folder, connection
        self.engines: list[SparkEngine] = []

    def engine(self, remote: str, **limits: float) -> SparkEngine:
        engine = SparkEngine(Cluster(remote, self.folder / "storage", **limits), self.folder / "ws")
        self.engines.append(engine)
        engine.begin(self.connection)
        return engine

    def rows(self, table: Table) -> pl.DataFrame:
        return run(Query("select * from stored", {"stored": table}), self.connection)

    def folders(self, table: Table) -> list[Path]:
        return list((self.folder / "storage" / table.schema / table.name).glob("*"))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with connect(tmp_path / "warehouse.duckdb", allowed=[tmp_path / "storage"]) as connection:
        made = Workspace(tmp_path, connection)
        yield made
        for engine in made.engines:
            engine.close()


def filled(workspace: Workspace, remote: str, **limits: float) -> tuple[SparkEngine, pl.DataFrame]:
    """Write a log and a first version of TRAIN; return what the latter holds."""
    engine = workspace.engine(remote, **limits)
    frame = Query("select * from incoming", {"incoming": log_of(N_EVENTS)})
    write(engine, workspace.connection, EVENTS, frame)
    write(engine, workspace.connection, TRAIN, quick(datetime(2024, 1, 20)))
    return engine, workspace.rows(TRAIN)


def goes_on(workspace: Workspace, engine: SparkEngine, before: pl.DataFrame) -> None:
    """Require the table of before, whole, and a next write that succeeds."""
    assert before.height > 0
    assert same(workspace.rows(TRAIN), before)
    write(engine, workspace.connection, TRAIN, quick(datetime(2024, 2, 20)))
    assert workspace.rows(TRAIN).height > before.height
    assert len(workspace.folders(TRAIN)) == 1
    assert not any((workspace.folder / "storage" / "_handed").iterdir())


def test_a_session_is_kept_while_it_waits_longer_than_it_may_be_idle(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_packages("pyspark", "pysail")
    monkeypatch.setattr(cluster, "KEPT_ALIVE_SECONDS", 0.5)
    with sail_server(tmp_path / "sail", SAIL_SPARK__SESSION_TIMEOUT_SECS="2") as running:
        engine, _ = filled(workspace, running.remote)
        started = time.monotonic()
        write(engine, workspace.connection, TRAIN, Query(SLOW, {"events": EVENTS}))
        assert time.monotonic() - started > 4, "too quick to say anything"
        assert workspace.rows(TRAIN).height == N_EVENTS
        engine.close()


def test_a_lost_connection_is_named_and_leaves_the_old_table(
    workspace: Workspace, tmp_path: Path
) -> None:
    require_packages("pyspark", "pysail")
    with sail_server(tmp_path / "first") as running:
        engine, before = filled(workspace, running.remote)
        Timer(1.5, running.kill, ["server"]).start()
        started = time.monotonic()
        with pytest.raises(EngineError, match=r"backtest\.train_events: the connection to sc://"):
            write(engine, workspace.connection, TRAIN, Query(SLOW, {"events": EVENTS}))
        assert time.monotonic() - started < 60
        engine.close()
    with sail_server(tmp_path / "second") as running:
        goes_on(workspace, workspace.engine(running.remote), before)


def test_what_takes_longer_than_its_time_is_ended(workspace: Workspace, tmp_path: Path) -> None:
    require_packages("pyspark", "pysail")
    with sail_server(tmp_path / "log") as running:
        engine, before = filled(workspace, running.remote, patience_s=2.0)
        with pytest.raises(EngineError, match=r"ended, after engine\.patience_minutes"):
            write(engine, workspace.connection, TRAIN, Query(SLOW, {"events": EVENTS}))
        goes_on(workspace, engine, before)


def test_a_file_that_cannot_grow_is_a_full_disk(workspace: Workspace, tmp_path: Path) -> None:
    require_packages("pyspark", "pysail")
    with sail_server(tmp_path / "log") as running:
        engine, before = filled(workspace, running.remote)
        server = running.processes["server"].pid
        free = resource.prlimit(server, resource.RLIMIT_FSIZE)
        resource.prlimit(server, resource.RLIMIT_FSIZE, (100, free[1]))
        with pytest.raises(EngineError, match="a disk is full"):
            write(engine, workspace.connection, TRAIN, quick(datetime(2024, 2, 1)))
        resource.prlimit(server, resource.RLIMIT_FSIZE, free)
        goes_on(workspace, engine, before)


def test_a_killed_worker_is_made_up_for_by_the_other(
    workspace: Workspace, spark_home: Path, tmp_path: Path
) -> None:
    require_packages("pyspark")
    with standalone_spark(spark_home, tmp_path / "spark") as running:
        engine, before = filled(workspace, running.remote)
        Timer(3.0, running.kill, ["worker0"]).start()
        write(engine, workspace.connection, TRAIN, Query(SLOW, {"events": EVENTS}))
        assert running.processes["worker0"].poll() is not None
        assert same(workspace.rows(TRAIN), workspace.rows(EVENTS).drop("load_file"))
        assert before.height < N_EVENTS


def kill_once_written(
    running: Running, name: str, handed: Path, written: str = "*/*.arrow"
) -> None:
    """Kill a process when a worker has begun to write what it makes."""
    while not any(handed.glob(written)):
        time.sleep(0.005)
    running.kill(name)


def test_a_worker_killed_while_lists_are_made_leaves_no_row_twice(
    workspace: Workspace, spark_home: Path, tmp_path: Path
) -> None:
    require_packages("pyspark")
    log = train_rows(n_users=400)
    kernel = ListKernel(side_of(log, SETTINGS["as it comes"]), tmp_path)
    handed = workspace.folder / "storage" / "_handed"
    with standalone_spark(spark_home, tmp_path / "spark") as running:
        engine = workspace.engine(running.remote)
        write(engine, workspace.connection, TRAIN, Query("select * from log", {"log": log}))

        killing = Thread(target=kill_once_written, args=(running, "worker0", handed))
        killing.start()
        made = stored(engine.apply(workspace.connection, TRAIN, kernel))
        killing.join()
    whole = stored(kernel.whole(log.select(kernel.columns)))
    assert all(left.equals(right) for left, right in zip(whole, made, strict=True))


def test_a_worker_killed_while_it_reads_files_leaves_no_row_twice(
    workspace: Workspace, spark_home: Path, tmp_path: Path
) -> None:
    require_packages("pyspark")
    for file in range(6):
        rows = [f"u{n % 500},i{n},2024-01-0{1 + file},1" for n in range(5_000)]
        write_log(tmp_path / "log", [*rows, "u1,,2024-01-01,1"], name=f"{file}.csv")
    settings, place = log_settings("*.csv"), SourcePlace(tmp_path / "log")
    handed = workspace.folder / "storage" / "_handed"
    with standalone_spark(spark_home, tmp_path / "spark") as running:
        engine = workspace.engine(running.remote)
        reading = replace(engine, least_bytes=0)
        killing = Thread(
            target=kill_once_written, args=(running, "worker0", handed, "*/rows-*.parquet")
        )
        killing.start()
        with reading.file_workers(workspace.connection) as workers:
            found = survey(settings, place=place, workers=workers)
            texts = IdTypes("string", "string")
            reading.write(
                workspace.connection, EVENTS, found.events, contract_of("events"), ids=texts
            )
        killing.join()
        assert running.processes["worker0"].poll() is not None
    # each file holds 5,000 events, no two alike, and one line without an item
    counts = found.load_ledger.select("n_accepted", "n_quarantined", "n_duplicates")
    assert counts.rows() == [(5_000, 1, 0)] * 6
    stored = workspace.rows(EVENTS)
    assert stored.height == stored.n_unique() == 6 * 5_000


def test_a_server_lost_while_lists_are_made_is_named(workspace: Workspace, tmp_path: Path) -> None:
    require_packages("pyspark", "pysail")
    log = train_rows(n_users=400)
    kernel = ListKernel(side_of(log, SETTINGS["as it comes"]), tmp_path)
    handed = workspace.folder / "storage" / "_handed"
    with sail_server(tmp_path / "first") as running:
        engine = workspace.engine(running.remote)
        write(engine, workspace.connection, TRAIN, Query("select * from log", {"log": log}))
        free = resource.prlimit(running.processes["server"].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(running.processes["server"].pid, resource.RLIMIT_FSIZE, (100, free[1]))
        with pytest.raises(EngineError, match="lists_of_users on the workers: a disk is full"):
            engine.apply(workspace.connection, TRAIN, kernel)
        resource.prlimit(running.processes["server"].pid, resource.RLIMIT_FSIZE, free)
        killing = Thread(target=kill_once_written, args=(running, "server", handed))
        killing.start()
        with pytest.raises(EngineError, match=r": the connection to sc://"):
            engine.apply(workspace.connection, TRAIN, kernel)
        killing.join()
        engine.close()
    assert not any(handed.iterdir())


def test_without_a_worker_a_run_ends_in_its_time_and_the_next_succeeds(
    workspace: Workspace, spark_home: Path, tmp_path: Path
) -> None:
    require_packages("pyspark")
    with standalone_spark(spark_home, tmp_path / "first") as running:
        engine, before = filled(workspace, running.remote)
        engine.cluster.patience_s = 20.0
        for worker in ("worker0", "worker1"):
            Timer(2.0, running.kill, [worker]).start()
        with pytest.raises(EngineError, match=r"backtest\.train_events: "):
            write(engine, workspace.connection, TRAIN, Query(SLOW, {"events": EVENTS}))
        engine.close()
    with standalone_spark(spark_home, tmp_path / "second") as running:
        goes_on(workspace, workspace.engine(running.remote), before)


def test_an_executor_out_of_memory_is_named(
    workspace: Workspace, spark_home: Path, tmp_path: Path
) -> None:
    require_packages("pyspark")
    with standalone_spark(spark_home, tmp_path / "spark") as running:
        engine, before = filled(workspace, running.remote)
        hungry = (
            f"with long as (select user_id, repeat(item_id, 400000000) as word from events)"
            f" select {COLUMNS} from events where length((select max(word) from long)) > 0"
        )
        with pytest.raises(EngineError, match="the memory of a worker does not suffice"):
            write(engine, workspace.connection, TRAIN, Query(hungry, {"events": EVENTS}))
        goes_on(workspace, engine, before)
