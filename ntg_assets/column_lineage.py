"""Which columns of which tables a column is made from, and who says so.

Of SQL the text itself says it: `tools/sql_lineage.py` has read every file of the package, and here
that is put together with what the names of a text stand for in this run. Of tables that Python
makes the contract says it: `sources=`, "As in <table>", or a column of the same name and meaning in
a table that was read. Of any other column only the tables are known that its maker was issued.
"""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, NamedTuple

import pandera.polars as pa

from ntg_assets.contracts import Contract, contract_of, known_tables
from ntg_assets.sql import Query, Table

FILE = "sql_lineage.json"
AS_IN = re.compile(r"\bas in (\w+)", re.IGNORECASE)


SQL, CONTRACT, CARRIED, READ = "sql", "contract", "carried", "read"


class Origin(NamedTuple):
    """A column of a stored table, or (no column) the table as such.

    Attributes:
        table: The table.
        column: Its column; None: its rows are counted, or the column is not known.
        by: Who says so: `sql`, the text; `contract`, the contract names it; `carried`, the
            contracts give both columns one name and meaning; `read`, the maker reads the table.
    """

    table: Table
    column: str | None
    by: str


Origins = dict[str, list[Origin]]


def column_origins(rows: object, model: type[Contract], reads: Collection[Table]) -> Origins:
    """Find what each column of a table is made from.

    Args:
        rows: What its maker gives to be stored: a query, a frame, a stream.
        model: Contract of the table.
        reads: Stored tables that the maker was issued.

    Returns:
        By column its origins in order; nothing where the maker reads files alone.
    """
    by_text = query_origins(rows) if isinstance(rows, Query) else None
    origins = {}
    for name, column in model.to_schema().columns.items():
        stated = (by_text or {}).get(name) or declared_origins(name, column, reads)
        if not stated and by_text is None:
            stated = carried_origins(name, column, reads)
        origins[name] = sorted(
            set(stated or (Origin(table, None, READ) for table in reads)), key=_order
        )
    return {name: several for name, several in origins.items() if several}


def query_origins(query: Query) -> Origins | None:
    """Find what each column of a query is made from; None where its text was never read.

    What comes from a frame has no origin in the store.
    """
    columns = _read_texts().get(sha256(query.text.encode()).hexdigest())
    if columns is None:
        return None
    nested = {
        name: query_origins(source) or {}
        for name, source in query.tables.items()
        if isinstance(source, Query)
    }
    return {
        column: [
            origin
            for name, inner in leaves
            for origin in _below(query.tables.get(name), inner, nested.get(name, {}))
        ]
        for column, leaves in columns.items()
    }


def declared_origins(name: str, column: pa.Column, reads: Collection[Table]) -> list[Origin]:
    """Find what a contract names as the origin of a column: `sources`, or "As in <table>".

    Args:
        name: Of the column.
        column: The column with its contract's metadata.
        reads: Tables that the query reads.
    """
    stored = {table.name: table for table in reads}
    sources = str((column.metadata or {}).get("sources") or "")
    parts = [part.strip().partition(".") for part in sources.split(",") if part.strip()]
    parts += [(table, ".", name) for table in AS_IN.findall(column.description or "")]
    return [
        Origin(stored[table], inner or None, CONTRACT)
        for table, _, inner in parts
        if table in stored and (not inner or inner in _columns(stored[table]))
    ]


def carried_origins(name: str, column: pa.Column, reads: Collection[Table]) -> list[Origin]:
    """Find the columns of the tables read that have the same name and, by their contracts, the same
    meaning.

    Args:
        name: Of the column.
        column: The column with its contract's metadata.
        reads: Tables that the query reads.
    """
    return [
        Origin(table, name, CARRIED)
        for table in reads
        if (other := _columns(table).get(name)) and _means(other) == _means(column)
    ]


def _below(source: object, column: str, nested: Origins) -> list[Origin]:
    return [Origin(source, column, SQL)] if isinstance(source, Table) else nested.get(column, [])


def _means(column: pa.Column) -> object:
    return (column.metadata or {}).get("id") or column.description


def _columns(table: Table) -> dict[str, pa.Column]:
    columns: dict[str, pa.Column] = contract_of(table.name).to_schema().columns
    return columns


def _order(origin: Origin) -> tuple[str, str, str]:
    return origin.table.schema, origin.table.name, origin.column or ""


@cache
def _read_texts() -> Mapping[str, Mapping[str, list[list[str]]]]:
    """Columns of each text that was read, by its SHA-256."""
    text = resources.files("ntg_assets").joinpath(FILE).read_text(encoding="utf-8")
    files: dict[str, dict[str, Any]] = json.loads(text)
    return {entry["sha256"]: entry["columns"] for entry in files.values()}


def meaning_of(name: str, column: pa.Column) -> str:
    """Say what a column holds; where a contract says "as in another table", what that one says.

    Args:
        name: Of the column.
        column: As its contract has it.
    """
    text = (column.description or "").rstrip(".")
    reference = AS_IN.search(text)
    if reference is None or reference.group(1) not in known_tables():
        return text
    table = reference.group(1)
    other = contract_of(table).to_schema().columns.get(name)
    if other is None or (meaning := meaning_of(name, other)) == text:
        return text
    if reference.start() == 0:
        return f"{meaning}{text[reference.end() :]} (as in {table})"
    return f"{text} ({meaning[0].lower()}{meaning[1:]})"
