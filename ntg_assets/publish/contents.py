"""What of the working store is published, part by part: rows and hash of each table."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.versions import content_hash, rows_of_hash


def list_contents(connection: Connection, tables: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """List tables with their rows and the hash of what they hold.

    Args:
        connection: Open warehouse.
        tables: (schema, table) of each.

    Returns:
        stage, name, n_rows, content; in the order given.
    """
    rows = [
        (schema, name, rows_of_hash(hashed), hashed)
        for (schema, name), hashed in hashes(connection, tables).items()
    ]
    schema = {"stage": pl.String, "name": pl.String, "n_rows": pl.Int64, "content": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def hashes(connection: Connection, tables: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Hash the rows of tables, each as a set."""
    return {table: content_hash(connection, Table(*table)) for table in tables}
