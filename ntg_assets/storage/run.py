"""Run a query: inside the store, or in memory over frames."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from uuid import uuid4

import duckdb
import polars as pl

from ntg_assets.declared_reads import READS_FILES, running_reader
from ntg_assets.errors import ContractError, UnboundTableError
from ntg_assets.sql import Query, Rows, Source, Table, columns_left_out, quote_identifier
from ntg_assets.storage.in_memory import in_memory

PARAMETER = re.compile(r"\$[a-z_]\w*", re.IGNORECASE)
# DuckDB says a table with its alias and sample: `t AS a TABLESAMPLE ...`
TABLE_NAME = re.compile(r'(?:"[^"]*"|\w+)(?:\.(?:"[^"]*"|\w+))*')
# texts, with the names they were bound to, that name nothing else: to ask again costs a parse
_WHOLLY_BOUND: set[tuple[str, frozenset[str]]] = set()


@contextmanager
def bound(
    connection: duckdb.DuckDBPyConnection, given: Query, *, only_shape: bool = False
) -> Iterator[None]:
    """Give a query's table names a meaning on `connection` while the block runs;
    nested queries become temporary tables.

    Args:
        connection: Holds the stored tables.
        given: The query.
        only_shape: Whether nested queries need no rows, since nothing but columns is asked.
    """
    _require_bound(connection, given)
    with ExitStack() as undo:
        make_nested = _shape_nested if only_shape else _run_nested
        nested = {
            name: make_nested(connection, source, undo)
            for name, source in given.tables.items()
            if isinstance(source, Query)
        }
        _require_whole(connection, given, nested)
        for name, source in {**given.tables, **nested}.items():
            _bind(connection, name, source, undo)
        yield


def run(given: Query, connection: duckdb.DuckDBPyConnection | None = None) -> pl.DataFrame:
    """Run a query and return its rows; without a connection in memory, over frames."""
    with (
        nullcontext(connection) if connection else in_memory() as open_connection,
        bound(open_connection, given),
    ):
        return open_connection.sql(given.text, params=dict(given.parameters) or None).pl()


def write_rows(given: Query, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write the rows of a query as Parquet that any engine reads.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with bound(connection, given):
            rows = connection.sql(given.text, params=dict(given.parameters) or None)
            rows.write_parquet(str(file), compression="zstd")
    except duckdb.IOException as error:
        raise OSError(str(error)) from None


def engine_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Name the version of what runs queries here."""
    return str(connection.execute("select version()").fetchall()[0][0])


def column_types(connection: duckdb.DuckDBPyConnection, given: Query) -> dict[str, str]:
    """Say which columns a query makes, with their types: it is bound, and not run.

    Raises:
        UnboundTableError: it names a table that it was not given.
        ContractError: it leaves out a column of a nested query that is `whole`.
    """
    with bound(connection, given, only_shape=True):
        described = connection.execute(f"describe {given.text}", dict(given.parameters) or None)
        return {name: type_ for name, type_, *_ in described.fetchall()}


def _run_nested(connection: duckdb.DuckDBPyConnection, nested: Query, undo: ExitStack) -> Table:
    """Store a nested query under a name that no text uses,
    before the names of the outer query mean anything.
    """
    table = Table("temp", f"nested_{uuid4().hex}")
    with bound(connection, nested):
        connection.execute(
            f"create temp table {table.quoted} as {nested.text}", dict(nested.parameters) or None
        )
    undo.callback(_undo, connection, f"drop table {table.quoted}")
    return table


def _shape_nested(connection: duckdb.DuckDBPyConnection, nested: Query, undo: ExitStack) -> Table:
    """Stand an empty table in for a nested query."""
    table = Table("temp", f"nested_{uuid4().hex}")
    columns = ", ".join(
        f"{quote_identifier(name)} {type_}"
        for name, type_ in column_types(connection, nested).items()
    )
    connection.execute(f"create temp table {table.quoted} ({columns})")
    undo.callback(_undo, connection, f"drop table {table.quoted}")
    return table


def _require_bound(connection: duckdb.DuckDBPyConnection, given: Query) -> None:
    """Refuse a table that a text of an asset names past its bindings: a stored one by its schema, a
    file, a variable of whoever asks.
    """
    reader = running_reader()
    # what reads files is of `sources/`: an asset that asks the store so is refused before
    if reader is None or READS_FILES.search(given.text):
        return
    names = frozenset(name.lower() for name in given.tables)
    if (given.text, names) in _WHOLLY_BOUND:
        return
    text = PARAMETER.sub("null", given.text)
    listed = connection.get_table_names(text, qualified=True)
    named = {name.group().strip('"').lower() for one in listed if (name := TABLE_NAME.match(one))}
    if loose := sorted(named - names):
        raise UnboundTableError(
            f"{reader}: {given.origin} names {', '.join(loose)}, which nothing is bound to (bound"
            f" are {', '.join(sorted(given.tables)) or 'none'}). Pass each table that it reads."
        )
    _WHOLLY_BOUND.add((given.text, names))


def _require_whole(
    connection: duckdb.DuckDBPyConnection, given: Query, nested: Mapping[str, Table]
) -> None:
    made = {
        name: connection.table(table.quoted).columns
        for name, table in nested.items()
        if getattr(given.tables[name], "is_whole", False)
    }
    for name, columns in columns_left_out(given, made).items():
        source = given.tables[name]
        raise ContractError(
            f"{given.origin} does not name {', '.join(columns)}, which"
            f" {source.origin if isinstance(source, Query) else name} makes: what is added there"
            " would vanish here. Select it, and describe it in the contract of the table."
        )


def _bind(
    connection: duckdb.DuckDBPyConnection, name: str, source: Source, undo: ExitStack
) -> None:
    if isinstance(source, Table | Rows):
        connection.execute(
            f"create temp view {quote_identifier(name)} as select * from {source.quoted}"
        )
        undo.callback(_undo, connection, f"drop view temp.{quote_identifier(name)}")
    else:
        connection.register(name, source.collect() if isinstance(source, pl.LazyFrame) else source)
        undo.callback(_unregister, connection, name)


def _unregister(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    with suppress(duckdb.TransactionException):  # it would hide what aborted the transaction
        connection.unregister(name)


def _undo(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    # an aborted transaction takes its temporary objects with it
    with suppress(duckdb.TransactionException):
        connection.execute(statement)
