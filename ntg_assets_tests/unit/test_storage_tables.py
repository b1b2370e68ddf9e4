"""A write is whole or did not happen, goes by name, and keeps its contract."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ntg_assets.contracts import Contract, IdTypes, column, identifier, schema_of
from ntg_assets.declared_reads import Declared, only
from ntg_assets.errors import ContractError, StorageError
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.row_checks import BrokenContractError
from ntg_assets.storage.tables import (
    table_exists,
    write_table,
)
from ntg_assets.storage.versions import content_hash

THINGS = Table("backtest", "things")
INTEGERS = IdTypes("integer", "integer")


class Things(Contract):
    """One row per user."""

    user_id: str = identifier("user", "Who")
    n: int = column("How many", ge=0)

    class Config:
        unique = ["user_id"]


class WiderThings(Things):
    """One row per user, with one column more."""

    note: str = column("Why", nullable=True)

    class Config:
        unique = ["user_id"]


def rows(users: list[int], counts: list[int]) -> Query:
    return Query(
        "select * from incoming", {"incoming": pl.DataFrame({"user_id": users, "n": counts})}
    )


def stored(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute(f"select user_id, n from {THINGS.quoted} order by user_id").fetchall()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    file = tmp_path / "warehouse.duckdb"
    with connect(file) as connection:
        write_table(connection, THINGS, rows([1, 2], [10, 20]), Things, ids=INTEGERS)
    return file


def test_columns_land_by_name_whatever_their_order(warehouse: Path) -> None:
    turned = Query(
        "select n, user_id from incoming", {"incoming": pl.DataFrame({"n": [7], "user_id": [3]})}
    )
    with connect(warehouse) as connection:
        write_table(connection, THINGS, turned, Things, ids=INTEGERS)
        assert stored(connection) == [(3, 7)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Query("select 1 as user_id, -5 as n"), "n"),
        (
            Query("select cast(1 as bigint) as user_id, cast(-5 as bigint) as n"),
            r"n: greater_than_or_equal_to\(0\) fails for 1 rows \(such as -5\)",
        ),
        (
            Query("select cast(1 as bigint) as user_id, cast(5 as bigint) as n from range(2)"),
            r"user_id: unique fails for 1 rows \(such as \(1,\)\)",
        ),
        (Query("select cast(1 as bigint) as user_id"), "n: column is missing"),
        (Query("select 'a' as user_id, cast(1 as bigint) as n"), "user_id"),
        (
            Query("select cast(1 as bigint) as user_id, cast(5 as bigint) as n, 1 as more"),
            "more: column is not in the contract",
        ),
    ],
)
def test_broken_contract_is_refused_and_the_old_table_stays(
    warehouse: Path, wrong: Query, told: str
) -> None:
    with connect(warehouse) as connection:
        with pytest.raises(BrokenContractError, match=told):
            write_table(connection, THINGS, wrong, Things, ids=INTEGERS)
        assert stored(connection) == [(1, 10), (2, 20)]


def test_failure_in_the_middle_of_a_write_leaves_the_old_table(warehouse: Path) -> None:
    failing = Query(
        "select range as user_id, case when range = 900000 then error('disk on fire') else 1 end as"
        " n from range(1000000)"
    )
    with connect(warehouse) as connection:
        with pytest.raises(duckdb.Error, match="disk on fire"):
            write_table(connection, THINGS, failing, Things, ids=INTEGERS)
        assert stored(connection) == [(1, 10), (2, 20)]


def frames(*parts: tuple[list[int], list[int]], failure: Exception | None = None) -> Stream:
    def come() -> Iterator[pl.DataFrame]:
        for users, counts in parts:
            yield pl.DataFrame(
                {"n": counts, "user_id": users}, schema={"n": pl.Int64, "user_id": pl.Int64}
            )
        if failure:
            raise failure

    return Stream(come())


def test_a_stream_of_frames_is_one_table(warehouse: Path) -> None:
    with connect(warehouse) as connection:
        written = write_table(
            connection,
            THINGS,
            frames(([5], [50]), ([], []), ([6, 7], [60, 70])),
            Things,
            ids=INTEGERS,
        )
        assert stored(connection) == [(5, 50), (6, 60), (7, 70)]
        assert (
            written.content_hash
            == write_table(
                connection, THINGS, rows([7, 6, 5], [70, 60, 50]), Things, ids=INTEGERS
            ).content_hash
        )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (frames(([5], [50]), ([6], [-60])), "n: greater_than_or_equal_to"),
        (frames(([5], [50]), ([5], [60])), "user_id: unique fails for 1 rows"),
        (
            Stream(
                iter([pl.DataFrame({"user_id": [1], "n": [1]}), pl.DataFrame({"user_id": [2]})])
            ),
            "n: column is missing",
        ),
        (Stream(iter([])), "no frame came"),
        (frames(([5], [50]), failure=ContractError("no more users")), "no more users"),
    ],
)
def test_a_stream_that_breaks_leaves_the_old_table(
    warehouse: Path, wrong: Stream, told: str
) -> None:
    with connect(warehouse) as connection:
        with pytest.raises(ContractError, match=told):
            write_table(connection, THINGS, wrong, Things, ids=INTEGERS)
        assert stored(connection) == [(1, 10), (2, 20)]


def test_doubled_keys_are_found_in_a_large_table_whose_keys_are_sorted_in_parts(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntg_assets.storage.row_checks.FEW_ROWS", 0)
    monkeypatch.setattr("ntg_assets.storage.row_checks.CHECKED_ROWS_AT_ONCE", 100)
    monkeypatch.setattr("ntg_assets.storage.row_checks.SORTED_KEYS_AT_ONCE", 64)
    with connect(warehouse) as connection:
        assert (
            write_table(
                connection,
                THINGS,
                Query("select range as user_id, range as n from range(1000)"),
                Things,
                ids=INTEGERS,
            ).n_rows
            == 1000
        )
        doubled = Query("select range % 999 as user_id, range as n from range(1000)")
        with pytest.raises(
            BrokenContractError, match=r"unique fails for 1 rows \(such as \(0,\)\)"
        ):
            write_table(connection, THINGS, doubled, Things, ids=INTEGERS)


def test_a_large_table_is_written_for_an_asset_that_declares_what_it_reads(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntg_assets.storage.row_checks.FEW_ROWS", 0)
    monkeypatch.setattr("ntg_assets.storage.row_checks.CHECKED_ROWS_AT_ONCE", 100)
    counted = rows(list(range(1000)), list(range(1000)))
    with connect(warehouse) as connection, only(Declared("backtest/things", frozenset())):
        assert write_table(connection, THINGS, counted, Things, ids=INTEGERS).n_rows == 1000


def test_a_table_exists_once_it_is_written_and_the_connection_is_free_for_what_follows(
    warehouse: Path,
) -> None:
    with connect(warehouse) as connection:
        assert table_exists(connection, THINGS)
        assert not table_exists(connection, Table("backtest", "nothing"))
        assert not table_exists(connection, Table("nowhere", "things"))
        assert connection.sql(f"select n from {THINGS.quoted}").pl().height == 2


@pytest.mark.slow
def test_process_killed_in_the_middle_of_a_write_leaves_the_old_table(warehouse: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from ntg_assets.contracts import IdTypes
        from ntg_assets.sql import Query
        from ntg_assets.storage.connection import connect
        from ntg_assets.storage.tables import write_table
        from ntg_assets_tests.unit.test_storage_tables import THINGS, Things
        endless = Query("select range as user_id, range as n from range(2000000000)")
        with connect(Path(sys.argv[1])) as connection:
            print("writing", flush=True)
            write_table(connection, THINGS, endless, Things, ids=IdTypes("integer", "integer"))
    """)
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(warehouse)], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    time.sleep(0.5)
    os.kill(writer.pid, signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    with connect(warehouse) as connection:
        assert stored(connection) == [(1, 10), (2, 20)]


def test_first_write_added_column_and_empty_frame_work(tmp_path: Path) -> None:
    wide = Query(
        "select *, cast(null as varchar) as note from incoming",
        {"incoming": pl.DataFrame({"user_id": [1], "n": [1]})},
    )
    with connect(tmp_path / "warehouse.duckdb") as connection:
        assert write_table(connection, THINGS, rows([1], [1]), Things, ids=INTEGERS).n_rows == 1
        assert list(
            write_table(connection, THINGS, wide, WiderThings, ids=INTEGERS).column_types
        ) == ["user_id", "n", "note"]
        empty = Query(
            "select * from incoming",
            {"incoming": pl.DataFrame(schema={"user_id": pl.Int64, "n": pl.Int64})},
        )
        assert write_table(connection, THINGS, empty, Things, ids=INTEGERS).n_rows == 0


def test_ids_may_be_text(tmp_path: Path) -> None:
    named = Query(
        "select * from incoming",
        {"incoming": pl.DataFrame({"user_id": ['o\'neil "q" 🎬'], "n": [1]})},
    )
    with connect(tmp_path / "warehouse.duckdb") as connection:
        write_table(connection, THINGS, named, Things, ids=IdTypes("string", "string"))
        assert stored(connection) == [('o\'neil "q" 🎬', 1)]
        with pytest.raises(ContractError, match="user_id"):
            write_table(connection, THINGS, named, Things, ids=INTEGERS)


def test_content_hash_ignores_the_order_of_rows_and_nothing_else(tmp_path: Path) -> None:
    def hashed(users: list[int], counts: list[int]) -> str:
        return write_table(
            connection, THINGS, rows(users, counts), Things, ids=INTEGERS
        ).content_hash

    with connect(tmp_path / "warehouse.duckdb") as connection:
        first = hashed([1, 2, 3], [10, 20, 30])
        assert hashed([3, 1, 2], [30, 10, 20]) == first
        assert hashed([1, 2, 3], [10, 30, 20]) != first
        assert hashed([1, 2, 3], [10, 20, 31]) != first
        assert hashed([1, 2], [10, 20]) != first
        assert content_hash(connection, THINGS).startswith("2-")


def test_locked_warehouse_is_told_in_one_sentence(warehouse: Path) -> None:
    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('held', flush=True);"
        " sys.stdin.readline()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(warehouse)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        with pytest.raises(StorageError, match="in use by another process"), connect(warehouse):
            pass
    finally:
        holder.communicate(b"\n")


def test_connection_reaches_nothing_outside_its_folders(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "inside.csv").write_text("a\n1\n")
    with connect(tmp_path / "store" / "warehouse.duckdb", allowed=[inside]) as connection:
        assert connection.execute(f"select * from read_csv('{inside}/inside.csv')").fetchall() == [
            (1,)
        ]
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"select * from read_csv('{outside}')")
        with pytest.raises(duckdb.Error, match="locked"):
            connection.execute("set enable_external_access = true")


def test_the_schema_of_a_contract_is_built_once_for_each_kind_of_ids() -> None:
    assert schema_of(Things, INTEGERS) is schema_of(Things, IdTypes("integer", "integer"))
    assert str(schema_of(Things, INTEGERS).columns["user_id"].dtype) == "Int64"
    assert str(schema_of(Things, IdTypes()).columns["user_id"].dtype) == "String"
