"""The published store: a DuckDB copy that analysts may hold open as long as they like."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ntg_assets.publish.files import write_file
from ntg_assets.sql import Table, quote_identifier

# readable by DuckDB tools from 1.4 on; files written with 2.0's own default are not
STORAGE_VERSION = "v1.4.0"


def publish_store(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]], *, target: Path
) -> Path:
    """Copy tables of the open warehouse into a file of their own.

    Args:
        connection: Open warehouse; `target`'s folder must be among its allowed folders.
        tables: (schema, table) of what is copied.
        target: The published file.
    """
    return write_file(target, lambda part: _copy(connection, tables, part))


def _copy(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]], part: Path
) -> None:
    file = str(part).replace("'", "''")  # `attach` takes no bound parameter
    connection.execute(f"attach '{file}' as read_copy (storage_version '{STORAGE_VERSION}')")
    try:
        for schema, name in tables:
            connection.execute(f"create schema if not exists read_copy.{quote_identifier(schema)}")
            connection.execute(
                f"create table read_copy.{quote_identifier(schema)}.{quote_identifier(name)} as"
                f" select * from {Table(schema, name).quoted}"
            )
        connection.execute("checkpoint read_copy")
    finally:
        connection.execute("detach read_copy")
