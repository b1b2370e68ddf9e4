"""Why a user scores high or low: the groups of features that make it so, each in a plain sentence."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.churn.design import GROUPS, Floats

EVEN = 0.5  # a risk above it, or above that of the average user, is told as high
NEGLIGIBLE = 0.01  # log odds; a smaller contribution moves a probability by less than a quarter of a per cent
A_GAP_IS_KNOWN = pl.col("mean_gap_days").is_not_null()


def reasons(
    snapshots: pl.DataFrame, contributions: Floats, *, probability: Floats, is_peer: npt.NDArray[np.bool_], n_reasons: int
) -> dict[str, pl.Series]:
    """Tell the strongest groups of each user.

    Args:
        snapshots: Rows of `churn_snapshots`.
        contributions: Log odds by group, in the order of `GROUPS`, shape (rows, groups).
        probability: Churn probabilities (0-1).
        is_peer: Rows of the at-risk population, with whom everybody is compared.
        n_reasons: How many are told.

    Returns:
        Columns `reason_1`, ...: first what raises a high risk and what lowers a low one, then what speaks against it; strongest first,
        ties in the order of `GROUPS`; null where nothing more moves the score.
    """
    facts = snapshots.select(**{group: FACTS[group]() for group in GROUPS})
    order = _order(contributions, is_high=(contributions.sum(axis=1) > 0) | (probability > EVEN))
    places = peer_shares(contributions, is_peer=is_peer)
    told = {}
    for rank in range(n_reasons):
        chosen, strength, place = (
            np.take_along_axis(values, order[:, [rank]], axis=1)[:, 0] for values in (_codes(order), contributions, places)
        )
        given = [pl.Series("chosen", chosen), pl.Series("strength", strength), pl.Series("place", place).fill_nan(None)]
        told[f"reason_{rank + 1}"] = _sentences(facts, given)
    return told


def _order(contributions: Floats, *, is_high: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Order each row's groups: those that raise a high risk or lower a low one, then the others; strongest first."""
    strength = np.abs(contributions)
    agrees = ((contributions > 0) == is_high[:, None]) & (strength >= NEGLIGIBLE)
    return np.lexsort((-strength, ~agrees), axis=1)


def peer_shares(contributions: Floats, *, is_peer: npt.NDArray[np.bool_]) -> Floats:
    """Share of the peers whom a group moves less in the same direction (mid-rank); NaN without peers. Shape as `contributions`."""
    shares = np.full(contributions.shape, np.nan)
    n_peers = int(is_peer.sum())
    for group in range(contributions.shape[1] if n_peers else 0):
        values, peers = contributions[:, group], np.sort(contributions[is_peer, group])
        below = (np.searchsorted(peers, values, side="left") + np.searchsorted(peers, values, side="right")) / (2 * n_peers)
        shares[:, group] = np.where(values > 0, below, 1 - below)
    return shares


def _codes(order: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.broadcast_to(np.arange(order.shape[1]), order.shape)


def _sentences(facts: pl.DataFrame, given: list[pl.Series]) -> pl.Series:
    fact = pl.coalesce(pl.when(pl.col("chosen") == code).then(group) for code, group in enumerate(GROUPS))
    effect = pl.when(pl.col("strength") > 0).then(pl.lit("raises the risk")).otherwise(pl.lit("lowers the risk"))
    percent = (100 * pl.col("place")).floor().cast(pl.Int64)
    peers = pl.when(percent.is_null()).then(pl.lit("")).otherwise(pl.format(", more than for {}% of those at risk", percent))
    sentence = pl.when(pl.col("strength").abs() >= NEGLIGIBLE).then(pl.format("{}: {}{}", fact, effect, peers))
    return facts.with_columns(given).select(sentence.alias("sentence"))["sentence"]


def _recency() -> pl.Expr:
    seen = pl.format("last active {} ago", _days("recency_days"))
    gaps = pl.format("last active {} ago, {} times the usual gap", _days("recency_days"), _short("recency_to_mean_gap"))
    return pl.when(pl.col("recency_to_mean_gap").is_not_null()).then(gaps).otherwise(seen)


def _frequency() -> pl.Expr:
    return pl.format("{} in the last 90 days, {} in all", _active_days("active_days_90d"), pl.col("active_days"))


def _rhythm() -> pl.Expr:
    gap = pl.format("usually {} days between visits, at most {}", _short("mean_gap_days"), pl.col("longest_gap_days"))
    return pl.when(A_GAP_IS_KNOWN).then(gap).otherwise(pl.lit("only one active day so far"))


def _trend() -> pl.Expr:
    change = pl.col("trend_log_ratio")
    word = pl.when(change > 0).then(pl.lit("more")).when(change < 0).then(pl.lit("fewer")).otherwise(pl.lit("as many"))
    link = pl.when(change == 0).then(pl.lit("as")).otherwise(pl.lit("than"))
    return pl.format("{} active days in the last 30 days {} in the 30 before", word, link)


def _depth() -> pl.Expr:
    return pl.format("{} events worth {} per active day", _short("events_per_active_day"), _short("value_per_active_day"))


def _tenure() -> pl.Expr:
    return pl.format("known for {}", _days("tenure_days"))


def _season() -> pl.Expr:
    return pl.format("the time of year ({})", pl.col("snapshot_on").dt.strftime("%B"))


def _days(column: str) -> pl.Expr:
    return pl.format("{} {}", pl.col(column), pl.when(pl.col(column) == 1).then(pl.lit("day")).otherwise(pl.lit("days")))


def _active_days(column: str) -> pl.Expr:
    word = pl.when(pl.col(column) == 1).then(pl.lit("active day")).otherwise(pl.lit("active days"))
    return pl.format("{} {}", pl.col(column), word)


def _short(column: str) -> pl.Expr:
    return pl.col(column).round(1).cast(pl.String)


FACTS: dict[str, Callable[[], pl.Expr]] = {
    "recency": _recency,
    "frequency": _frequency,
    "rhythm": _rhythm,
    "trend": _trend,
    "depth": _depth,
    "tenure": _tenure,
    "season": _season,
}
