"""Write a table so that it is whole, keeps its contract and can be recognised again; read it back."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pandera.polars as pa
import polars as pl

from ntg_assets.contracts import (
    Contract,
    IdTypes,
    Violation,
    column_names,
    describe_violations,
    key_of,
    schema_of,
    violations,
)
from ntg_assets.errors import ContractError
from ntg_assets.sql import Query, Table, bound, quote_identifier
from ntg_assets.storage.witnesses import acquit, are_enough

CHECKED_ROWS_AT_ONCE = 1_000_000  # a contract then costs the memory of one batch, not of the table
MOST_SORTED_KEYS = 100_000_000  # 800 MB of hashes; above, the engine groups the keys and spills to disk
SAMPLE_ROWS = 5
EXAMPLES = 3


class BrokenContractError(ContractError):
    """A write was refused; `violations` holds every broken rule."""

    def __init__(self, table: str, broken: list[Violation]) -> None:
        super().__init__(describe_violations(table, broken))
        self.violations = broken


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Attributes:
        n_rows: Rows of the table.
        content_hash: The same for the same rows in any order (comparable within one DuckDB version).
        column_types: DuckDB type of each column, in order.
        sample: First rows by key.
    """

    n_rows: int
    content_hash: str
    column_types: dict[str, str]
    sample: pl.DataFrame


def write_table(connection: duckdb.DuckDBPyConnection, table: Table, rows: Query, model: type[Contract], *, ids: IdTypes) -> Written:
    """Replace a table by the rows of a query, or leave it as it was.

    One transaction: the new rows are stored by column name, held against the contract, and only then
    committed. A failure at any point, the end of the process included, leaves the old table.

    Raises:
        BrokenContractError: a column is missing or unknown, a type or value is wrong, the key is not unique.
    """
    connection.begin()
    try:
        connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
        with bound(connection, rows):
            _check_columns(connection, table, rows, model)
            _store(connection, table, rows, model)
        _check_rows(connection, table, schema_of(model, ids), key_of(model))
        written = _describe(connection, table, key_of(model))
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return written


def table_exists(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether the store holds the table."""
    asked = "select count(*) from duckdb_tables() where schema_name = $schema and table_name = $name and not temporary"
    return bool(connection.execute(asked, {"schema": table.schema, "name": table.name}).fetchall()[0][0])


def batches(connection: duckdb.DuckDBPyConnection, table: Table) -> Iterator[pl.DataFrame]:
    """Yield a stored table in frames of at most `CHECKED_ROWS_AT_ONCE` rows (one empty frame for an empty table)."""
    reader = connection.sql(f"select * from {table.quoted}").to_arrow_reader(CHECKED_ROWS_AT_ONCE)
    empty = True
    for batch in reader:
        empty = False
        yield pl.from_arrow(batch)  # type: ignore[misc]  # a record batch always gives a frame
    if empty:
        yield connection.sql(f"select * from {table.quoted} limit 0").pl()


def content_hash(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """Hash a table's rows as a multiset: equal for equal rows in any order, sensitive to every value."""
    columns = _column_types(connection, table)
    values = ", ".join(quote_identifier(name) for name in columns)
    n_rows, total = connection.execute(f"select count(*), coalesce(sum(hash({values})), 0) from {table.quoted}").fetchall()[0]
    return f"{n_rows:x}-{int(total) % 2**64:016x}"


def _check_columns(connection: duckdb.DuckDBPyConnection, table: Table, rows: Query, model: type[Contract]) -> None:
    found = [name for name, *_ in connection.execute(f"describe {rows.text}", dict(rows.parameters) or None).fetchall()]
    wanted = column_names(model)
    broken = [Violation(name, "column is missing", 0, "") for name in wanted if name not in found]
    broken += [Violation(name, "column is not in the contract", 0, "") for name in found if name not in wanted]
    if broken:
        told = "; ".join(f"{v.column}: {v.check}" for v in broken)
        error = BrokenContractError(table.name, broken)
        error.args = (f"{table.schema}.{table.name}: not stored, its contract is broken: {told}.",)
        raise error


def _store(connection: duckdb.DuckDBPyConnection, table: Table, rows: Query, model: type[Contract]) -> None:
    columns = ", ".join(quote_identifier(name) for name in column_names(model))
    statement = f"create or replace table {table.quoted} as select {columns} from (\n{rows.text}\n)"
    connection.execute(statement, dict(rows.parameters) or None)


def _check_rows(connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema, key: list[str]) -> None:
    n_rows = int(connection.execute(f"select count(*) from {table.quoted}").fetchall()[0][0])
    is_large = n_rows > CHECKED_ROWS_AT_ONCE
    if not (is_large and are_enough(schema) and acquit(connection, table, schema)):
        _judge_all_rows(connection, table, schema)
    if key and is_large and n_rows <= MOST_SORTED_KEYS and _key_hashes_differ(connection, table, key, n_rows):
        return
    if key and (doubled := _doubled_keys(connection, table, key)):
        raise BrokenContractError(f"{table.schema}.{table.name}", [doubled])


def _judge_all_rows(connection: duckdb.DuckDBPyConnection, table: Table, schema: pa.DataFrameSchema) -> None:
    for batch in batches(connection, table):
        if broken := violations(batch, schema):
            raise BrokenContractError(f"{table.schema}.{table.name}", broken)


def _key_hashes_differ(connection: duckdb.DuckDBPyConnection, table: Table, key: list[str], n_rows: int) -> bool:
    """Whether all keys have different 64-bit hashes, which proves them different: a quarter of the cost of grouping them."""
    columns = ", ".join(quote_identifier(name) for name in key)
    hashes, n_read = np.empty(n_rows, dtype=np.uint64), 0
    for batch in connection.sql(f"select hash({columns}) from {table.quoted}").to_arrow_reader(CHECKED_ROWS_AT_ONCE):
        hashes[n_read : n_read + len(batch)] = batch.column(0).to_numpy()
        n_read += len(batch)
    hashes.sort()
    return not bool((hashes[1:] == hashes[:-1]).any())


def _doubled_keys(connection: duckdb.DuckDBPyConnection, table: Table, key: list[str]) -> Violation | None:
    columns = ", ".join(quote_identifier(name) for name in key)
    grouped = f"select {columns}, count(*) as n from {table.quoted} group by {columns} having count(*) > 1"
    n_doubled = connection.execute(f"select count(*) from ({grouped})").fetchall()[0][0]
    if not n_doubled:
        return None
    examples = connection.execute(f"select {columns} from ({grouped}) order by {columns} limit {EXAMPLES}").fetchall()
    return Violation(", ".join(key), "unique", n_doubled, ", ".join(str(example) for example in examples))


def _describe(connection: duckdb.DuckDBPyConnection, table: Table, key: list[str]) -> Written:
    order = f" order by {', '.join(quote_identifier(name) for name in key)}" if key else ""
    sample = connection.sql(f"select * from {table.quoted}{order} limit {SAMPLE_ROWS}").pl()
    hashed = content_hash(connection, table)
    n_rows = int(hashed.split("-")[0], 16)
    return Written(n_rows, hashed, _column_types(connection, table), sample)


def _column_types(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    return {name: type_ for name, type_, *_ in connection.execute(f"describe {table.quoted}").fetchall()}
