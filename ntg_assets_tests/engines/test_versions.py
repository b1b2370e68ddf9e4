"""Versions of tables on a cluster, as the warehouse shows them; no cluster is needed."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.column_lineage import Origin
from ntg_assets.engines.duckdb_engine import DuckDBEngine
from ntg_assets.engines.versions import (
    claim,
    drop_views,
    new_folder,
    point,
    remove_tables,
    seal,
    sealed,
    shown_folders,
    sweep,
)
from ntg_assets.errors import EngineError
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import Connection, connect
from ntg_assets.storage.lineage import all_kept_origins, keep_origins
from ntg_assets.storage.run import run
from ntg_assets.storage.tables import table_exists

TABLE = Table("ingest", "events")


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Connection]:
    with connect(tmp_path / "warehouse.duckdb", allowed=[tmp_path / "it's"]) as connection:
        yield connection


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "it's"


def version(storage: Path, value: int) -> Path:
    folder = new_folder(storage, TABLE)
    folder.mkdir()
    pl.DataFrame({"a": [value]}).write_parquet(folder / "rows.parquet")
    seal(folder, n_rows=1, content_hash=f"1-{value:016x}")
    return folder


def rows(warehouse: Connection) -> list[int]:
    stored = run(Query("select a from stored", {"stored": TABLE}), warehouse)
    return stored["a"].to_list()


def test_a_table_of_the_warehouse_gives_way_to_a_view_and_the_view_moves(
    warehouse: Connection, storage: Path
) -> None:
    warehouse.execute("create schema ingest")
    warehouse.execute("create table ingest.events as select 0 as a")
    for value in (1, 2):
        folder = version(storage, value)
        point(warehouse, TABLE, folder)
        assert rows(warehouse) == [value]
        assert shown_folders(warehouse) == {TABLE: folder}


def test_a_move_that_is_rolled_back_never_was(warehouse: Connection, storage: Path) -> None:
    first, second = version(storage, 1), version(storage, 2)
    point(warehouse, TABLE, first)
    warehouse.begin()
    point(warehouse, TABLE, second)
    warehouse.rollback()
    assert rows(warehouse) == [1]


def test_what_nothing_shows_is_swept(storage: Path) -> None:
    kept, loose = version(storage, 1), version(storage, 2)
    assert sweep(storage, TABLE, [kept]) == 1
    assert (kept.exists(), loose.exists()) == (True, False)


@pytest.mark.parametrize("damage", ["another file", "a file less", "no seal"])
def test_a_folder_that_is_not_as_it_was_sealed_is_no_version(storage: Path, damage: str) -> None:
    folder = version(storage, 1)
    assert sealed(folder) is not None
    if damage == "another file":
        (folder / "more.parquet").write_bytes(b"x")
    else:
        (folder / ("rows.parquet" if damage == "a file less" else "_version.json")).unlink()
    assert sealed(folder) is None


def test_without_the_cluster_its_tables_count_as_none_and_go(
    warehouse: Connection, storage: Path, tmp_path: Path
) -> None:
    point(warehouse, TABLE, version(storage, 1))
    warehouse.close()
    with connect(tmp_path / "warehouse.duckdb") as alone:  # the storage is no folder of its own now
        assert DuckDBEngine.version(alone, TABLE) is None
        DuckDBEngine.begin(alone)
        assert not table_exists(alone, TABLE)


def test_a_view_of_somebody_else_is_left_alone(warehouse: Connection, storage: Path) -> None:
    warehouse.execute("create view mine as select 1 as a")
    point(warehouse, TABLE, version(storage, 1))
    assert drop_views(warehouse) == [TABLE]
    assert warehouse.execute("select a from mine").fetchall() == [(1,)]


def test_what_columns_are_made_from_is_kept_with_a_view(
    warehouse: Connection, storage: Path
) -> None:
    point(warehouse, TABLE, version(storage, 1))
    origins = {"a": [Origin(Table("ingest", "files"), "line", "copied")]}
    keep_origins(warehouse, TABLE, origins)
    assert all_kept_origins(warehouse)[TABLE] == origins


def test_a_storage_has_one_owner_and_loses_its_tables_with_it(
    tmp_path: Path, storage: Path
) -> None:
    assert remove_tables(tmp_path / "ws") == ([], [])
    claim(storage, tmp_path / "ws")
    claim(storage, tmp_path / "ws")
    with pytest.raises(EngineError, match="belongs to the workspace"):
        claim(storage, tmp_path / "another")
    folder = version(storage, 1)
    assert remove_tables(tmp_path / "ws") == ([storage], [])
    assert not folder.exists()
    claim(storage, tmp_path / "ws")


def test_every_storage_that_a_workspace_has_used_loses_its_tables(
    tmp_path: Path, storage: Path
) -> None:
    claim(storage, tmp_path / "ws")
    old = version(storage, 1)
    another = tmp_path / "another_storage"
    claim(another, tmp_path / "ws")
    new = version(another, 1)
    assert remove_tables(tmp_path / "ws") == ([storage, another], [])
    assert not old.exists()
    assert not new.exists()


def test_a_storage_that_is_not_there_is_named_until_it_is_emptied(
    tmp_path: Path, storage: Path
) -> None:
    claim(storage, tmp_path / "ws")
    folder = version(storage, 1)
    away = storage.rename(tmp_path / "unmounted")
    for _ in range(2):
        assert remove_tables(tmp_path / "ws") == ([], [storage])
    away.rename(storage)
    assert remove_tables(tmp_path / "ws") == ([storage], [])
    assert not folder.exists()
