"""Where a store names people, and a copy of it without some of them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb

from ntg_assets.contracts import contract_of, known_tables
from ntg_assets.history.forgets import REDACTED
from ntg_assets.sql import Table, quote_identifier

# ids that are not those of the log by contract, but may be
UNTYPED = ("unit_id", "listed_id")
# the one column that holds what a source wrote, whatever that is
RAW_TEXT = "raw_text"
BETWEEN_WORDS = r"""[\s,;:|"'{}\[\]\\]+"""
Connection = duckdb.DuckDBPyConnection


@cache
def person_columns() -> frozenset[str]:
    """Columns by which tables name people, as the contracts say."""
    typed = {
        name
        for table in known_tables()
        for name, column in contract_of(table).to_schema().columns.items()
        if (column.metadata or {}).get("id") == "user"
    }
    return frozenset({*typed, *UNTYPED})


def count_people_rows(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Count the rows of each table that name one of some people; tables without are left out."""
    counts = {
        f"{table.schema}.{table.name}": sum(
            _count(connection, table, condition, ids) for condition in _conditions(columns)
        )
        for table, columns in _tables(connection)
    }
    return {name: n_rows for name, n_rows in counts.items() if n_rows}


def remove_people(connection: Connection, ids: Sequence[str]) -> None:
    """Delete the rows of some people, and what sources wrote where it may name them."""
    for table, columns in _tables(connection):
        for name in sorted(person_columns() & {*columns}):
            connection.execute(f"delete from {table.quoted} where {_is_one(name)}", {"ids": [*ids]})
        if RAW_TEXT in columns:
            connection.execute(
                f"update {table.quoted} set {RAW_TEXT} = $said where {_may_name_one()}",
                {"ids": [*ids], "said": REDACTED},
            )


def holds_people(store: Path, ids: Sequence[str]) -> bool:
    """Whether a store names one of some people."""
    with duckdb.connect(str(store), read_only=True) as connection:
        return bool(count_people_rows(connection, ids))


def _tables(connection: Connection) -> list[tuple[Table, list[str]]]:
    listed = connection.execute(
        "select schema_name, table_name, list(column_name) from duckdb_columns() where not internal"
        " and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())"
        " group by all order by all"
    ).fetchall()
    return [(Table(schema, name), columns) for schema, name, columns in listed]


def _conditions(columns: Sequence[str]) -> list[str]:
    named = [_is_one(name) for name in sorted(person_columns() & {*columns})]
    return [*named, *([_may_name_one()] if RAW_TEXT in columns else [])]


def _is_one(column: str) -> str:
    return f"list_contains($ids, trim(cast({quote_identifier(column)} as varchar)))"


def _may_name_one() -> str:
    words = BETWEEN_WORDS.replace("'", "''")
    return f"list_has_any(regexp_split_to_array({RAW_TEXT}, '{words}'), $ids)"


def _count(connection: Connection, table: Table, condition: str, ids: Sequence[str]) -> int:
    question = f"select count(*) from {table.quoted} where {condition}"
    return int(connection.execute(question, {"ids": [*ids]}).fetchall()[0][0])
