"""The database in memory that is lent to one question after the other."""

import threading

import duckdb
import polars as pl
import pytest

from ntg_assets.sql import Query
from ntg_assets.storage.in_memory import in_memory
from ntg_assets.storage.run import run

ROWS = pl.DataFrame({"a": [1, 2, 4]})


def total(rows: pl.DataFrame = ROWS) -> int:
    inner = Query("select a + 1 as a from rows", {"rows": rows})
    return int(run(Query("select sum(a) as total from inner_rows", {"inner_rows": inner})).item())


def names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute(
        "select table_name from duckdb_tables() union all select view_name from duckdb_views()"
        " where not internal"
    )
    return {str(name) for (name,) in found.fetchall()}


def test_the_same_database_is_lent_again_and_nothing_is_left_in_it() -> None:
    with in_memory() as first:
        pass
    assert total() == 2 + 3 + 5
    assert total(ROWS.head(1)) == 1 + 1
    with in_memory() as again:
        assert again is first
        assert names(again) == set()


def test_a_database_in_which_an_error_came_up_is_not_lent_again() -> None:
    with in_memory() as first:
        pass
    with pytest.raises(duckdb.Error, match="no_such_column"):
        run(Query("select no_such_column from rows", {"rows": ROWS}))
    with in_memory() as other:
        assert other is not first
    with pytest.raises(duckdb.Error, match=r"(?i)closed"):
        first.execute("select 1")


def test_who_asks_within_a_question_gets_a_database_of_its_own() -> None:
    with in_memory() as outer:
        with in_memory() as inner:
            inner.execute("create table t as select 1 as a")
        assert inner is not outer
        assert names(outer) == set()
    with pytest.raises(duckdb.Error, match=r"(?i)closed"):
        outer.execute("select 1")
    inner.execute("drop table t")


def test_threads_share_no_database() -> None:
    lent: list[duckdb.DuckDBPyConnection] = []

    def borrow() -> None:
        with in_memory() as connection:
            lent.append(connection)

    borrow()
    other = threading.Thread(target=borrow)
    other.start()
    other.join()
    assert lent[0] is not lent[1]


def test_it_is_confined_like_every_connection() -> None:
    with in_memory() as connection:
        settings = connection.execute(
            "select current_setting('TimeZone'), current_setting('enable_external_access')"
        ).fetchall()
    assert settings == [("UTC", False)]
