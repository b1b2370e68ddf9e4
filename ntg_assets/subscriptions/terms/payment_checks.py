"""What is worth knowing of a table of payments: counted, and said in one sentence each."""

from typing import Any

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import PaymentSourceSettings
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.subscriptions.terms.contracts import FAILED


def copies_and_blanks(kept: pl.DataFrame, source: PaymentSourceSettings) -> list[tuple[Any, ...]]:
    """Count rows that say what another says, and money without an amount."""
    moved = kept.filter(pl.col("status") != FAILED)
    said = ("subscription_id", "happened_at", "due_on", "status", "amount_minor")
    number = moved.select(pl.struct(said).hash())["subscription_id"]  # what is equal has one number
    is_copy = ~number.is_first_distinct() if number.n_unique() < moved.height else None
    blank = moved.filter(pl.col("amount_minor").is_null())
    rows = {
        "copy": (
            moved.clear() if is_copy is None else moved.filter(is_copy),
            "payments and refunds say the same as another row, and each counts",
        ),
        "no_amount": (
            blank.clear() if source.amount is None else blank,
            "payments and refunds have no amount: they bring and take nothing",
        ),
    }
    return [_said(name, those, what) for name, (those, what) in rows.items()]


def beside_contracts(kept: pl.DataFrame, terms: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Payments of contracts that are not known, and those from before their contract."""
    starts = terms.group_by("subscription_id").agg(first_on=pl.col("started_on").min())
    beside = kept.join(starts, on="subscription_id", how="left", maintain_order="left")
    rows = {
        "unknown_contract": (
            beside.filter(pl.col("first_on").is_null()),
            "payments are for contracts that the subscriptions do not hold",
        ),
        "before_contract": (
            beside.filter(pl.col("happened_on") < pl.col("first_on")),
            "payments lie before their contract began",
        ),
    }
    return [_said(name, those, what) for name, (those, what) in rows.items()]


def _said(name: str, rows: pl.DataFrame, what: str) -> tuple[Any, ...]:
    first = rows["subscription_id"][0] if rows.height else None
    example = f" (first: contract {first})" if rows.height else ""
    return name, rows.height, first, False, f"{rows.height:,} {what}{example}"


def too_late(happened: pl.Series, possible: PossibleTimes) -> list[tuple[Any, ...]]:
    """Attempts that have not been made yet."""
    sentence = possible.describe_later(happened)
    n_later = int((happened >= possible.latest).sum()) if possible.latest else 0
    return [("not_yet", n_later, None, False, sentence)] if sentence else []
