"""Too little memory or disk is told by the name of the setting, whatever it aborted."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import ConfigurationError, StorageError
from ntg_assets.sql import Query
from ntg_assets.storage.connection import connect, connect_again, explain_limit
from ntg_assets.storage.run import run

SMALL = EngineSettings(memory_limit="12MB", threads=1)
NUMBERS = pl.DataFrame({"n": range(400_000)})
# which cannot be written to disk
ONE_LIST = "select list(n) as ns, list(n * 1.5) as others from numbers"


def make_a_list(database: Path) -> None:
    with connect(database, engine=SMALL, scratch=database.parent / "scratch") as connection:
        connection.begin()
        run(Query(f"select len(ns) as n from ({ONE_LIST})", {"numbers": NUMBERS}), connection)


def test_too_little_memory_names_the_setting_and_its_value(tmp_path: Path) -> None:
    """Also inside a transaction, where taking the query's names back fails for another reason."""
    with pytest.raises(
        StorageError,
        match=(
            r"^engine\.memory_limit is 12MB, which is too little here\. Raise it"
            r" .*NTG_ENGINE__MEMORY_LIMIT"
        ),
    ):
        make_a_list(tmp_path / "store.duckdb")


def test_limits_and_messages_hold_for_a_second_connection_too(tmp_path: Path) -> None:
    def ask(held: duckdb.DuckDBPyConnection) -> None:
        with connect_again(held, engine=SMALL, scratch=tmp_path) as again:
            again.execute("create temp table mine as select 1 as n")
            again.begin()
            again.execute("create table undone as select 1 as n")
            run(Query(f"select len(ns) as n from ({ONE_LIST})", {"numbers": NUMBERS}), again)

    with connect(tmp_path / "store.duckdb", engine=SMALL, scratch=tmp_path) as held:
        with pytest.raises(StorageError, match=r"^engine\.memory_limit is 12MB"):
            ask(held)
        left = held.execute("select table_name from duckdb_tables()").fetchall()
    assert left == []


def test_a_full_disk_names_the_folder(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '8MB'; set temp_directory = '{tmp_path}'; set"
            " max_temp_directory_size = '1MB'; set threads = 1"
        )
        with pytest.raises(duckdb.OutOfMemoryException) as met:
            connection.execute(
                "select count(*) from (select range as n, random() as x from range(3_000_000) order"
                " by x)"
            ).fetchall()
    told = explain_limit(met.value, engine=SMALL, scratch=tmp_path)
    assert told is not None
    assert told.startswith(
        f"the disk is full: what does not fit into memory goes to {tmp_path}. Make room, or raise"
        " engine.memory_limit."
    )


def test_another_failure_keeps_its_own_words(tmp_path: Path) -> None:
    with (
        pytest.raises(duckdb.IOException, match=r"none\.parquet"),
        connect(allowed=[tmp_path]) as connection,
    ):
        connection.execute(f"select * from read_parquet('{tmp_path}/none.parquet')")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("engine.memory_limit", "100KB", "must lie between 1MB and 1000TB"),
        ("engine.memory_limit", "9999TB", "must lie between 1MB and 1000TB"),
        ("engine.threads", 100_000, "less than or equal to 1024"),
    ],
)
def test_limits_that_no_engine_bears_are_refused_by_name(
    key: str, value: object, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"{key}: .*{told}"):
        load_settings("configs/dev.yaml", environment={}, overrides={key: value})


@pytest.mark.parametrize("limit", ["1MB", "1.5 GiB", "1000TB", "1024KiB"])
def test_limits_in_every_unit_are_accepted(limit: str) -> None:
    assert EngineSettings(memory_limit=limit).memory_limit == limit
