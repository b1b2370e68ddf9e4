"""Tables on a cluster: the same rows, contracts and versions; nothing half-written is read."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.contracts import IdTypes, contract_of
from ntg_assets.declared_reads import Declared, only
from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.spark.cluster import Cluster
from ntg_assets.engines.spark.spark_engine import SparkEngine
from ntg_assets.engines.versions import shown_folders
from ntg_assets.errors import EngineError, UnboundTableError
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.sql import Query, Stream, Table, query, whole
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.row_checks import BrokenContractError
from ntg_assets.storage.run import run
from ntg_assets.storage.tables import write_table
from ntg_assets.taste.graph_kernels import LinearGraphKernel, TasteGraphKernel
from ntg_assets_tests.engines.replay import difference

IDS = IdTypes("integer", "string")
EVENTS, TRAIN = Table("ingest", "events"), Table("backtest", "train_events")
PAIRS = Table("backtest", "interaction_features")
CUTOFF = date(2024, 3, 1)
CLOSE = 1e-12  # relative


def log_of(n_events: int) -> pl.DataFrame:
    """Make a log in the columns of `events`."""
    rng = np.random.default_rng(5)
    at = [
        datetime(2024, 1, 1) + timedelta(minutes=int(minute))
        for minute in rng.integers(0, 60 * 24 * 70, n_events)
    ]
    return pl.DataFrame(
        {
            "user_id": rng.integers(1, 1 + n_events // 8, n_events),
            "item_id": [f"ü{number}" for number in (30 * rng.random(n_events) ** 2).astype(int)],
            "event_at": at,
            "event_on": [moment.date() for moment in at],
            "event_type": rng.choice(["play", "rate"], n_events),
            "value": rng.integers(1, 6, n_events) / 2,
            "weight": rng.integers(0, 3, n_events) * 1.0,
            "load_file": rng.integers(1, 3, n_events),
        },
        schema_overrides={"event_at": pl.Datetime("us")},
    )


@dataclass
class Here:
    """A warehouse whose engine is on a cluster."""

    engine: SparkEngine
    connection: Connection
    storage: Path

    def write(self, table: Table, rows: Query | Stream | pl.DataFrame) -> object:
        given = (
            Query("select * from incoming", {"incoming": rows})
            if isinstance(rows, pl.DataFrame)
            else rows
        )
        model = contract_of(table.name)
        return self.engine.write(self.connection, table, given, model, ids=IDS)

    def rows(self, table: Table) -> pl.DataFrame:
        return run(Query("select * from stored", {"stored": table}), self.connection)

    def folders(self, table: Table) -> list[Path]:
        return sorted((self.storage / table.schema / table.name).glob("*"))


@pytest.fixture
def here(remote: str, tmp_path: Path) -> Iterator[Here]:
    storage = tmp_path / "storage"
    engine = SparkEngine(Cluster(remote, storage), tmp_path / "workspace")
    with connect(tmp_path / "warehouse.duckdb", allowed=[storage]) as connection:
        engine.begin(connection)
        yield Here(engine, connection, storage)
    engine.close()


def test_a_session_that_was_stopped_is_never_taken_apart(remote: str, tmp_path: Path) -> None:
    """Its end would close the client that another session is just asking, which then waits."""
    first, second = Cluster(remote, tmp_path / "a"), Cluster(remote, tmp_path / "b")
    stopped = ref(first.session)
    first.close()
    assert second.session is not None  # the client has kept the first one until now
    del first
    gc.collect()
    assert stopped() is not None
    second.close()


def train_of(events: Table) -> Query:
    """Select a part of the log."""
    return query(
        "splits",
        "global_time_events",
        {"events": events},
        start_at=datetime(2024, 1, 1),
        end_at=datetime(2024, 3, 1),
    )


def pairs_of(train: Table) -> Query:
    """Make the features of pairs."""
    tables = {"train_events": train}
    return query("features", "interaction_features", tables, cutoff_on=CUTOFF, recent_days=30)


def _bound(given: Query) -> dict[str, Any]:
    return {"tables": given.tables, "parameters": given.parameters}


def same(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Whether two frames hold the same rows, in any order, of the same types."""
    keys = left.columns
    return left.schema == right.schema and left.sort(keys).equals(right.sort(keys))


def test_what_is_made_on_the_cluster_is_what_duckdb_makes(here: Here, tmp_path: Path) -> None:
    log = log_of(600)
    with connect(tmp_path / "other.duckdb") as alone:
        frame = Query("select * from incoming", {"incoming": log})
        write_table(alone, EVENTS, frame, contract_of("events"), ids=IDS)
        for table, rows in ((TRAIN, train_of(EVENTS)), (PAIRS, pairs_of(TRAIN))):
            write_table(alone, table, rows, contract_of(table.name), ids=IDS)
        expected = {
            table: run(Query("select * from stored", {"stored": table}), alone)
            for table in (EVENTS, TRAIN, PAIRS)
        }
    here.write(EVENTS, log)
    here.write(TRAIN, train_of(EVENTS))
    here.write(PAIRS, pairs_of(TRAIN))
    assert set(shown_folders(here.connection)) == {EVENTS, TRAIN, PAIRS}
    for table, made in expected.items():
        assert same(here.rows(table), made), table
        assert made.height > 0


def test_a_table_of_users_made_from_the_cluster_lies_in_the_warehouse(here: Here) -> None:
    here.write(EVENTS, log_of(300))
    here.write(TRAIN, train_of(EVENTS))
    days = Table("backtest", "user_days")
    here.write(days, query("features", "user_days", {"train_events": TRAIN}))
    assert days not in shown_folders(here.connection)
    grouped = "select user_id, event_on as active_on, count(*) as n_events from train group by all"
    expected = run(Query(grouped, {"train": TRAIN}), here.connection)
    assert same(here.rows(days).select("user_id", "active_on", "n_events"), expected)


def test_a_query_here_over_a_nested_one_there(here: Here) -> None:
    here.write(EVENTS, log_of(300))
    here.write(TRAIN, train_of(EVENTS))
    here.write(PAIRS, pairs_of(TRAIN))
    here.write(
        Table("backtest", "user_days"),
        query("features", "user_days", {"train_events": TRAIN}),
    )
    days = Table("backtest", "user_days")
    categories = run(
        Query(
            "select distinct item_id, 'x' as category, 1::bigint as n_categories from e",
            {"e": EVENTS},
        ),
        here.connection,
    )
    nested = {
        "activity": user_activity_features(days, active_users_at(days, CUTOFF)),
        "taste": whole(
            query(
                "features",
                "user_taste_features",
                {"interaction_features": PAIRS, "item_categories": categories},
            )
        ),
    }
    given = query("features", "user_features", nested)
    expected = DuckDBEngine.read(here.connection, given)
    assert expected.height > 0
    # a logarithm may differ in its last bit
    assert difference(expected, here.engine.read(here.connection, given)) <= CLOSE


def test_graphs_are_counted_by_the_workers(here: Here) -> None:
    here.write(EVENTS, log_of(900))
    here.write(TRAIN, train_of(EVENTS))
    settings = TasteSettings(min_item_support=2, min_shared_users=1, linear_min_item_support=2)
    events = here.rows(TRAIN)
    taste = here.engine.apply(here.connection, TRAIN, TasteGraphKernel(settings))
    whole_graph = TasteGraphKernel(settings).whole(events)
    assert taste.edges.height > 0
    assert taste.edges.equals(whole_graph.edges)
    assert taste.guardrails.equals(whole_graph.guardrails)
    linear = here.engine.apply(here.connection, TRAIN, LinearGraphKernel(settings))
    assert linear.height > 0
    assert linear.equals(LinearGraphKernel(settings).whole(events))
    assert not any((here.storage / "_handed").iterdir())


def test_frames_and_stored_tables_travel_to_the_cluster_with_their_types(here: Here) -> None:
    here.write(EVENTS, log_of(200))
    beside = pl.DataFrame(
        {
            "item_id": ["ü1", "ü2"],
            "on": [date(2024, 1, 1), None],
            "at": [datetime(2024, 1, 1, 5, 6, 7, 8), None],
            "is_new": [True, None],
            "price": [0.1, None],
            "n": [2**40, None],
        },
        schema_overrides={"at": pl.Datetime("us")},
    )
    text = (
        'select events.user_id, beside.item_id, beside."on", beside."at", beside.is_new,'
        " beside.price, beside.n, $word as word, $share as share, $day as day, $moment as moment"
        " from events inner join beside on beside.item_id = events.item_id"
    )
    given = Query(
        text,
        {"events": EVENTS, "beside": beside},
        {"word": "it's", "share": 0.1, "day": CUTOFF, "moment": datetime(2024, 2, 29, 1, 2, 3)},
    )
    answer = here.engine.read(here.connection, given)
    assert answer.height > 0
    assert same(answer, DuckDBEngine.read(here.connection, given))


def test_a_column_without_a_name_is_called_as_duckdb_calls_it(here: Here) -> None:
    here.write(EVENTS, log_of(60))
    answer = here.engine.read(
        here.connection, Query("select count(*), max(value) + 1 from events", {"events": EVENTS})
    )
    assert answer["count_star()"].to_list() == [60]
    assert answer.width == 2


def test_a_broken_contract_leaves_the_table_as_it_was(here: Here) -> None:
    log = log_of(100)
    here.write(EVENTS, log)
    broken = log.with_columns(weight=pl.lit(-1.0))
    with pytest.raises(BrokenContractError, match=r"ingest\.events: not stored.*weight.*100 rows"):
        here.write(EVENTS, broken)
    assert same(here.rows(EVENTS), log)


def test_a_doubled_key_is_refused_with_its_rows(here: Here) -> None:
    here.write(EVENTS, log_of(100))
    here.write(TRAIN, train_of(EVENTS))
    made = pairs_of(TRAIN)
    doubled = Query(
        "select * from pairs union all select * from pairs where item_id = 'ü1'", {"pairs": made}
    )
    n_pairs = run(made, here.connection).filter(pl.col("item_id") == "ü1").height
    with pytest.raises(BrokenContractError, match=f"unique fails for {n_pairs} rows"):
        here.write(PAIRS, doubled)
    assert PAIRS not in shown_folders(here.connection)


def test_columns_that_are_not_those_of_the_contract_are_refused_before_anything_runs(
    here: Here,
) -> None:
    here.write(EVENTS, log_of(50))
    with pytest.raises(BrokenContractError, match="weight: column is missing"):
        here.write(TRAIN, Query("select user_id, item_id from events", {"events": EVENTS}))
    assert here.folders(TRAIN) == []


def test_a_table_without_rows_keeps_its_columns(here: Here) -> None:
    here.write(EVENTS, log_of(50))
    none = Query(f"{train_of(EVENTS).text} and user_id < 0", **_bound(train_of(EVENTS)))
    here.write(TRAIN, none)
    assert here.rows(TRAIN).schema == here.rows(EVENTS).drop("load_file").schema
    assert here.rows(TRAIN).is_empty()
    assert here.engine.version(here.connection, TRAIN) is not None


def test_a_stream_is_stored_frame_by_frame(here: Here) -> None:
    log = log_of(90)
    here.write(EVENTS, Stream(iter([log[:50], log[50:]])))
    assert same(here.rows(EVENTS), log)


def test_equal_rows_have_one_version_in_any_order_and_others_another(here: Here) -> None:
    log = log_of(200)
    versions = []
    for rows in (log, log.reverse(), log.with_columns(value=pl.col("value") + 1e-9)):
        here.write(EVENTS, rows)
        versions.append(here.engine.version(here.connection, EVENTS))
    assert versions[0] == versions[1] != versions[2]
    assert len(here.folders(EVENTS)) == 1  # what nothing shows is gone


def test_a_version_whose_file_is_gone_or_another_counts_as_none(here: Here) -> None:
    here.write(EVENTS, log_of(50))
    [folder] = here.folders(EVENTS)
    [file] = folder.glob("*.parquet")
    file.write_bytes(file.read_bytes() + b"x")
    assert here.engine.version(here.connection, EVENTS) is None


def test_a_text_names_only_what_it_was_given(here: Here) -> None:
    here.write(EVENTS, log_of(50))
    hidden = Query("select user_id from events cross join items", {"events": EVENTS})
    issued = Declared("an asset", frozenset({EVENTS}))
    with only(issued), pytest.raises(UnboundTableError, match="names items, which nothing"):
        here.engine.read(here.connection, hidden)


def test_a_storage_belongs_to_one_workspace(here: Here, tmp_path: Path) -> None:
    other = SparkEngine(here.engine.cluster, tmp_path / "another")
    with pytest.raises(EngineError, match="belongs to the workspace"):
        other.begin(here.connection)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    engine = SparkEngine(Cluster("sc://127.0.0.1:1", tmp_path / "s"), tmp_path / "w")
    with (
        connect(tmp_path / "warehouse.duckdb") as connection,
        pytest.raises(EngineError, match=r"no Spark Connect server answers at 127\.0\.0\.1:1"),
    ):
        engine.begin(connection)


def test_with_the_engine_changed_back_tables_are_made_anew(here: Here) -> None:
    here.write(EVENTS, log_of(50))
    DuckDBEngine.begin(here.connection)
    assert shown_folders(here.connection) == {}
    frame = Query("select * from incoming", {"incoming": log_of(50)})
    write_table(here.connection, EVENTS, frame, contract_of("events"), ids=IDS)
    here.engine.begin(here.connection)
    assert here.engine.version(here.connection, EVENTS) is None
