"""How well told values put users in order: rank correlation, Gini, the share of the first tenth."""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats

TOP_SHARE = 0.1


def spearman(told: Floats, seen: Floats) -> float | None:
    """Rank correlation, ties by mid-rank; None where one side does not vary."""
    pairs = pl.DataFrame({"told": told, "seen": seen})
    ranks = pairs.select(pl.all().rank("average")).to_numpy()
    if (np.ptp(ranks, axis=0) == 0).any():
        return None
    return float(np.corrcoef(ranks, rowvar=False)[0, 1])


def gini_share(told: Floats, seen: Floats) -> float | None:
    """Gini of the seen value in the order told, over that of the perfect order
    (1 is perfect, 0 is random).
    """
    perfect = _gini(seen, seen)
    return _gini(told, seen) / perfect if perfect > 0 else None


def top_share_of(told: Floats, seen: Floats) -> float | None:
    """Share of the seen value held by the tenth (rounded up) with the highest forecasts."""
    n_top = -(-len(told) // round(1 / TOP_SHARE))
    top = np.argsort(-told, kind="stable")[:n_top]
    return float(seen[top].sum() / seen.sum()) if seen.sum() > 0 else None


def _gini(order: Floats, seen: Floats) -> float:
    if seen.sum() <= 0:
        return 0.0
    held = np.cumsum(seen[np.argsort(-order, kind="stable")]) / seen.sum()
    return float(2 * held.mean() - 1 - 1 / len(seen))
