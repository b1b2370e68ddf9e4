"""The safest of those at risk, and in what others are behind them: what a contact is told where a
user's risk is not above the average.
"""

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.churn.reasons.facts import active_days, days

SAFEST_SHARE = 0.1
OF_SAFEST = "for the safest tenth of those at risk"
# in what a user may be behind: whether more (1) or less (-1) is worse, and how it is told
BEHIND: Mapping[str, tuple[int, Callable[[], pl.Expr]]] = {
    "active_days_90d": (
        -1,
        lambda: pl.format("{} in the last 90", active_days("active_days_90d")),
    ),
    "active_days": (-1, lambda: pl.format("{} in all", active_days("active_days"))),
    "recency_days": (1, lambda: pl.format("last active {} ago", days("recency_days"))),
}


def safest(probability: Floats, *, is_peer: Flags) -> Flags:
    """Find the tenth of the peers (rounded up) with the lowest probabilities; ties by place."""
    peers = np.flatnonzero(is_peer)
    n_safest = int(np.ceil(SAFEST_SHARE * len(peers)))
    chosen = np.zeros(len(probability), dtype=bool)
    chosen[peers[np.argsort(probability[peers], kind="stable")[:n_safest]]] = True
    return chosen


def is_behind(snapshots: pl.DataFrame, is_safest: Flags) -> Flags:
    """Whether a user is behind the middle one of the safest in anything of `BEHIND`."""
    if not is_safest.any():
        return is_safest
    behind = pl.any_horizontal(*_behind(snapshots, is_safest).values())
    return snapshots.select(behind.alias("behind"))["behind"].to_numpy()


def _behind(snapshots: pl.DataFrame, is_safest: Flags) -> dict[str, pl.Expr]:
    return {
        name: (pl.col(name) - _usual(snapshots, is_safest, name)) * worse > 0
        for name, (worse, _) in BEHIND.items()
    }


def _usual(snapshots: pl.DataFrame, chosen: Flags, name: str) -> float:
    """What the middle one of some users has; 0 without any."""
    middle = snapshots.filter(pl.Series(chosen))[name].quantile(0.5, "lower")
    return 0.0 if middle is None else middle


def behind_in_words(snapshots: pl.DataFrame, is_safest: Flags) -> pl.Series:
    """In what a user is behind the safest: the first of `BEHIND`."""
    behind = _behind(snapshots, is_safest)
    behind_by = [
        pl.when(behind[name]).then(
            pl.format(f"{{}}, {_usual(snapshots, is_safest, name):.0f} {OF_SAFEST}", words())
        )
        for name, (_, words) in BEHIND.items()
    ]
    return snapshots.select(pl.coalesce(*behind_by).alias("behind"))["behind"]
