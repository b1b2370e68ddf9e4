"""Read texts once however often they stand: prices and words repeat in millions of rows."""

from collections.abc import Sequence

import polars as pl


def read_distinct(
    rows: pl.DataFrame, names: Sequence[str], made: dict[str, pl.Expr]
) -> pl.DataFrame:
    """Add columns that depend on a few others alone.

    Args:
        rows: Any rows.
        names: The columns that decide.
        made: What is made of them, by name.

    Returns:
        The rows in their order, with the new columns.
    """
    few = rows.select(names).unique().with_columns(**made)
    return rows.join(few, on=list(names), how="left", nulls_equal=True, maintain_order="left")
