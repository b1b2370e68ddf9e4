"""What is known of a user in words, fact by fact, and for which side each speaks by plain sense.

A linear model of correlated inputs can give a fact the direction that nobody would: more active
days that raise the risk, because another input holds most of what they say. Such a direction may be
right with all else equal, but it is no reason to tell. So a fact speaks for leaving or for staying
by where it lies among those at risk, and a reason names only facts that speak for its side.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.churn.reasons.fact_sides import (
    A_GAP_IS_KNOWN,
    ANY_SIDE,
    GAP_REACHED,
    NEITHER,
    STAYING,
    Medians,
    Sides,
    any_side,
    first_apart,
    gap_side,
    silence_side,
    trend_side,
)


class Fact(NamedTuple):
    """One thing known of each user.

    Attributes:
        side: For which side it speaks, an expression of the medians of those at risk.
        sentence: The fact in words.
    """

    side: Callable[[Medians], pl.Expr]
    sentence: Callable[[], pl.Expr]


def sides(snapshots: pl.DataFrame, median: Medians) -> dict[str, npt.NDArray[np.int64]]:
    """For which side each fact speaks (`LEAVING`, `NEITHER`, `STAYING`, `ANY_SIDE`), row by row."""
    side = {
        name: fact.side(median).fill_null(NEITHER).cast(pl.Int64)
        for name, fact in EACH_FACT.items()
    }
    by_fact = snapshots.select(**side)
    return {name: by_fact[name].to_numpy() for name in by_fact.columns}


def sentences(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Every fact of each row in words; one text column per fact."""
    return snapshots.select(**{name: fact.sentence() for name, fact in EACH_FACT.items()})


def speaks(
    side: Sides, groups: tuple[str, ...], direction: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Where at least one fact of some groups speaks for a direction; shape (rows,)."""
    return np.any([_speaks(side[name], direction) for name in names_of(groups)], axis=0)


def spoken(
    words: pl.DataFrame, side: Sides, groups: tuple[str, ...], direction: npt.NDArray[np.int64]
) -> pl.Series:
    """Join the facts of some groups that speak for a direction; empty where none does."""
    chosen = words.with_columns(
        pl.when(pl.Series(_speaks(side[name], direction))).then(pl.col(name)).alias(name)
        for name in names_of(groups)
    )
    joined = pl.concat_str(*names_of(groups), separator="; ", ignore_nulls=True)
    return chosen.select(joined.alias("spoken"))["spoken"]


def names_of(groups: tuple[str, ...]) -> list[str]:
    """Names of the facts of some groups, in the order in which they are told."""
    return [name for group in groups for name in FACTS[group]]


def days(column: str) -> pl.Expr:
    """Tell a number of days."""
    return pl.format(
        "{} {}",
        pl.col(column),
        pl.when(pl.col(column) == 1).then(pl.lit("day")).otherwise(pl.lit("days")),
    )


def active_days(column: str) -> pl.Expr:
    """Tell a number of active days."""
    word = pl.when(pl.col(column) == 1).then(pl.lit("active day")).otherwise(pl.lit("active days"))
    return pl.format("{} {}", pl.col(column), word)


def _speaks(side: npt.NDArray[np.int64], direction: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return ((side == direction) | (side == ANY_SIDE)) & (direction != NEITHER)


def silence_sentence() -> pl.Expr:
    """Tell how long a user has been silent; in usual gaps where it is longer than one."""
    seen = pl.format("last active {} ago", days("recency_days"))
    gaps = pl.format("{}, {} times the usual gap", seen, _short("recency_to_mean_gap"))
    return pl.when(GAP_REACHED).then(gaps).otherwise(seen)


def _gap_sentence() -> pl.Expr:
    gap = pl.format(
        "usually {} days between visits, at most {}",
        _short("mean_gap_days"),
        pl.col("longest_gap_days"),
    )
    return pl.when(A_GAP_IS_KNOWN).then(gap).otherwise(pl.lit("only one active day so far"))


def _trend_sentence() -> pl.Expr:
    change = pl.col("trend_log_ratio")
    word = pl.when(change > 0).then(pl.lit("more")).otherwise(pl.lit("fewer"))
    return pl.format("{} active days in the last 30 days than in the 30 before", word)


def _frequency_sentence() -> pl.Expr:
    return pl.format(
        "{} in the last 90 days, {} in all", active_days("active_days_90d"), pl.col("active_days")
    )


def _depth_sentence() -> pl.Expr:
    return pl.format(
        "{} events worth {} per active day",
        _short("events_per_active_day"),
        _short("value_per_active_day"),
    )


def _tenure_sentence() -> pl.Expr:
    return pl.format("known for {}", days("tenure_days"))


def _season_sentence() -> pl.Expr:
    return pl.format("the time of year ({})", pl.col("snapshot_on").dt.strftime("%B"))


def _short(column: str) -> pl.Expr:
    return pl.col(column).round(1).cast(pl.String)


FACTS: Mapping[str, Mapping[str, Fact]] = {
    "recency": {
        "silence": Fact(silence_side, silence_sentence),
        "gap": Fact(gap_side, _gap_sentence),
        "trend": Fact(trend_side, _trend_sentence),
    },
    "frequency": {
        "days": Fact(
            first_apart("active_days_90d", "active_days", speaks_for=STAYING), _frequency_sentence
        )
    },
    "depth": {
        "depth": Fact(
            first_apart("events_per_active_day", "value_per_active_day", speaks_for=STAYING),
            _depth_sentence,
        )
    },
    "tenure": {"tenure": Fact(any_side, _tenure_sentence)},
    "season": {"season": Fact(any_side, _season_sentence)},
}
EACH_FACT = {name: fact for facts in FACTS.values() for name, fact in facts.items()}
