"""Numbers and rows of a stored table, for the people who look at it."""

import math

import duckdb
import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.sql import Table, quote_identifier
from ntg_assets.summaries import measured_rows, measures_of, sample_columns, sample_order

SAMPLE_ROWS = 10


def measure_table(
    connection: duckdb.DuckDBPyConnection, table: Table, model: type[Contract]
) -> dict[str, float]:
    """Compute the numbers that describe a table; one without a value on these rows is left out."""
    expressions = measures_of(model)
    if not expressions:
        return {}
    asked = ", ".join(
        f"cast({text.replace('{table}', table.quoted)} as double) as {quote_identifier(name)}"
        for name, text in expressions.items()
    )
    statement = f"select {asked} from {table.quoted} where {measured_rows(model)}"
    found = connection.execute(statement).fetchall()[0]
    return {
        name: float(value)
        for name, value in zip(expressions, found, strict=True)
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
