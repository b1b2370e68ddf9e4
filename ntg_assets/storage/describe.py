"""Numbers and rows of a stored table, for the people who look at it."""

import math
from collections.abc import Mapping

import duckdb
import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.summaries import (
    COUNTED,
    counts_of,
    measured_rows,
    measures_of,
    sample_columns,
    sample_order,
)

SAMPLE_ROWS = 10
DIGITS = 6


def measure_table(
    connection: duckdb.DuckDBPyConnection, table: Table, model: type[Contract]
) -> dict[str, float]:
    """Compute the numbers that describe a table; one without a value on these rows is left out.

    Where fewer than three are left (a night on which nothing could be measured), counts say what
    there was to measure.
    """
    measures = _values(connection, table, measures_of(model), rows=measured_rows(model))
    if len(measures) < COUNTED:
        measures |= _values(connection, table, counts_of(model), rows="true")
    return measures


def _values(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    expressions: Mapping[str, str],
    *,
    rows: str,
) -> dict[str, float]:
    columns_asked = ", ".join(
        f"cast({text} as double) as {quote_identifier(name)}" for name, text in expressions.items()
    )
    statement = f"select {columns_asked} from {table.quoted} where {rows}".replace(
        "{table}", table.quoted
    )
    values = connection.execute(statement).fetchall()[0]
    return {
        name: _readable(float(value))
        for name, value in zip(expressions, values, strict=True)
        if value is not None and math.isfinite(value)
    }


def sample_table(
    connection: duckdb.DuckDBPyConnection, table: Table, model: type[Contract]
) -> pl.DataFrame:
    """Read the first rows of a table in its own order, in the columns that its contract shows."""
    columns = ", ".join(quote_identifier(name) for name in sample_columns(model))
    order = sample_order(model)
    ordered = f" order by {', '.join(order)}" if order else ""
    return connection.sql(f"select {columns} from {table.quoted}{ordered} limit {SAMPLE_ROWS}").pl()


def _readable(value: float) -> float:
    """A count as it is, any other number with the digits that a person reads."""
    return value if value.is_integer() else float(f"{value:.{DIGITS}g}")
