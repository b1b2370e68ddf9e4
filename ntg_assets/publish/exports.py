"""Parquet files of the published tables, and the contact list for the CRM."""

from pathlib import Path

import duckdb

from ntg_assets.contracts import column_names, contract_of, key_of
from ntg_assets.publish.files import write_whole
from ntg_assets.sql import Table, quote_identifier

CONTACT_LIST = "outputs/radar/contact_list.csv"


def export_parquet(connection: duckdb.DuckDBPyConnection, table: Table, *, target: Path) -> Path:
    """Write a table as Parquet, rows in the order of its key (where it has one)."""
    return write_whole(
        target, lambda part: _copy(connection, f"select * from {table.quoted}{order_by_key(table.name)}", part, "format parquet")
    )


def export_contact_list(connection: duckdb.DuckDBPyConnection, targets: Table, *, target: Path) -> Path:
    """Write whom to contact as CSV, by strategy and rank: what a CRM reads."""
    columns = ", ".join(quote_identifier(name) for name in column_names(contract_of(targets.name)) if name not in ("action", "exclusion"))
    chosen = f"select {columns} from {targets.quoted} where action = 'contact' order by strategy, rank"
    return write_whole(target, lambda part: _copy(connection, chosen, part, "format csv, header true"))


def _copy(connection: duckdb.DuckDBPyConnection, rows: str, part: Path, options: str) -> None:
    file = str(part).replace("'", "''")  # `copy` takes no bound parameter
    connection.execute(f"copy ({rows}) to '{file}' ({options})")


def order_by_key(name: str) -> str:
    """Order a table's rows by its key (nothing for a table without one), so that what is made from them is always the same."""
    key = key_of(contract_of(name))
    return f" order by {', '.join(quote_identifier(column) for column in key)}" if key else ""
