"""The tables that a store holds: columns, keys, how many rows and which."""

import re
from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from ntg_assets.sql import quote_identifier

# the comment of a published table ends so (`store_schema.table_comment`), also where it is too
# large for an index
KEY = re.compile(r"\bKey: ([\w, ]+)\.$")


class StoredTable(NamedTuple):
    """A table as one store has it."""

    name: str
    types: Mapping[str, str]
    key: tuple[str, ...]


def stored_tables(connection: duckdb.DuckDBPyConnection, store: str) -> dict[str, StoredTable]:
    """List the tables of a store, with their columns and keys, in one question each."""
    of_store = {"store": store}
    columns = connection.execute(
        "select concat(schema_name, '.', table_name), column_name, data_type from duckdb_columns()"
        " where database_name = $store order by table_name, column_index",
        of_store,
    ).fetchall()
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in columns:
        types.setdefault(table, {})[column] = kind
    listed = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = $store",
        of_store,
    ).fetchall()
    return {
        f"{schema}.{table}": StoredTable(
            f"{store}.{quote_identifier(schema)}.{quote_identifier(table)}",
            types[f"{schema}.{table}"],
            _key(table, comment),
        )
        for schema, table, comment in listed
    }


def _key(table: str, comment: str | None) -> tuple[str, ...]:
    # a publication of an older version, or a working store, which says where columns come from
    if comment is None or comment.startswith("{"):
        from ntg_assets.contracts import (  # noqa: PLC0415  # loading every contract takes a second
            contract_of,
            key_of,
            known_tables,
        )

        return tuple(key_of(contract_of(table))) if table in known_tables() else ()
    stated = KEY.search(comment)
    return tuple(stated.group(1).split(", ")) if stated else ()


def count_rows(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    """Count the rows of a table, or of a question in brackets."""
    return int(connection.execute(f"select count(*) from {rows}").fetchall()[0][0])


def hash_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]
) -> tuple[int, int]:
    """Hash the rows as a set, whatever their order.

    Args:
        connection: Where.
        table: Quoted name.
        columns: What is hashed of a row, in order.
    """
    values = ", ".join(map(quote_identifier, columns))
    text = f"select count(*), coalesce(sum(hash({values})), 0) from {table}"
    return connection.execute(text).fetchall()[0]
