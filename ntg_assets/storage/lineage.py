"""What the columns of a stored table are made from, kept as the table's comment: it goes with it.

A table that is written anew loses its comment in the same transaction, so what is kept is always
that of the rows that are there.
"""

import json

from ntg_assets.column_lineage import Origin, Origins
from ntg_assets.sql import Table
from ntg_assets.storage.connection import Connection, MissingTableError


def keep_origins(connection: Connection, table: Table, origins: Origins) -> None:
    """Keep what the columns of a table are made from beside it."""
    kept = {
        column: [
            [origin.table.schema, origin.table.name, origin.column, origin.by] for origin in several
        ]
        for column, several in origins.items()
    }
    text = json.dumps(kept).replace("'", "''")  # `comment on` takes no bound parameter
    try:
        connection.execute(f"comment on table {table.quoted} is '{text}'")
    except MissingTableError:  # its rows lie elsewhere, and a view shows them
        connection.execute(f"comment on view {table.quoted} is '{text}'")


def all_kept_origins(connection: Connection) -> dict[Table, Origins]:
    """Read what the columns of every table of the current database are made from."""
    return {table: origins_in(comment) for table, comment in comments(connection).items()}


def comments(connection: Connection) -> dict[Table, str | None]:
    """Read the comments of all tables and views of the current database; see `origins_in`."""
    rows = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
        " where database_name = current_database() union all"
        " select schema_name, view_name, comment from duckdb_views()"
        " where database_name = current_database()"
    ).fetchall()
    return {Table(schema, name): comment for schema, name, comment in rows}


def origins_in(comment: str | None) -> Origins:
    """Take from a table's comment what its columns are made from; nothing where nothing is kept
    that can be read.
    """
    try:
        kept = json.loads(comment) if comment else {}
        return {
            column: [Origin(Table(schema, name), inner, by) for schema, name, inner, by in several]
            for column, several in kept.items()
        }
    except (AttributeError, TypeError, ValueError):
        return {}  # a comment of somebody else, or of another version: the next write brings ours
