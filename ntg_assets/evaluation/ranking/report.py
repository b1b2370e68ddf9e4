"""The ranking report: every strategy held against the popularity floor,
with intervals, slices and the number of users.
"""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.evaluation.ranking.item_slices import item_slices
from ntg_assets.evaluation.ranking.report_rows import FLOOR, REPORT_SCHEMA
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.statistics.ranking_metrics import METRICS

USER_METRICS = (*METRICS, "novelty", "miscalibration")
USER_SLICES = ("all", "light_users", "medium_users", "heavy_users", "new_users")
NEW_USERS = "users without history: all strategies show the default list"
RandomStream = Callable[[str], np.random.Generator]


def report_ranking(
    outcomes: pl.DataFrame,
    item_outcomes: pl.DataFrame,
    *,
    rng: RandomStream,
    samples: int,
    minimum_users: int,
) -> pl.DataFrame:
    """Average outcomes over users, with intervals and paired differences to the floor.

    Args:
        outcomes: `ranking_outcomes`.
        item_outcomes: The same measured on part of the relevant items, with a column `slice`.
        rng: Gives the seeded stream of a named use.
        samples: Resamples of users.
        minimum_users: With fewer users the row says that it supports no claim.

    Returns:
        `ranking_report` rows: split x slice x strategy x metric x k. `all` and the slices by
        history length are users with history; `new_users` are shown the default list, whatever the
        strategy.
    """
    parts = [
        _report(rows, split, name, rng(f"ranking_report:{split}:{name}"), samples, minimum_users)
        for split, name, rows in [*_user_slices(outcomes), *item_slices(item_outcomes)]
        if rows.height
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=REPORT_SCHEMA)


def _user_slices(outcomes: pl.DataFrame) -> Iterator[tuple[str, tuple[str, str], pl.DataFrame]]:
    for split in outcomes["split"].unique().sort(descending=True):
        rows = outcomes.filter(pl.col("split") == split)
        first, second = _terciles(rows.filter("has_history"))
        length, has_history = pl.col("n_history_items"), pl.col("has_history")
        slices = {
            ("all", "users with history"): has_history,
            ("light_users", f"at most {first} items of history"): has_history & (length <= first),
            ("medium_users", f"{first + 1} to {second} items of history"): (
                has_history & (length > first) & (length <= second)
            ),
            ("heavy_users", f"more than {second} items of history"): has_history
            & (length > second),
            ("new_users", NEW_USERS): ~has_history,
        }
        for name, is_in in slices.items():
            yield split, name, rows.filter(is_in)


def _terciles(known: pl.DataFrame) -> tuple[int, int]:
    by_user = known.select("user_id", "n_history_items").unique()
    lengths, last = by_user["n_history_items"].sort(), by_user.height - 1
    if lengths.is_empty():
        return 0, 0
    return int(lengths[last // 3]), int(lengths[2 * last // 3])


def _report(
    rows: pl.DataFrame,
    split: str,
    name: tuple[str, str],
    rng: np.random.Generator,
    samples: int,
    minimum_users: int,
) -> pl.DataFrame:
    users = rows["user_id"].unique().sort()
    keys = rows.select("strategy", "k").unique().sort("strategy", "k")
    values = _beside_the_floor(rows, keys, n_users=len(users))
    estimated = [
        part.reshape(2, keys.height * len(USER_METRICS))
        for part in mean_intervals(values, rng=rng, samples=samples)
    ]
    (mean, difference), (low, difference_low), (high, difference_high) = estimated
    labels = keys.join(
        pl.DataFrame({"metric": USER_METRICS}), how="cross", maintain_order="left_right"
    )
    return labels.with_columns(
        pl.lit(split).alias("split"),
        pl.lit(name[0]).alias("slice"),
        pl.lit(name[1]).alias("slice_rule"),
        *_enough(len(users), minimum_users),
        mean=mean,
        low=low,
        high=high,
        floor_mean=mean - difference,
        difference=difference,
        difference_low=difference_low,
        difference_high=difference_high,
    ).select(list(REPORT_SCHEMA))


def _beside_the_floor(rows: pl.DataFrame, keys: pl.DataFrame, *, n_users: int) -> Floats:
    """Lay out each user's measures of every list, then their differences to the floor's list of the
    same length; shape (users, 2 x keys x metrics).
    """
    ordered = rows.sort("strategy", "k", "user_id").select(USER_METRICS).to_numpy()
    values = ordered.reshape(keys.height, n_users, len(USER_METRICS)).transpose(1, 0, 2)
    floor = [_row_of(keys, FLOOR, k) for k in keys["k"]]
    paired = values - values[:, floor]
    return np.concatenate([values, paired], axis=1).reshape(n_users, -1)


def _enough(n_users: int, minimum_users: int) -> tuple[pl.Expr, ...]:
    """Say whether so many users support a claim."""
    is_enough = n_users >= minimum_users
    note = f"{n_users} users: too few for a claim (fewer than {minimum_users})."
    return (
        pl.lit(n_users, pl.Int64).alias("n_users"),
        pl.lit(is_enough).alias("is_enough"),
        pl.lit("" if is_enough else note).alias("note"),
    )


def _row_of(keys: pl.DataFrame, strategy: str, k: int) -> int:
    return (
        keys.with_row_index()
        .filter((pl.col("strategy") == strategy) & (pl.col("k") == k))["index"]
        .item()
    )
