"""Rows of contracts and payments that cannot be believed: stored with reasons, or too many."""

from typing import Any

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.errors import SourceError
from ntg_assets.subscriptions.terms.row_problems import advise

REFUSED_TYPES: dict[str, Any] = {
    "source": pl.String,
    "place": pl.Int64,
    "file_name": pl.String,
    "subscription_id": pl.String,
    "listed_id": pl.String,
    "column_name": pl.String,
    "reason": pl.String,
    "found": pl.String,
}


def raise_if_too_many(refused: pl.DataFrame, *, n_rows: int, limit: float, key: str) -> None:
    """Raise when more rows are refused than the source may hold.

    Args:
        refused: Rows with their reasons.
        n_rows: Rows of the source.
        limit: Share of them that may be refused.
        key: Setting of the source, for the message.
    """
    if n_rows and refused.height > limit * n_rows:
        ordered = refused.sort("place")
        first = ordered.row(0, named=True)
        alike = ordered.filter(
            (pl.col("reason") == first["reason"]) & (pl.col("column_name") == first["column_name"])
        )
        raise SourceError(
            f"{first['file_name']}: {refused.height:,} of {n_rows:,} rows cannot be believed"
            f" ({refused.height / n_rows:.1%}, at most {limit:.1%}; first: row"
            f" {first['place'] + 1}, {first['column_name']} {first['found']!r}"
            f" {first['reason']}).{advise(first['reason'], alike['found'])} Or mend the file, the"
            f" columns, or {key}.max_bad_share."
        )


def quarantined(refused: pl.DataFrame, source: str) -> pl.DataFrame:
    """Write refused rows as `subscription_quarantine`."""
    named = refused.with_columns(source=pl.lit(source)).sort("place")
    if "listed_id" not in named.columns:  # payments name a contract alone
        named = named.with_columns(listed_id=pl.lit(None, pl.String))
    return typed(named, REFUSED_TYPES)
