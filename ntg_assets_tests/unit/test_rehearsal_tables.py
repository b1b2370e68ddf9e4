"""Tables of a rehearsal: what queries find, what steps take, what is taken over."""

from collections.abc import Iterator

import polars as pl
import pytest

from ntg_assets.declared_reads import Declared, only
from ntg_assets.errors import UndeclaredReadError
from ntg_assets.orchestration.rehearsing.tables import RehearsalTables
from ntg_assets.sql import Query, Table
from ntg_assets.storage.connection import connect

EVENTS, DAYS, USERS = Table("ingest", "events"), Table("backtest", "days"), Table("live", "users")
ROWS = pl.DataFrame(
    {"user_id": [2, 1, 2], "kind": pl.Series(["a", "b", "a"], dtype=pl.Categorical)}
)
COUNTED = Query(
    "select user_id, count(*) as n from events group by all order by 1", {"events": EVENTS}
)


@pytest.fixture
def tables() -> Iterator[RehearsalTables]:
    with connect() as connection:
        yield RehearsalTables(connection, {EVENTS: ROWS}, {EVENTS: ROWS, DAYS: COUNTS})


COUNTS = pl.DataFrame({"user_id": [1, 2], "n": [1, 2]})


def stored(tables: RehearsalTables) -> list[str]:
    names = "select table_name from duckdb_tables() where not temporary order by 1"
    return [name for (name,) in tables.connection.execute(names).fetchall()]


def test_a_table_is_stored_when_a_query_names_it_however_deep(tables: RehearsalTables) -> None:
    assert tables.rows(EVENTS).rows() == ROWS.rows()
    assert stored(tables) == []
    outer = Query("select max(n) as n from counted", {"counted": COUNTED})
    assert tables.read(outer).rows() == [(2,)]
    assert stored(tables) == ["events"]


def test_what_is_made_is_found_by_the_next_query_and_by_the_next_step(
    tables: RehearsalTables,
) -> None:
    made = tables.keep(DAYS, COUNTED)
    assert made.equals(COUNTS)
    assert tables.rows(DAYS) is made
    assert tables.read(Query("select sum(n)::bigint from days", {"days": DAYS})).item() == 3
    assert stored(tables) == ["days", "events"]


def test_a_step_is_given_nothing_that_it_was_not_issued(tables: RehearsalTables) -> None:
    with only(Declared("backtest/x", frozenset({DAYS}))):
        assert tables.keep(DAYS, Query("select * from days", {"days": COUNTS})).equals(COUNTS)
        assert tables.rows(DAYS).equals(COUNTS)
    for query in (Query("select * from events", {"events": EVENTS}), COUNTED):
        with (
            pytest.raises(UndeclaredReadError, match=r"backtest/x reads ingest\.events"),
            only(Declared("backtest/x", frozenset({DAYS}))),
        ):
            tables.read(query)
    with (
        pytest.raises(UndeclaredReadError, match=r"backtest/x reads ingest\.events"),
        only(Declared("backtest/x", frozenset({DAYS}))),
    ):
        tables.rows(EVENTS)


def test_only_what_was_made_of_the_same_is_taken_over(tables: RehearsalTables) -> None:
    assert tables.take_over([USERS], of=[EVENTS]) is None  # nobody made it before
    assert tables.take_over([DAYS], of=[USERS]) is None
    taken = tables.take_over([DAYS], of=[EVENTS])
    assert taken is not None
    assert taken[DAYS] is COUNTS
    assert tables.read(Query("select max(n) from days", {"days": DAYS})).item() == 2
    with connect() as connection:
        other = RehearsalTables(connection, {EVENTS: ROWS.head(2)}, tables.before)
        assert other.take_over([DAYS], of=[EVENTS]) is None
        assert not other.keep(DAYS, COUNTED).equals(COUNTS)
        assert other.take_over([USERS], of=[DAYS]) is None
