"""From a piece of a contract's horizon to the numbers that a linear hazard reads.

Every column has a name from which it can be made again, so the coefficient table is the whole
model. What is counted is skewed, so its logarithm enters. A column that is not defined for a row (a
price in another currency) takes the mean of the fit and contributes nothing.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.subscriptions.hazard.features import BY_PIECE, BY_ROW, Seen

MIN_LEVEL_ROWS = 200  # a plan or a country with fewer rows is told by the others
MAX_LEVELS = 30
EQUALS = "="


def columns_of(
    rows: pl.DataFrame, *, attributes: Sequence[str], signals: Sequence[str]
) -> list[str]:
    """Name the columns that rows bear: levels that are frequent enough, currencies that occur.

    Args:
        rows: `contract_snapshots` with attributes and signals.
        attributes: Attributes of users that may be looked at.
        signals: Names of the counted signals.
    """
    named = [*BY_PIECE, *BY_ROW]
    named += _levels(rows, "plan")
    named += [f"log_price{EQUALS}{code}" for code in sorted(rows["currency"].unique().to_list())]
    named += [f"signal:{name}" for name in signals]
    for name in attributes:
        numbers = rows[name].cast(pl.Float64, strict=False)
        is_number = numbers.null_count() == rows[name].null_count() and numbers.count() > 0
        named += [f"number:{name}"] if is_number else _levels(rows, name)
    return named


def group_of(name: str) -> str:
    """What a column is told as in a reason."""
    for columns in (BY_ROW, BY_PIECE):
        if name in columns:
            return columns[name][0]
    if name.startswith("signal:"):
        return "signals"
    if name.startswith("log_price"):
        return "price"
    return "plan" if name.startswith(f"plan{EQUALS}") else "attributes"


def matrix_of(seen: Seen, names: Sequence[str]) -> Floats:
    """Make the columns of every piece, NaN where one is not defined; shape (pieces, names)."""
    matrix = np.empty((len(seen.pieces.row), len(names)))
    for position, name in enumerate(names):
        matrix[:, position] = _of_pieces(seen, name)
    return matrix


def _of_pieces(seen: Seen, name: str) -> Floats:
    """One column of every piece, shape (pieces,)."""
    if name in BY_PIECE:
        return BY_PIECE[name][1](seen.pieces)
    return _of_rows(seen, name)[seen.pieces.row]


def _of_rows(seen: Seen, name: str) -> Floats:
    if name in BY_ROW:
        return BY_ROW[name][1](seen)
    if name.startswith("signal:"):
        return np.log1p(seen.number(name))
    if name.startswith("number:"):
        return seen.rows[name.removeprefix("number:")].cast(pl.Float64, strict=False).to_numpy()
    column, _, level = name.partition(EQUALS)
    if column == "log_price":
        price = np.log(np.maximum(seen.number("price_minor"), 1.0))
        return np.where((seen.rows["currency"] == level).to_numpy(), price, np.nan)
    return (seen.rows[column] == level).fill_null(value=False).cast(pl.Float64).to_numpy()


def _levels(rows: pl.DataFrame, name: str) -> list[str]:
    """Levels of a column that enough rows have, but for the most frequent one."""
    counts = rows[name].drop_nulls().value_counts()
    ordered = counts.sort(["count", name], descending=[True, False])
    enough = ordered.filter(pl.col("count") >= MIN_LEVEL_ROWS)[name].to_list()
    return [f"{name}{EQUALS}{level}" for level in sorted(enough[1 : MAX_LEVELS + 1])]
