"""What is wrong with a row of a source: the first problem that holds, as three columns."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from ntg_assets.sources.sniffing.advice import advise_numbers, advise_times
from ntg_assets.subscriptions.terms.amounts import NO_AMOUNT

NO_DAY = "is no day or time"
NOTHING = pl.lit(None, pl.String)


def advise(reason: str, written: pl.Series) -> str:
    """Say which setting reads what was refused; nothing where none can.

    Args:
        reason: Of the refusal.
        written: What the rows hold.
    """
    if reason == NO_DAY:
        return f" {advise_times(written)}"
    return f" {advise_numbers(written)}" if reason == NO_AMOUNT else ""


class Problem(NamedTuple):
    """One thing that can be wrong with a row.

    Attributes:
        column: What is wrong, in a word of the user's.
        reason: How it is wrong, as the end of a sentence.
        written: What the row holds there.
        is_broken: Whether it is wrong.
    """

    column: str
    reason: str | pl.Expr
    written: pl.Expr
    is_broken: pl.Expr


def with_first_problem(rows: pl.DataFrame, problems: Sequence[Problem]) -> pl.DataFrame:
    """Add `column_name`, `reason` and `found` of the first problem of each row; null without."""
    broken = rows.select(pl.any_horizontal(problem.is_broken for problem in problems))
    if not broken.to_series().any():
        return rows.with_columns(column_name=NOTHING, reason=NOTHING, found=NOTHING)
    return rows.with_columns(
        column_name=_first(problems, [pl.lit(problem.column) for problem in problems]),
        reason=_first(
            problems,
            [
                pl.lit(problem.reason) if isinstance(problem.reason, str) else problem.reason
                for problem in problems
            ],
        ),
        found=_first(
            problems, [problem.written.cast(pl.String).fill_null("") for problem in problems]
        ),
    )


def _first(problems: Sequence[Problem], values: Sequence[pl.Expr]) -> pl.Expr:
    pairs = zip(problems, values, strict=True)
    return pl.coalesce(*(pl.when(problem.is_broken).then(value) for problem, value in pairs))
