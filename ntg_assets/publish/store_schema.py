"""What a contract makes of a table in the published store: columns that cannot be null, its key,
and comments that analysts' tools show.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandera.polars as pa

from ntg_assets.column_lineage import meaning_of
from ntg_assets.contracts import (
    Contract,
    IdTypes,
    key_of,
    schema_of,
)
from ntg_assets.sql import Table, quote_identifier

# a key is an index, of more than the rows themselves: over 3 million rows it makes a file of 37 MB
# one of 158 MB. Of the bundled log's six tables above, half a million rows in the largest, it costs
# 40 MB of 105 and half of the time of the copy; the write has held all keys already
LARGEST_KEYED_ROWS = 100_000
LONGEST_CHOICE = 12  # of values that a comment lists
STAGES = {
    "ingest": "the log as it was read",
    "backtest": "made from the training part of the log only, to prove the models",
    "live": "made from everything known: what is shown and sent tonight",
    "experiments": "what the experiments found",
    "published": "what is published",
}


def create_table(
    table: Table, types: Mapping[str, str], model: type[Contract], *, n_rows: int
) -> str:
    """Write the statement that makes an empty table as its contract promises it.

    Args:
        table: The table.
        types: DuckDB type of each column, in order.
        model: Its contract.
        n_rows: Rows that it will hold: the key of a very large table is left out.
    """
    columns = model.to_schema().columns
    lines = [
        f"{quote_identifier(name)} {kind}{'' if columns[name].nullable else ' not null'}"
        for name, kind in types.items()
    ]
    key = key_of(model)
    if key and n_rows <= LARGEST_KEYED_ROWS:
        # a primary key would refuse a null, which some keys use as a value of its own
        kind = "unique" if any(columns[name].nullable for name in key) else "primary key"
        lines.append(f"{kind} ({', '.join(map(quote_identifier, key))})")
    return f"create table {table.quoted} ({', '.join(lines)})"


def comments(table: Table, model: type[Contract]) -> Iterator[str]:
    """Write the statements that explain a table and each of its columns."""
    yield comment_on("table", table.quoted, table_comment(table, model))
    for name, text in column_comments(model).items():
        yield comment_on("column", f"{table.quoted}.{quote_identifier(name)}", text)


def comment_on(kind: str, name: str, text: str) -> str:
    """Write a `comment on` statement (which takes no bound parameter).

    Args:
        kind: table, view or column.
        name: Quoted, with its schema.
        text: What it means; quotes in it are escaped.
    """
    return f"comment on {kind} {name} is '{text.replace(chr(39), chr(39) * 2)}'"


def table_comment(table: Table, model: type[Contract]) -> str:
    """Say what a row of a table is, of which stage, and by what it is found."""
    sentences = [" ".join((model.__doc__ or "").split())]
    if stage := STAGES.get(table.schema):
        sentences.append(f"Schema {table.schema}: {stage}.")
    if key := key_of(model):
        sentences.append(f"Key: {', '.join(key)}.")
    return " ".join(sentences)


def column_comments(model: type[Contract]) -> dict[str, str]:
    """Say of each column what it means, in which unit, and which values it may have."""
    columns = schema_of(model, IdTypes()).columns
    return {name: _column_comment(name, column) for name, column in columns.items()}


def _column_comment(name: str, column: pa.Column) -> str:
    parts = [meaning_of(name, column)]
    if unit := (column.metadata or {}).get("unit"):
        parts.append("unit: see column unit" if unit == "unit" else f"unit: {unit}")
    choices: list[Any] = [
        value
        for check in column.checks
        if check.name == "isin"
        for value in (check.statistics or {}).get("allowed_values", [])
    ]
    if 0 < len(choices) <= LONGEST_CHOICE:
        parts.append(f"one of {', '.join(map(str, choices))}")
    return "; ".join(parts)
