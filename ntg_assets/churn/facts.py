"""What is known of a user, group by group of features, in words;
and for which side it speaks by plain sense.

A linear model of correlated inputs can give a fact the direction that nobody would: more active
days that raise the risk, because another input holds most of what they say. Such a direction may be
right with all else equal, but it is no reason to tell. So a fact speaks for leaving or for staying
by where it lies among those at risk, and a direction against that is not told.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.churn.design import GROUPS

LEAVING, NEITHER, STAYING = 1, 0, -1
A_GAP_IS_KNOWN = pl.col("mean_gap_days").is_not_null()
# a silence shorter than usual is not told in usual gaps
GAP_REACHED = pl.col("recency_to_mean_gap") >= 1

# What more of a fact speaks for; the first that is not the median of those at risk decides. Tenure
# and season have no plain sense.
SENSE: Mapping[str, tuple[tuple[str, int], ...]] = {
    "recency": (("recency_to_mean_gap", LEAVING), ("recency_days", LEAVING)),
    "frequency": (("active_days_90d", STAYING), ("active_days", STAYING)),
    "rhythm": (("mean_gap_days", LEAVING),),
    "depth": (("events_per_active_day", STAYING), ("value_per_active_day", STAYING)),
}


def makes_sense(
    direction: npt.NDArray[np.int64], snapshots: pl.DataFrame, *, is_peer: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Say where a direction (`LEAVING`, `STAYING`; shape (rows,
    groups)) is that of the fact; any is, where a fact has no plain sense.
    """
    peers = snapshots.filter(pl.Series(is_peer)) if is_peer.any() else snapshots
    side = {
        group: pl.coalesce(*(_side(name, sign, peers) for name, sign in more))
        for group, more in SENSE.items()
    }
    # one active day so far
    side["rhythm"] = pl.when(A_GAP_IS_KNOWN).then(side["rhythm"]).otherwise(LEAVING)
    side["trend"] = STAYING * pl.col("trend_log_ratio").sign()
    told = snapshots.select(
        **{group: side[group].fill_null(NEITHER).cast(pl.Int64) for group in side}
    )
    return np.column_stack(
        [
            (
                direction[:, k] == told[group].to_numpy()
                if group in side
                else direction[:, k] != NEITHER
            )
            for k, group in enumerate(GROUPS)
        ]
    )


def _side(name: str, sign: int, peers: pl.DataFrame) -> pl.Expr:
    """Compare a fact with its median among the peers; null where it is unknown or just that."""
    median = peers[name].median()
    distance = pl.col(name).cast(pl.Float64) - (np.nan if median is None else median)
    return pl.when(distance.is_not_nan() & (distance != 0)).then(sign * distance.sign())


def facts(snapshots: pl.DataFrame) -> pl.DataFrame:
    """Tell each group's fact of each row of `churn_snapshots`; one text column per group."""
    return snapshots.select(**{group: FACTS[group]() for group in GROUPS})


def silence() -> pl.Expr:
    """Tell how long a user has been silent; in usual gaps where it is longer than one."""
    seen = pl.format("last active {} ago", days("recency_days"))
    gaps = pl.format(
        "last active {} ago, {} times the usual gap",
        days("recency_days"),
        _short("recency_to_mean_gap"),
    )
    return pl.when(GAP_REACHED).then(gaps).otherwise(seen)


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


def _recency() -> pl.Expr:
    seen = pl.format("last active {} ago", days("recency_days"))
    gaps = pl.format(
        "last active {} ago, {} times the usual gap",
        days("recency_days"),
        _short("recency_to_mean_gap"),
    )
    return pl.when(pl.col("recency_to_mean_gap").is_not_null()).then(gaps).otherwise(seen)


def _frequency() -> pl.Expr:
    return pl.format(
        "{} in the last 90 days, {} in all", active_days("active_days_90d"), pl.col("active_days")
    )


def _rhythm() -> pl.Expr:
    gap = pl.format(
        "usually {} days between visits, at most {}",
        _short("mean_gap_days"),
        pl.col("longest_gap_days"),
    )
    return pl.when(A_GAP_IS_KNOWN).then(gap).otherwise(pl.lit("only one active day so far"))


def _trend() -> pl.Expr:
    change = pl.col("trend_log_ratio")
    word = (
        pl.when(change > 0)
        .then(pl.lit("more"))
        .when(change < 0)
        .then(pl.lit("fewer"))
        .otherwise(pl.lit("as many"))
    )
    link = pl.when(change == 0).then(pl.lit("as")).otherwise(pl.lit("than"))
    return pl.format("{} active days in the last 30 days {} in the 30 before", word, link)


def _depth() -> pl.Expr:
    return pl.format(
        "{} events worth {} per active day",
        _short("events_per_active_day"),
        _short("value_per_active_day"),
    )


def _tenure() -> pl.Expr:
    return pl.format("known for {}", days("tenure_days"))


def _season() -> pl.Expr:
    return pl.format("the time of year ({})", pl.col("snapshot_on").dt.strftime("%B"))


def _short(column: str) -> pl.Expr:
    return pl.col(column).round(1).cast(pl.String)


FACTS: Mapping[str, Callable[[], pl.Expr]] = {
    "recency": _recency,
    "frequency": _frequency,
    "rhythm": _rhythm,
    "trend": _trend,
    "depth": _depth,
    "tenure": _tenure,
    "season": _season,
}
