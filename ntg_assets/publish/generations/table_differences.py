"""In which rows and columns a table of one store differs from that of another."""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from ntg_assets.publish.generations.stored_tables import (
    StoredTable,
    count_rows,
    hash_rows,
    stored_tables,
)
from ntg_assets.sql import quote_identifier

# of the larger value, or of 1: processors of other types differ by less
LAST_BITS = 1e-9
NUMBERS = ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT")
FRACTIONS = ("DOUBLE", "FLOAT")
LISTS = ("DOUBLE[]", "FLOAT[]")


class ColumnDifference(NamedTuple):
    """A column whose values differ.

    Attributes:
        column: Its name.
        n_changed: Rows of the same key with another value.
        largest: Largest absolute difference of numbers; none for what is no number.
        is_last_bits: Whether all of it lies within `LAST_BITS`.
    """

    column: str
    n_changed: int
    largest: float | None
    is_last_bits: bool


class TableDifference(NamedTuple):
    """A table that differs.

    Attributes:
        table: Schema and name.
        n_before: Rows before; none: the table was not there.
        n_after: Rows after; none: the table is gone.
        n_gone: Rows whose key is only there before (without a key: rows).
        n_new: Rows whose key is only there after.
        columns: What differs in rows of both; without a key nothing is said of it.
        other_columns: Columns that only one of both has.
    """

    table: str
    n_before: int | None
    n_after: int | None
    n_gone: int = 0
    n_new: int = 0
    columns: tuple[ColumnDifference, ...] = ()
    other_columns: tuple[str, ...] = ()

    @property
    def is_last_bits(self) -> bool:
        """Whether the same rows hold the same values, but for the last bits of numbers."""
        return (
            self.n_before == self.n_after
            and not (self.n_gone or self.n_new or self.other_columns)
            and bool(self.columns)
            and all(column.is_last_bits for column in self.columns)
        )


def are_close(first: float | None, second: float | None) -> bool:
    """Whether two figures differ by no more than processors of other types make them."""
    if first is None or second is None:
        return first is second
    return abs(first - second) <= LAST_BITS * max(1.0, abs(first), abs(second))


def table_differences(
    connection: duckdb.DuckDBPyConnection, before: str, after: str
) -> Iterator[TableDifference]:
    """Yield the tables that differ between two attached stores, by name.

    Args:
        connection: Both are attached to it.
        before: Name that one is attached by.
        after: The other's.
    """
    ones, others = (stored_tables(connection, name) for name in (before, after))
    for name in sorted({*ones, *others}):
        stored_before, stored_after = ones.get(name), others.get(name)
        if stored_before is None or stored_after is None:
            n_before, n_after = (
                None if side is None else count_rows(connection, side.name)
                for side in (stored_before, stored_after)
            )
            yield TableDifference(name, n_before, n_after)
        elif difference := _difference(connection, name, stored_before, stored_after):
            yield difference


def _difference(
    connection: duckdb.DuckDBPyConnection, table: str, before: StoredTable, after: StoredTable
) -> TableDifference | None:
    shared = [name for name in before.types if name in after.types]
    other = tuple(sorted({*before.types, *after.types} - {*shared}))
    names = (before.name, after.name)
    if not other and len({hash_rows(connection, name, shared) for name in names}) == 1:
        return None
    key = list(after.key) if {*after.key} <= {*shared} else []
    gone, new, columns = (
        _by_key(connection, names, key, {name: before.types[name] for name in shared})
        if key
        else _as_sets(connection, names, shared)
    )
    n_before, n_after = (count_rows(connection, name) for name in names)
    difference = TableDifference(table, n_before, n_after, gone, new, columns, other)
    return difference if gone or new or columns or other else None


def _as_sets(
    connection: duckdb.DuckDBPyConnection, tables: tuple[str, str], shared: list[str]
) -> tuple[int, int, tuple[ColumnDifference, ...]]:
    """Count the rows that only one side has, of tables without a key."""
    columns = ", ".join(map(quote_identifier, shared))
    gone, new = (
        count_rows(
            connection, f"(select {columns} from {first} except all select {columns} from {second})"
        )
        for first, second in (tables, tables[::-1])
    )
    return gone, new, ()


def _by_key(
    connection: duckdb.DuckDBPyConnection,
    tables: tuple[str, str],
    key: list[str],
    types: dict[str, str],
) -> tuple[int, int, tuple[ColumnDifference, ...]]:
    """Count the keys that only one side has, and compare the columns of the others."""
    values = [name for name in types if name not in key]
    compared = {name: types[name] for name in values}
    gone, new, *counts = _joined(connection, *tables, key, compared)
    triples = zip(counts[::3], counts[1::3], counts[2::3], strict=True)
    return (
        gone,
        new,
        tuple(
            ColumnDifference(
                name, changed, largest, changed == near and types[name] in FRACTIONS + LISTS
            )
            for name, (changed, largest, near) in zip(values, triples, strict=True)
            if changed
        ),
    )


def _joined(
    connection: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
    key: list[str],
    compared: dict[str, str],
) -> tuple[int, ...]:
    """Count rows of one side alone, then per column: changed, largest difference, last bits."""
    on = " and ".join(f"a.{k} is not distinct from b.{k}" for k in map(quote_identifier, key))
    counts = ["count(*) filter (b.here is null)", "count(*) filter (a.here is null)"]
    for name, kind in compared.items():
        first, second = (f"{side}.{quote_identifier(name)}" for side in "ab")
        both = "a.here and b.here"
        changed = f"{both} and {first} is distinct from {second}"
        counts.append(f"count(*) filter ({changed})")
        distance, size = _distance(first, second, kind)
        counts += [
            f"max({distance}) filter ({changed} and isfinite({distance}))",
            f"count(*) filter ({changed} and {distance} <= {LAST_BITS} * greatest(1, {size}))",
        ]
    text = (
        f"select {', '.join(counts)} from (select *, true as here from {before}) as a full join"
        f" (select *, true as here from {after}) as b on {on}"
    )
    return connection.execute(text).fetchall()[0]


def _distance(first: str, second: str, kind: str) -> tuple[str, str]:
    """Write how far two values lie apart, and how large they are; of lists of numbers the length of
    their difference, of what is no number nothing.
    """
    if kind in NUMBERS or kind.startswith("DECIMAL"):
        first, second = f"{first}::double", f"{second}::double"
        return f"abs({first} - {second})", f"greatest(abs({first}), abs({second}))"
    if kind in LISTS:
        whole = f"len({first}) = len({second}) and len({first}) = list_count({first})"
        comparable = f"{whole} and len({second}) = list_count({second})"
        distance = f"case when {comparable} then list_distance({first}, {second}) end"
        return (
            distance,
            f"case when {comparable} then sqrt(list_inner_product({first}, {first})) end",
        )
    return "null::double", "null::double"
