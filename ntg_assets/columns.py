"""Types and descriptions of columns that several contracts share: one definition of each."""

from collections.abc import Mapping
from typing import Annotated, Any

import polars as pl

Timestamp = Annotated[pl.Datetime, "us", None]  # naive UTC, microseconds


def typed(rows: pl.DataFrame, types: Mapping[str, Any]) -> pl.DataFrame:
    """Select the columns of a table by name, in its order and of its types."""
    return rows.select(pl.col(name).cast(dtype) for name, dtype in types.items())
