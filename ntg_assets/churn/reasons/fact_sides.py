"""For which side a fact speaks, by where it lies among those at risk: leaving, staying, neither."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

Medians = Mapping[str, float]
Sides = Mapping[str, npt.NDArray[np.int64]]

LEAVING, NEITHER, STAYING = 1, 0, -1
ANY_SIDE = 2  # a fact without a plain sense
COMPARED = (
    "recency_days",
    "recency_to_mean_gap",
    "mean_gap_days",
    "active_days_90d",
    "active_days",
    "events_per_active_day",
    "value_per_active_day",
)
A_GAP_IS_KNOWN = pl.col("mean_gap_days").is_not_null()
# a silence shorter than usual is not told in usual gaps
GAP_REACHED = pl.col("recency_to_mean_gap") >= 1


def medians(snapshots: pl.DataFrame, *, is_peer: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Median of what is compared among those at risk (of everybody where nobody is), NaN where
    nothing is known.
    """
    peers = snapshots.filter(pl.Series(is_peer)) if is_peer.any() else snapshots
    middle = peers.select(pl.col(name).cast(pl.Float64).median() for name in COMPARED)
    return {
        name: np.nan if value is None else value for name, value in middle.to_dicts()[0].items()
    }


def _more(column: str, speaks_for: int, median: Medians) -> pl.Expr:
    """More of a column than the median speaks for one side, less for the other."""
    distance = pl.col(column).cast(pl.Float64) - median[column]
    return pl.when(distance.is_not_nan()).then(speaks_for * distance.sign())


def silence_side(median: Medians) -> pl.Expr:
    """A silence speaks for leaving where it is longer than the user's own usual gap, and measured
    so than most; for staying where it is shorter than both and no longer in days than most. By the
    days alone where no gap is known.
    """
    by_gaps, by_days = (
        _more(name, LEAVING, median) for name in ("recency_to_mean_gap", "recency_days")
    )
    is_short = ~GAP_REACHED & (by_gaps <= NEITHER) & (by_days <= NEITHER)
    leaving = pl.when(GAP_REACHED & (by_gaps >= NEITHER)).then(LEAVING)
    by_own = leaving.when(is_short).then(STAYING).otherwise(NEITHER)
    return pl.when(pl.col("recency_to_mean_gap").is_null()).then(by_days).otherwise(by_own)


def gap_side(median: Medians) -> pl.Expr:
    """A long usual gap speaks for leaving, and so does having come once."""
    longer = _more("mean_gap_days", LEAVING, median)
    return pl.when(A_GAP_IS_KNOWN).then(longer).otherwise(LEAVING)


def trend_side(median: Medians) -> pl.Expr:  # noqa: ARG001  # its middle is 0
    """More active days of late speak for staying."""
    return STAYING * pl.col("trend_log_ratio").sign()


def first_apart(*names: str, speaks_for: int) -> Callable[[Medians], pl.Expr]:
    """By the first column that is not the median."""

    def side(median: Medians) -> pl.Expr:
        by_column = [_more(name, speaks_for, median) for name in names]
        return pl.coalesce(*(pl.when(side != NEITHER).then(side) for side in by_column))

    return side


def any_side(median: Medians) -> pl.Expr:  # noqa: ARG001  # there is nothing to compare
    """Whatever is told of a user may be told with it."""
    return pl.lit(ANY_SIDE)
