"""The published store: a DuckDB copy that analysts may hold open as long as they like."""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ntg_assets.publish.files import write_whole
from ntg_assets.sql import Table, quote_identifier

# readable by DuckDB tools from 1.4 on; files written with 2.0's own default are not
STORAGE_VERSION = "v1.4.0"


def publish_store(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[tuple[str, str]], *, target: Path
) -> Path:
    """Copy tables of the open warehouse into a file of their own and swap it in;
    the one before stays as `previous`.

    Args:
        connection: Open warehouse; `target`'s folder must be among its allowed folders.
        tables: (schema, table) of what is copied.
        target: The published file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _keep_previous(target)
    return write_whole(target, lambda part: _copy(connection, tables, part))


def previous_of(target: Path) -> Path:
    """Where the generation before is kept."""
    return target.with_name(f"{target.stem}.previous{target.suffix}")


def _keep_previous(target: Path) -> None:
    if target.exists():
        kept = target.with_name(target.name + ".kept")
        kept.unlink(missing_ok=True)
        # the same bytes under a second name: nothing is copied, the old name never vanishes
        os.link(target, kept)
        kept.replace(previous_of(target))


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
