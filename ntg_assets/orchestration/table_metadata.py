"""What the page of an asset shows of its table: numbers, columns, and ten rows, each one line high,
with nobody named.

The UI wraps a cell at its blanks until the table fits its column, and then a row of eight columns
is as high as its longest sentence has words. Blanks that do not break keep it one line high; the
page scrolls sideways.
"""

from resource import RUSAGE_SELF, getrusage
from typing import Any

import dagster as dg
import polars as pl

from ntg_assets.contracts import contract_of
from ntg_assets.orchestration.column_docs import column_docs
from ntg_assets.orchestration.contract_checks import CLOCK
from ntg_assets.sql import Table
from ntg_assets.storage.tables import Written
from ntg_assets.summaries import user_columns

SAMPLE_DIGITS = 4
SAMPLE_TEXT = 100  # characters of a cell: most sentences of a table, whole
UNBROKEN = "\N{NO-BREAK SPACE}"
KILOBYTES_PER_MEGABYTE = 1024  # in which Linux counts the peak


def metadata_of(table: Table, written: Written, *, users: set[str]) -> dict[str, Any]:
    """Describe a table that was written.

    Args:
        table: Which.
        written: What the write found.
        users: Columns that name people.
    """
    return {
        **written.measures,
        "dagster/row_count": written.n_rows,
        "seconds": round(CLOCK.seconds(), 2),
        "peak_memory_mb": round(getrusage(RUSAGE_SELF).ru_maxrss / KILOBYTES_PER_MEGABYTE),
        "dagster/column_schema": column_docs(contract_of(table.name)),
        "content_hash": written.content_hash,
        "sample": sample_of(written.sample, users=users),
    }


def user_columns_of(table: Table) -> set[str]:
    """Columns of a table that name a person."""
    return user_columns(contract_of(table.name))


def sample_of(rows: pl.DataFrame, *, users: set[str]) -> dg.TableMetadataValue:
    """Show rows.

    Args:
        rows: What is shown, in order.
        users: Columns that name people, who are numbered within the sample instead.
    """
    numbers: dict[object, str] = {}

    def shown(name: str, value: object) -> str | int | float | bool:
        if name in users and value is not None:
            return numbers.setdefault(value, f"user {len(numbers) + 1}")
        return readable(value)

    records = [
        dg.TableRecord({name: shown(name, value) for name, value in row.items()})
        for row in rows.iter_rows(named=True)
    ]
    columns = [dg.TableColumn(name) for name in rows.columns]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns=columns))


def readable(value: object) -> str | int | float | bool:
    """Write a value so that it is read at a glance: few digits, one line, no more than
    `SAMPLE_TEXT` characters.
    """
    if isinstance(value, float):
        return float(f"{value:.{SAMPLE_DIGITS}g}")
    if isinstance(value, bool | int):
        return value
    text = str("" if value is None else value)
    short = text if len(text) <= SAMPLE_TEXT else f"{text[: SAMPLE_TEXT - 1].rstrip()}…"
    return unbroken(short)


def unbroken(text: str) -> str:
    """Keep a text on one line."""
    return UNBROKEN.join(text.splitlines()).replace(" ", UNBROKEN)
