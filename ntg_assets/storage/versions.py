"""Recognise a table by its content: the same rows, the same columns, the same name."""

import hashlib
import json
from collections.abc import Iterable, Mapping

import duckdb

from ntg_assets.sql import Table, quote_identifier

SHAPE_DIGITS = 8


def content_hash(
    connection: duckdb.DuckDBPyConnection, table: Table, columns: Iterable[str] | None = None
) -> str:
    """Hash a table's rows as a multiset: equal for equal rows in any order,
    sensitive to every value.

    Args:
        connection: Holds the table.
        table: What is hashed.
        columns: Its columns, all of them in order; none: they are looked up.
    """
    names = column_types_of(connection, table) if columns is None else columns
    values = ", ".join(quote_identifier(name) for name in names)
    n_rows, total = connection.execute(
        f"select count(*), coalesce(sum(hash({values})), 0) from {table.quoted}"
    ).fetchall()[0]
    return f"{n_rows:x}-{int(total) % 2**64:016x}"


def rows_of_hash(hashed: str) -> int:
    """Say of how many rows a content hash is."""
    return int(hashed.split("-", maxsplit=1)[0] or "0", 16)


def version_of(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    """Hash a table's rows, and the names and types of its columns: what a reader of it may see;
    none where there is no such table.
    """
    try:
        column_types = column_types_of(connection, table)
    except duckdb.CatalogException:  # asking for it first costs more than hashing most tables
        return None
    return version_name(content_hash(connection, table, column_types), column_types)


def version_name(hashed: str, column_types: Mapping[str, str]) -> str:
    """Name a version: of its rows, and of the names and types of its columns."""
    shape = hashlib.sha256(json.dumps(column_types).encode()).hexdigest()[:SHAPE_DIGITS]
    return f"{hashed}-{shape}"


def column_types_of(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[str, str]:
    """List the columns of a stored table with their DuckDB types, in order."""
    return {
        name: type_ for name, type_, *_ in connection.execute(f"describe {table.quoted}").fetchall()
    }


def column_types_of_all(connection: duckdb.DuckDBPyConnection) -> dict[Table, dict[str, str]]:
    """List the columns of every stored table, as `column_types_of` does of one, in one question."""
    types: dict[Table, dict[str, str]] = {}
    for schema, table, name, type_ in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() where not"
        " internal and database_name = current_database()"
        " order by schema_name, table_name, column_index"
    ).fetchall():
        types.setdefault(Table(schema, table), {})[name] = type_
    return types
