"""The ranking report: every strategy held against the popularity floor,
with intervals, slices and the number of users.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.evaluation.ranking.outcomes import (
    HeldOut,
    list_distances,
    list_outcomes,
    past_of,
    relevant_pairs,
)
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.statistics.ranking_metrics import METRICS

FLOOR = "popularity"
USER_METRICS = (*METRICS, "novelty", "miscalibration")
USER_SLICES = ("all", "light_users", "medium_users", "heavy_users", "new_users")
ITEM_SLICES = ("popular_items", "niche_items", "new_items")
# the most used items that together hold this share of all (user, item) pairs are the popular ones
POPULAR_SHARE = 0.5
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
        for split, name, rows in [*_user_slices(outcomes), *_item_slices(item_outcomes)]
        if rows.height
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=REPORT_SCHEMA)


REPORT_SCHEMA = {
    "split": pl.String,
    "slice": pl.String,
    "slice_rule": pl.String,
    "strategy": pl.String,
    "metric": pl.String,
    "k": pl.Int64,
    "n_users": pl.Int64,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "floor_mean": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "is_enough": pl.Boolean,
    "note": pl.String,
}


def measure_item_slices(
    held: Sequence[HeldOut],
    *,
    lists: pl.DataFrame,
    default_list: pl.DataFrame,
    train: pl.DataFrame,
    ks: Sequence[int],
    allow_consumed: bool,
    categories: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Measure lists on the relevant items of each item slice, for users with history.

    Args:
        held: VAL and TEST.
        lists: `strategy_lists`.
        default_list: `default_list`.
        train: TRAIN events.
        ks: List lengths.
        allow_consumed: Whether lists may show what a user has had.
        categories: `item_id`, `category`; None: nothing is known.
    """
    groups, past = item_groups(train), past_of(train, categories)
    parts = []
    for part in held:
        relevant = relevant_pairs(part, train, allow_consumed=allow_consumed).join(
            past.sizes, on="user_id", how="semi"
        )
        grouped = relevant.join(groups, on="item_id", how="left").with_columns(
            pl.col("slice").fill_null("new_items")
        )
        distances = list_distances(relevant, lists=lists, past=past, ks=ks)
        for name in ITEM_SLICES:
            rows = grouped.filter(pl.col("slice") == name).select("user_id", "item_id")
            measured = list_outcomes(
                rows,
                split=part.split,
                lists=lists,
                default_list=default_list,
                past=past,
                ks=ks,
                distances=distances,
            )
            parts.append(measured.with_columns(pl.lit(name).alias("slice")))
    return pl.concat(parts, how="vertical_relaxed")


def item_groups(train: pl.DataFrame) -> pl.DataFrame:
    """Call the items that hold the first half of all (user, item) pairs popular,
    the others niche.
    """
    users = (
        train.select("user_id", "item_id")
        .unique()
        .group_by("item_id")
        .len("n")
        .sort("n", "item_id", descending=[True, False])
    )
    before = (users["n"].cum_sum() - users["n"]) / max(users["n"].sum(), 1)
    return users.select(
        "item_id",
        slice=pl.when(before < POPULAR_SHARE)
        .then(pl.lit("popular_items"))
        .otherwise(pl.lit("niche_items")),
    )


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
    parts = [
        _breadth(rows.filter(pl.col("rank") <= k), name, k, n_items)
        for (name,), rows in lists.sort("strategy").group_by("strategy", maintain_order=True)
        for k in ks
    ]
    rows = pl.DataFrame(
        [row for part in parts for row in part],
        schema={
            name: REPORT_SCHEMA[name] for name in ("strategy", "metric", "k", "n_users", "mean")
        },
        orient="row",
    )
    floor = rows.filter(pl.col("strategy") == FLOOR).select("metric", "k", floor_mean="mean")
    told = rows.join(floor, on=["metric", "k"], how="left").with_columns(
        difference=pl.col("mean") - pl.col("floor_mean")
    )
    fixed = {
        "split": "train",
        "slice": "all",
        "slice_rule": "all users of TRAIN",
        "is_enough": True,
        "note": "A count over all lists, not an estimate.",
    }
    empty = ["low", "high", "difference_low", "difference_high"]
    return told.with_columns(
        [pl.lit(value).alias(name) for name, value in fixed.items()]
        + [pl.lit(None, pl.Float64).alias(name) for name in empty]
    ).select(list(REPORT_SCHEMA))


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


def _user_slices(outcomes: pl.DataFrame) -> Iterator[tuple[str, tuple[str, str], pl.DataFrame]]:
    for split in outcomes["split"].unique().sort(descending=True):
        rows = outcomes.filter(pl.col("split") == split)
        known = rows.filter("has_history")
        yield split, ("all", "users with history"), known
        first, second = _terciles(known)
        length = pl.col("n_history_items")
        yield (
            split,
            ("light_users", f"at most {first} items of history"),
            known.filter(length <= first),
        )
        yield (
            split,
            ("medium_users", f"{first + 1} to {second} items of history"),
            known.filter((length > first) & (length <= second)),
        )
        yield (
            split,
            ("heavy_users", f"more than {second} items of history"),
            known.filter(length > second),
        )
        yield (
            split,
            ("new_users", "users without history: all strategies show the default list"),
            rows.filter(~pl.col("has_history")),
        )


def _terciles(known: pl.DataFrame) -> tuple[int, int]:
    lengths = known.select("user_id", "n_history_items").unique()["n_history_items"].sort()
    if lengths.is_empty():
        return 0, 0
    return int(lengths[(len(lengths) - 1) // 3]), int(lengths[2 * (len(lengths) - 1) // 3])


def _item_slices(outcomes: pl.DataFrame) -> Iterator[tuple[str, tuple[str, str], pl.DataFrame]]:
    rules = {
        "popular_items": (
            "only relevant items among the most used that hold half of all (user, item) pairs"
        ),
        "niche_items": "only relevant items outside the most used half",
        "new_items": "only relevant items that TRAIN does not know: no list can hold them",
    }
    for split in outcomes["split"].unique().sort(descending=True):
        for name, rule in rules.items():
            yield (
                split,
                (name, rule),
                outcomes.filter((pl.col("split") == split) & (pl.col("slice") == name)),
            )


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
    ordered = rows.sort("strategy", "k", "user_id").select(USER_METRICS).to_numpy()
    values = ordered.reshape(keys.height, len(users), len(USER_METRICS)).transpose(1, 0, 2)
    floor = [_row_of(keys, FLOOR, k) for k in keys["k"]]
    paired = values - values[:, floor]
    both = np.concatenate([values, paired], axis=1).reshape(len(users), -1)
    estimated = [
        part.reshape(2, keys.height * len(USER_METRICS))
        for part in mean_intervals(both, rng=rng, samples=samples)
    ]
    (mean, difference), (low, difference_low), (high, difference_high) = estimated
    labels = keys.join(
        pl.DataFrame({"metric": USER_METRICS}), how="cross", maintain_order="left_right"
    )
    is_enough = len(users) >= minimum_users
    note = (
        ""
        if is_enough
        else f"{len(users)} users: too few for a claim (fewer than {minimum_users})."
    )
    return labels.with_columns(
        pl.lit(split).alias("split"),
        pl.lit(name[0]).alias("slice"),
        pl.lit(name[1]).alias("slice_rule"),
        pl.lit(len(users), pl.Int64).alias("n_users"),
        pl.lit(is_enough).alias("is_enough"),
        pl.lit(note).alias("note"),
        mean=mean,
        low=low,
        high=high,
        floor_mean=mean - difference,
        difference=difference,
        difference_low=difference_low,
        difference_high=difference_high,
    ).select(list(REPORT_SCHEMA))


def _row_of(keys: pl.DataFrame, strategy: str, k: int) -> int:
    return (
        keys.with_row_index()
        .filter((pl.col("strategy") == strategy) & (pl.col("k") == k))["index"]
        .item()
    )
