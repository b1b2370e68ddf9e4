"""The published store: a DuckDB copy that analysts may hold open as long as they like, and that
explains itself.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ntg_assets.contracts import contract_of
from ntg_assets.publish.answers import ANSWERS, create_answers
from ntg_assets.publish.column_sources import create_column_sources, reached_from
from ntg_assets.publish.files import write_file
from ntg_assets.publish.store_schema import comments, create_table
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.storage.lineage import all_kept_origins

# readable by DuckDB tools from 1.4 on; files written with 2.0's own default are not
STORAGE_VERSION = "v1.4.0"
COPY = "read_copy"


def publish_store(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]], *, target: Path
) -> Path:
    """Copy tables of the open warehouse into a file of their own, with comments, keys, views and
    what each column is made from.

    A view is made where all of the tables that it reads are copied.

    Args:
        connection: Open warehouse; `target`'s folder must be among its allowed folders.
        tables: (schema, table) of what is copied; each has a contract.
        target: The published file.
    """
    return write_file(target, lambda part: _copy(connection, tables, part))


def _copy(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]], part: Path
) -> None:
    file = str(part).replace("'", "''")  # `attach` takes no bound parameter
    [(warehouse,)] = connection.execute("select current_database()").fetchall()
    origins = reached_from([Table(*table) for table in tables], all_kept_origins(connection))
    connection.execute(f"attach '{file}' as {COPY} (storage_version '{STORAGE_VERSION}')")
    # views name their tables without a database, so that they hold under whatever name it is opened
    connection.execute(f"use {COPY}")
    try:
        with _at_once(connection):
            for schema, name in tables:
                _copy_table(connection, Table(schema, name), warehouse)
            create_column_sources(connection, origins)
            create_answers(connection, [answer for answer in ANSWERS if answer.reads <= {*tables}])
        connection.execute(f"checkpoint {COPY}")
    finally:
        connection.execute(f"use {quote_identifier(warehouse)}")
        connection.execute(f"detach {COPY}")


@contextmanager
def _at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit once: each of the 1,500 statements would wait for the disk by itself."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _copy_table(connection: duckdb.DuckDBPyConnection, table: Table, warehouse: str) -> None:
    original, model = f"{quote_identifier(warehouse)}.{table.quoted}", contract_of(table.name)
    [(n_rows,)] = connection.execute(f"select count(*) from {original}").fetchall()
    types = {name: kind for name, kind, *_ in connection.execute(f"describe {original}").fetchall()}
    connection.execute(f"create schema if not exists {quote_identifier(table.schema)}")
    connection.execute(create_table(table, types, model, n_rows=n_rows))
    connection.execute(f"insert into {table.quoted} select * from {original}")
    for statement in comments(table, model):
        connection.execute(statement)
