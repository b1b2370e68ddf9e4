"""What each published column is made from, as a table of the published store."""

from collections.abc import Mapping, Sequence

import polars as pl

from ntg_assets.column_lineage import READ, Origin, Origins
from ntg_assets.publish.store_schema import comment_on
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.storage.connection import Connection

Row = tuple[str, str, str | None, str, str, str | None, str]

COLUMN_SOURCES = Table("answers", "column_sources")
MEANING = (
    "What is each column made from? One row per column and column that it is made from, one step"
    " back, also of tables between that are not published; no rows: it is read from files."
)
COLUMNS = {
    "table_schema": "Schema of the table",
    "table_name": "Table",
    "column_name": (
        "Column; null: the table as such, and each table that anything in it is made from"
    ),
    "source_schema": "Schema of the table that it is made from",
    "source_table": "Table that it is made from",
    "source_column": "Column that it is made from; null: its rows are counted, or see stated_by",
    "stated_by": (
        "sql: the text that makes it; contract: it is declared; carried: one name and meaning in"
        " both tables; read: no more is known than that its maker reads the table"
    ),
}


def reached_from(tables: Sequence[Table], origins: Mapping[Table, Origins]) -> dict[Table, Origins]:
    """Choose some tables and all that they are made from, so that no chain ends at a table that is
    not published itself.
    """
    reached: dict[Table, Origins] = {}
    waiting = [*tables]
    while waiting:
        table = waiting.pop()
        if table not in reached:
            reached[table] = origins.get(table, {})
            waiting += [origin.table for several in reached[table].values() for origin in several]
    return {table: reached[table] for table in sorted(reached, key=str)}


def create_column_sources(connection: Connection, origins: Mapping[Table, Origins]) -> None:
    """Make the table in the current database, with comments."""
    rows: list[Row] = [
        (table.schema, table.name, column, *_row(origin))
        for table, columns in origins.items()
        for column, several in columns.items()
        for origin in several
    ]
    rows += [row for table, columns in origins.items() for row in _whole(table, columns)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    named = COLUMN_SOURCES.quoted
    connection.execute(f"create schema if not exists {quote_identifier(COLUMN_SOURCES.schema)}")
    connection.from_arrow(frame.to_arrow()).create(named)
    connection.execute(comment_on("table", named, MEANING))
    for column, meaning in COLUMNS.items():
        connection.execute(comment_on("column", f"{named}.{quote_identifier(column)}", meaning))


def _whole(table: Table, columns: Origins) -> list[Row]:
    """The table as such: where no column is known, a chain goes on with it."""
    sources = {
        (made.table.schema, made.table.name) for several in columns.values() for made in several
    }
    return [
        (table.schema, table.name, None, schema, name, None, READ)
        for schema, name in sorted(sources)
    ]


def _row(origin: Origin) -> tuple[str, str, str | None, str]:
    return origin.table.schema, origin.table.name, origin.column, origin.by
