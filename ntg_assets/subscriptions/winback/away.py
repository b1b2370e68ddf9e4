"""The time that somebody is away, cut into periods since the end, and what a hazard reads of it.

A period is 30 days, whatever the contract was billed by. A horizon that begins `since` days after
the end is cut at the multiples of 30; in each piece somebody comes back at most once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.subscriptions.hazard.design import EQUALS, MAX_LEVELS, MIN_LEVEL_ROWS
from ntg_assets.subscriptions.hazard.features import MONTH_DAYS

PERIOD_DAYS = 30
EXPOSURE = "log_share"
GROUPS = ("time", "end", "tenure", "plan", "price", "activity")
BASE_RATE, PERIODS, PEOPLE = MODELS = ("base_rate", "periods", "people")


@dataclass(frozen=True)
class Away:
    """Pieces of horizons, by row and in order; one entry per piece.

    Attributes:
        row: Place of the person's row.
        number: Period since the end, from 0.
        share: Days of the piece over those of a period.
        begin: Days from the beginning of the horizon to that of the piece.
    """

    row: Longs
    number: Longs
    share: Floats
    begin: Longs

    def only(self, kept: Flags) -> "Away":
        """Some of the pieces."""
        return Away(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


def cut_away(since: Longs, horizon_days: int) -> Away:
    """Cut horizons at the periods since the end.

    Args:
        since: Days from the end to the beginning of each horizon, at least 0.
        horizon_days: Length of all horizons.
    """
    n_pieces = (since + horizon_days - 1) // PERIOD_DAYS - since // PERIOD_DAYS + 1
    row = np.repeat(np.arange(len(since)), n_pieces)
    first = np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    number = since[row] // PERIOD_DAYS + np.arange(len(row)) - first
    begin = np.maximum(number * PERIOD_DAYS - since[row], 0)
    stop = np.minimum((number + 1) * PERIOD_DAYS - since[row], horizon_days)
    return Away(row, number, (stop - begin) / PERIOD_DAYS, begin)


def days_since(rows: pl.DataFrame, name: str = "left_on") -> Longs:
    """Days from a day of each row to its snapshot."""
    return (rows["snapshot_on"] - rows[name]).dt.total_days().to_numpy()


def _tenure(rows: pl.DataFrame) -> Floats:
    days = (rows["left_on"] - rows["contract_started_on"]).dt.total_days()
    return np.log1p(np.maximum(days.cast(pl.Float64).to_numpy(), 0.0) / MONTH_DAYS)


def _log_count(name: str) -> Callable[[pl.DataFrame], Floats]:
    return lambda rows: np.log1p(rows[name].cast(pl.Float64).to_numpy())


BY_PIECE: dict[str, Callable[[Away, int], Floats]] = {
    EXPOSURE: lambda away, _: np.log(away.share),
    # nothing is known of periods beyond those that are looked at
    "log_period": lambda away, most: np.log1p(np.minimum(away.number, most)),
    "is_first_period": lambda away, _: (away.number == 0).astype(np.float64),
    "is_second_period": lambda away, _: (away.number == 1).astype(np.float64),
}
BY_ROW: dict[str, tuple[str, Callable[[pl.DataFrame], Floats]]] = {
    "log_tenure_months": ("tenure", _tenure),
    "log_contracts_before": ("tenure", _log_count("n_contracts_before")),
    "log_active_days_before_end": ("activity", _log_count("active_days_before_end_30d")),
    "log_active_days_since_end": ("activity", _log_count("active_days_since_end_30d")),
}


def columns_for(model: str, rows: pl.DataFrame) -> list[str]:
    """Columns of one of `MODELS`: nothing but how much of a period is looked at; the periods since
    the end; and who it is.
    """
    if model == BASE_RATE:
        return [EXPOSURE]
    if model == PERIODS:
        return [*BY_PIECE]
    prices = [f"log_price{EQUALS}{code}" for code in sorted(rows["currency"].unique().to_list())]
    return [*BY_PIECE, *BY_ROW, *_levels(rows, "left_by"), *_levels(rows, "plan"), *prices]


def group_of(name: str) -> str:
    """What a column is told as in a reason."""
    if name == EXPOSURE:
        return EXPOSURE  # how much of a period is looked at is nobody's reason
    if name in BY_PIECE:
        return "time"
    if name in BY_ROW:
        return BY_ROW[name][0]
    column = name.partition(EQUALS)[0]
    return {"left_by": "end", "plan": "plan", "log_price": "price"}[column]


def matrix_of(
    rows: pl.DataFrame, away: Away, names: Sequence[str], *, win_back_days: int
) -> Floats:
    """Make the columns of every piece, NaN where one is not defined; shape (pieces, names).

    Args:
        rows: `return_snapshots`.
        away: Pieces of their horizons.
        names: Columns.
        win_back_days: Days since the end beyond which nobody is looked at.
    """
    most = win_back_days // PERIOD_DAYS
    matrix = np.empty((len(away.row), len(names)))
    for place, name in enumerate(names):
        matrix[:, place] = (
            BY_PIECE[name](away, most) if name in BY_PIECE else _of_rows(rows, name)[away.row]
        )
    return matrix


def _of_rows(rows: pl.DataFrame, name: str) -> Floats:
    if name in BY_ROW:
        return BY_ROW[name][1](rows)
    column, _, level = name.partition(EQUALS)
    if column == "log_price":
        price = np.log(np.maximum(rows["price_minor"].cast(pl.Float64).to_numpy(), 1.0))
        return np.where((rows["currency"] == level).to_numpy(), price, np.nan)
    return (rows[column] == level).fill_null(value=False).cast(pl.Float64).to_numpy()


def _levels(rows: pl.DataFrame, name: str) -> list[str]:
    """Levels of a column that enough rows have, but for the most frequent one."""
    counts = rows[name].drop_nulls().value_counts().sort(["count", name], descending=[True, False])
    enough = counts.filter(pl.col("count") >= MIN_LEVEL_ROWS)[name].to_list()
    return [f"{name}{EQUALS}{level}" for level in sorted(enough[1 : MAX_LEVELS + 1])]
