"""Parquet files of the published tables, and the contact list for the CRM with its contract."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from ntg_assets.contracts import IdTypes, column_names, contract_of, key_of
from ntg_assets.publish.files import write_file, write_text
from ntg_assets.publish.json_schemas import DIALECT, row_schema
from ntg_assets.publish.locations import REPORT_FOLDER
from ntg_assets.publish.spreadsheets import NOTE, write_spreadsheet
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.storage.parquet import ROW_GROUP_ROWS, write_batches

CONTACT_LISTS = ("outputs/radar/contact_list.csv", "outputs/radar/contact_list.parquet")
# there only while the lists are: a person sees it, no import takes it for a list
WITHHELD = "outputs/radar/contact_list.WITHHELD.txt"
HANDOVER = "outputs/radar/crm_handover.csv"
HANDOVER_SCHEMA = f"{REPORT_FOLDER}/schemas/crm_handover.schema.json"
CONTACT_LIST_SCHEMA = f"{REPORT_FOLDER}/schemas/contact_list.schema.json"
# the same for every contact, so left out of the list
ONLY_OF_CONTACTS = ("action", "exclusion", "exclusion_detail")


def export_parquet(connection: duckdb.DuckDBPyConnection, table: Table, *, target: Path) -> Path:
    """Write a table as Parquet, rows in the order of its key (where it has one)."""
    return write_file(
        target,
        lambda part: _copy(
            connection, f"select * from {table.quoted}{order_by_key(table.name)}", part
        ),
    )


def export_contact_list(
    connection: duckdb.DuckDBPyConnection,
    targets: Table,
    *,
    target: Path,
    withheld: Sequence[str] = (),
) -> Path:
    """Write whom to contact, by strategy and rank: what a CRM reads;
    exact as Parquet, harmless in a spreadsheet as CSV.

    While the lists are withheld both files have their columns and no row, and the Parquet file says
    why in its key-value metadata.

    Args:
        connection: Open warehouse.
        targets: One row per strategy and user.
        target: The Parquet file; the CSV lies beside it.
        withheld: Why nobody may be contacted, a sentence each; none: the lists go out.
    """
    columns = ", ".join(quote_identifier(name) for name in _contact_columns(targets.name))
    chosen = (
        f"select {columns} from {targets.quoted} where action = 'contact' order by strategy, rank"
    )
    if target.suffix == ".csv":
        return write_file(target, lambda part: write_spreadsheet(connection.sql(chosen).pl(), part))
    said = {"withheld": "; ".join(withheld)} if withheld else {}
    return write_file(target, lambda part: _copy(connection, chosen, part, said=said))


def export_handover(
    handed: pl.DataFrame, known: pl.DataFrame, attributes: Sequence[str], *, target: Path
) -> Path:
    """Write what the CRM is to do, one row per person, each attribute as a column.

    Args:
        handed: `crm_handover`, in its order.
        known: `handover_attributes`.
        attributes: Which are passed through; one of which nothing is known is empty.
        target: The CSV.
    """
    rows = handed
    for name in attributes:
        values = known.filter(pl.col("attribute") == name).select(
            "user_id", pl.col("attribute_value").alias(attribute_column(name))
        )
        rows = rows.join(values, on="user_id", how="left", maintain_order="left")
    return write_file(target, lambda part: write_spreadsheet(rows, part))


def attribute_column(name: str) -> str:
    """Column of an attribute: its name, unless the hand-over has such a column itself."""
    own = column_names(contract_of("crm_handover"))
    return f"attribute_{name}" if name in own else name


def export_handover_schema(attributes: Sequence[str], *, ids: IdTypes, target: Path) -> Path:
    """Write what the hand-over promises: one row of it, as JSON Schema."""
    row: dict[str, Any] = row_schema("crm_handover", ids=ids)
    passed: dict[str, Any] = {
        attribute_column(name): {"type": ["string", "null"], "description": f"Attribute {name}"}
        for name in attributes
    }
    schema = {
        "$schema": DIALECT,
        "title": "crm_handover",
        **row,
        "required": [*row["required"], *passed],
        "properties": row["properties"] | passed,
        "description": f"{row['description']} No row while the lists are withheld. {NOTE}",
    }
    return write_text(target, json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


def export_withheld(withheld: Sequence[str], *, as_of: str, target: Path) -> Path | None:
    """Write beside the empty lists why they are empty;
    while they are not withheld no such file is there.

    Args:
        withheld: Why, a sentence each.
        as_of: Instant before which everything is known.
        target: The text file.
    """
    if not withheld:
        return None
    reasons = "\n".join(f"- {reason}" for reason in withheld)
    return write_text(
        target,
        f"Every contact list of this night (everything known before {as_of} UTC) is withheld:"
        f" contact nobody.\n\n{reasons}\n\ncontact_list.csv and contact_list.parquet hold no row on"
        " purpose. Mend what is named above and run again.\n",
    )


def export_contact_list_schema(targets: Table, *, ids: IdTypes, target: Path) -> Path:
    """Write what the contact list promises: one row of it, as JSON Schema."""
    row: dict[str, Any] = row_schema(targets.name, ids=ids)
    columns = _contact_columns(targets.name)
    row |= {"required": columns, "properties": {name: row["properties"][name] for name in columns}}
    schema = {
        "$schema": DIALECT,
        "title": "contact_list",
        **row,
        "description": (
            "One row per (strategy, user) to contact, by strategy and rank. No row while the lists"
            f" are withheld: {Path(WITHHELD).name} beside the list then says why. In the CSV:"
            f" {NOTE}"
        ),
    }
    return write_text(target, json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


def _contact_columns(name: str) -> list[str]:
    return [column for column in column_names(contract_of(name)) if column not in ONLY_OF_CONTACTS]


def _copy(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    part: Path,
    *,
    said: Mapping[str, str] | None = None,
) -> None:
    write_batches(part, connection.sql(rows).to_arrow_reader(ROW_GROUP_ROWS), said=said)


def order_by_key(name: str) -> str:
    """Order a table's rows by its key (nothing for a table without one),
    so that what is made from them is always the same.
    """
    key = key_of(contract_of(name))
    return f" order by {', '.join(quote_identifier(column) for column in key)}" if key else ""
