"""How much of the catalogue the lists show, and how evenly."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.evaluation.ranking.report_rows import FLOOR, REPORT_SCHEMA

COUNTED = ("strategy", "metric", "k", "n_users", "mean")
SAME_IN_ALL = {
    "split": "train",
    "slice": "all",
    "slice_rule": "all users of TRAIN",
    "is_enough": True,
    "note": "A count over all lists, not an estimate.",
}
WITHOUT_INTERVAL = ("low", "high", "difference_low", "difference_high")


def list_breadth(lists: pl.DataFrame, *, n_items: int, ks: Sequence[int]) -> pl.DataFrame:
    """Measure how much of the catalogue the lists show, and how evenly.

    Args:
        lists: `strategy_lists`.
        n_items: Items of the catalogue.
        ks: List lengths.

    Returns:
        Rows of `ranking_report` for `coverage` (share of the catalogue on any list) and
        `exposure_gini` (0: every item is shown equally often, 1: one item takes all), over all
        users of TRAIN.
    """
    counted = [
        row
        for (name,), rows in lists.sort("strategy").group_by("strategy", maintain_order=True)
        for k in ks
        for row in _breadth(rows.filter(pl.col("rank") <= k), name, k, n_items)
    ]
    rows = pl.DataFrame(
        counted, schema={name: REPORT_SCHEMA[name] for name in COUNTED}, orient="row"
    )
    floor = rows.filter(pl.col("strategy") == FLOOR).select("metric", "k", floor_mean="mean")
    return (
        rows.join(floor, on=["metric", "k"], how="left")
        .with_columns(difference=pl.col("mean") - pl.col("floor_mean"))
        .with_columns(pl.lit(value).alias(name) for name, value in SAME_IN_ALL.items())
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in WITHOUT_INTERVAL)
        .select(list(REPORT_SCHEMA))
    )


def _breadth(
    rows: pl.DataFrame, strategy: str, k: int, n_items: int
) -> list[tuple[str, str, int, int, float]]:
    shown = np.sort(rows.group_by("item_id").len()["len"].to_numpy().astype(np.float64))
    exposure = np.concatenate([np.zeros(max(n_items - len(shown), 0)), shown])
    n_users = rows["user_id"].n_unique()
    return [
        (strategy, "coverage", k, n_users, len(shown) / max(n_items, 1)),
        (strategy, "exposure_gini", k, n_users, gini(exposure)),
    ]


def gini(ascending: Floats) -> float:
    """Return the Gini coefficient of counts in ascending order.

    Source: Gini 1912, in the form sum((2 i - n - 1) x_i) / (n sum(x_i)).
    """
    n, total = len(ascending), ascending.sum()
    if not total:
        return 0.0
    return float(((2 * np.arange(1, n + 1) - n - 1) * ascending).sum() / (n * total))
