"""SQL as values: a query text from a file, the tables it reads, the values bound to it.

A `Query` returned by an asset runs inside the store, so its rows never pass through Python. The same query
over frames runs in memory (`run`), which is how the computation is used and tested without Dagster. What SQL cannot make
and memory should not hold comes as a `Stream`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Union
from uuid import uuid4

import duckdb
import polars as pl
import pyarrow as pa

from ntg_assets.storage.connection import connect

Source = Union["Table", "Query", pl.DataFrame, pl.LazyFrame, pa.Table]


@dataclass(frozen=True)
class Table:
    """A stored table, by name: a handle that reads nothing."""

    schema: str
    name: str

    @property
    def quoted(self) -> str:
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"


@dataclass(frozen=True)
class Query:
    """One `select`: its text, what each table name in it stands for, the values of its `$parameters`."""

    text: str
    tables: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """Rows of one table that come frame by frame (at least one, all with the same columns), so that no one holds them all."""

    frames: Iterable[pl.DataFrame]


def query(package: str, name: str, tables: Mapping[str, Source], **parameters: Any) -> Query:
    """Make a query from `ntg_assets/<package>/<name>.sql`.

    Args:
        package: Stage folder that holds the file.
        name: File stem, which is the name of the table it makes.
        tables: Table names used in the text, with what they stand for (a stored table, a frame, another query).
        parameters: Values of the `$parameters` of the text.
    """
    return Query(read_sql(package, name), dict(tables), parameters)


@cache
def read_sql(package: str, name: str) -> str:
    """Text of one SQL file of a stage."""
    return (resources.files("ntg_assets") / package / f"{name}.sql").read_text(encoding="utf-8")


def quote_identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def bound(connection: duckdb.DuckDBPyConnection, given: Query) -> Iterator[None]:
    """Give a query's table names a meaning on `connection` while the block runs; nested queries become temporary tables."""
    with ExitStack() as undo:
        nested = {name: _run_nested(connection, source, undo) for name, source in given.tables.items() if isinstance(source, Query)}
        for name, source in {**given.tables, **nested}.items():
            _bind(connection, name, source, undo)
        yield


def run(given: Query, connection: duckdb.DuckDBPyConnection | None = None) -> pl.DataFrame:
    """Run a query and return its rows; without a connection in memory, over frames."""
    with nullcontext(connection) if connection else connect() as open_connection, bound(open_connection, given):
        return open_connection.sql(given.text, params=dict(given.parameters) or None).pl()


def _run_nested(connection: duckdb.DuckDBPyConnection, nested: Query, undo: ExitStack) -> Table:
    """Store a nested query under a name that no text uses, before the names of the outer query mean anything."""
    table = Table("temp", f"nested_{uuid4().hex}")
    with bound(connection, nested):
        connection.execute(f"create temp table {table.quoted} as {nested.text}", dict(nested.parameters) or None)
    undo.callback(_undo, connection, f"drop table {table.quoted}")
    return table


def _bind(connection: duckdb.DuckDBPyConnection, name: str, source: Source, undo: ExitStack) -> None:
    if isinstance(source, Table):
        connection.execute(f"create temp view {quote_identifier(name)} as select * from {source.quoted}")
        undo.callback(_undo, connection, f"drop view temp.{quote_identifier(name)}")
    else:
        connection.register(name, source.collect() if isinstance(source, pl.LazyFrame) else source)
        undo.callback(_unregister, connection, name)


def _unregister(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    with suppress(duckdb.TransactionException):  # it would hide what aborted the transaction
        connection.unregister(name)


def _undo(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    with suppress(duckdb.TransactionException):  # an aborted transaction takes its temporary objects with it
        connection.execute(statement)
