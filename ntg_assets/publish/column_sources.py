"""What each published column is made from, as a table of the published store."""

from collections.abc import Mapping

import polars as pl

from ntg_assets.column_lineage import Origin, Origins
from ntg_assets.publish.store_schema import comment_on
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.storage.connection import Connection

COLUMN_SOURCES = Table("answers", "column_sources")
MEANING = (
    "What is each column made from? One row per column and column that it is made from, one step"
    " back; no rows: it is read from files."
)
COLUMNS = {
    "table_schema": "Schema of the table",
    "table_name": "Table",
    "column_name": "Column",
    "source_schema": "Schema of the table that it is made from",
    "source_table": "Table that it is made from",
    "source_column": "Column that it is made from; null: its rows are counted, or see stated_by",
    "stated_by": (
        "sql: the text that makes it; contract: it is declared; carried: one name and meaning in"
        " both tables; read: no more is known than that its maker reads the table"
    ),
}


def create_column_sources(connection: Connection, origins: Mapping[Table, Origins]) -> None:
    """Make the table in the current database, with comments."""
    rows = [
        (table.schema, table.name, column, *_row(origin))
        for table, columns in origins.items()
        for column, several in columns.items()
        for origin in several
    ]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    named = COLUMN_SOURCES.quoted
    connection.execute(f"create schema if not exists {quote_identifier(COLUMN_SOURCES.schema)}")
    connection.from_arrow(frame.to_arrow()).create(named)
    connection.execute(comment_on("table", named, MEANING))
    for column, meaning in COLUMNS.items():
        connection.execute(comment_on("column", f"{named}.{quote_identifier(column)}", meaning))


def _row(origin: Origin) -> tuple[str, str, str | None, str]:
    return origin.table.schema, origin.table.name, origin.column, origin.by
