"""Write a table so that it is whole, keeps its contract and can be recognised again."""

from dataclasses import dataclass

import duckdb
import polars as pl

from ntg_assets.contracts import Contract, IdTypes, column_names, file_of, key_of, schema_of
from ntg_assets.errors import ContractError
from ntg_assets.sql import Query, Stream, Table, quote_identifier
from ntg_assets.storage.describe import measure_table, sample_table
from ntg_assets.storage.row_checks import BrokenContractError, check_rows
from ntg_assets.storage.run import bound
from ntg_assets.storage.versions import (
    column_types_of,
    content_hash,
    rows_of_hash,
    version_name,
)
from ntg_assets.violations import Violation


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Attributes:
        n_rows: Rows of the table.
        content_hash: The same for the same rows in any order (comparable within one DuckDB
        version).
        column_types: DuckDB type of each column, in order.
        measures: Numbers that describe the content, by name.
        sample: First rows in the table's own order, in the columns that its contract shows.
    """

    n_rows: int
    content_hash: str
    column_types: dict[str, str]
    measures: dict[str, float]
    sample: pl.DataFrame


def write_table(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    rows: Query | Stream,
    model: type[Contract],
    *,
    ids: IdTypes,
) -> Written:
    """Replace a table by the rows of a query or of a stream of frames, or leave it as it was.

    One transaction, however many frames: the new rows are stored by column name, held against the
    contract, and only then committed. A failure at any point, the end of the process included,
    leaves the old table.

    Raises:
        BrokenContractError: a column is missing or unknown, a type or value is wrong, the key is
            not unique.
    """
    connection.begin()
    try:
        connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
        if isinstance(rows, Stream):
            _store_frames(connection, table, rows, model)
        else:
            _store(connection, table, rows, model)
        written = _checked(connection, table, model, ids=ids)
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return written


def table_exists(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the store holds the table."""
    try:  # the catalogue's own list describes every table of the store for each question: 3 ms
        connection.execute(f"describe {table.quoted}").fetchall()
    except duckdb.CatalogException:
        return False
    return True


def version_written(written: Written) -> str:
    """Name the version of a table that was just written, as `version_of` does."""
    return version_name(written.content_hash, written.column_types)


def _store(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: Query, model: type[Contract]
) -> None:
    with bound(connection, rows):
        bound_values = dict(rows.parameters) or None
        names = [
            name
            for name, *_ in connection.execute(f"describe {rows.text}", bound_values).fetchall()
        ]
        check_columns(table, names, model, maker=rows.origin)
        statement = (
            f"create or replace table {table.quoted} as select {_columns(model)} from"
            f" (\n{rows.text}\n)"
        )
        connection.execute(statement, bound_values)


def _store_frames(
    connection: duckdb.DuckDBPyConnection, table: Table, rows: Stream, model: type[Contract]
) -> None:
    is_made = False
    for frame in rows.frames:
        check_columns(table, frame.columns, model, maker="its stream")
        # not `register`: a transaction holds what was registered in it until its end
        incoming = connection.from_arrow(
            frame.select(column_names(model)).to_arrow(compat_level=pl.CompatLevel.newest())
        )
        if is_made:
            incoming.insert_into(table.quoted)
        else:
            connection.execute(f"drop table if exists {table.quoted}")
            incoming.create(table.quoted)
        is_made = True
    if not is_made:
        raise ContractError(
            f"{table.schema}.{table.name}: not stored, no frame came, so its columns are unknown."
            " Yield an empty one."
        )


def _columns(model: type[Contract]) -> str:
    return ", ".join(quote_identifier(name) for name in column_names(model))


def check_columns(table: Table, names: list[str], model: type[Contract], *, maker: str) -> None:
    """Refuse rows whose columns are not those of the contract.

    Args:
        table: Where the rows are meant to go.
        names: Their columns.
        model: The contract.
        maker: What made them, for the message.

    Raises:
        BrokenContractError: a column is missing or unknown.
    """
    wanted = column_names(model)
    broken = [Violation(name, "column is missing", 0, "") for name in wanted if name not in names]
    broken += [
        Violation(name, "column is not in the contract", 0, "")
        for name in names
        if name not in wanted
    ]
    if broken:
        faults = "; ".join(f"{v.column}: {v.check}" for v in broken)
        error = BrokenContractError(table.name, broken)
        text = (
            f"{table.schema}.{table.name}: not stored, its contract is broken: {faults}. Rows come"
            f" from {maker}, columns must be those of {model.__name__} in {file_of(model)}."
        )
        error.args = (text,)
        raise error


def _checked(
    connection: duckdb.DuckDBPyConnection, table: Table, model: type[Contract], *, ids: IdTypes
) -> Written:
    """Hold what was stored against its contract, and say what it is.

    Raises:
        BrokenContractError: it breaks the contract.
    """
    column_types = column_types_of(connection, table)
    hashed = content_hash(connection, table, column_types)
    n_rows = rows_of_hash(hashed)
    check_rows(connection, table, schema_of(model, ids), key_of(model), n_rows=n_rows)
    return Written(
        n_rows=n_rows,
        content_hash=hashed,
        column_types=column_types,
        measures=measure_table(connection, table, model),
        sample=sample_table(connection, table, model),
    )
