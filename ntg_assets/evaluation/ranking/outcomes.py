"""What each list was worth to each user: lists against what users went on to take."""

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs, codes_of
from ntg_assets.evaluation.ranking.category_mix import category_mix, miscalibration
from ntg_assets.evaluation.ranking.past import Past
from ntg_assets.statistics.ranking_metrics import METRICS, hits_by_place, user_metrics

OUTCOME_COLUMNS = [
    *(
        "split",
        "strategy",
        "user_id",
        "k",
        "has_history",
        "n_history_items",
        "n_relevant",
        "n_hits",
        "novelty",
        "miscalibration",
    ),
    *METRICS,
]


def list_outcomes(
    relevant: pl.DataFrame,
    *,
    split: str,
    lists: pl.DataFrame,
    default_list: pl.DataFrame,
    past: Past,
    ks: Sequence[int],
    distances: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Measure every strategy for every user with something relevant.

    Args:
        relevant: `user_id`, `item_id`.
        split: Name of the held-out part.
        lists: `strategy_lists`.
        default_list: What every strategy shows to users without history.
        past: Histories, how well known an item is, and mixes of categories.
        ks: List lengths.
        distances: `list_distances` of these users or more, where they are known already.

    Returns:
        `ranking_outcomes` rows of this part.
    """
    users = _users_of(relevant, past)
    if distances is None:
        distances = list_distances(relevant, lists=lists, past=past, ks=ks)
    parts = [
        _measure(_shown(rows, users, default_list), users, relevant, past, k=k).with_columns(
            pl.lit(strategy).alias("strategy"),
            pl.lit(split).alias("split"),
            has_history=pl.col("n_history_items") > 0,
        )
        for strategy, rows in _by_strategy(lists)
        for k in ks
    ]
    parts = [_with_distances(part, distances) for part in parts]
    return pl.concat(parts).select(OUTCOME_COLUMNS) if parts else _no_outcomes(users)


def _users_of(relevant: pl.DataFrame, past: Past) -> pl.DataFrame:
    users = relevant.group_by("user_id").len("n_relevant").sort("user_id")
    return users.join(past.sizes, on="user_id", how="left", maintain_order="left").with_columns(
        pl.col("n_relevant").cast(pl.Int64), pl.col("n_history_items").fill_null(0)
    )


def list_distances(
    users: pl.DataFrame, *, lists: pl.DataFrame, past: Past, ks: Sequence[int]
) -> pl.DataFrame:
    """Measure how far each user's lists are from the user's mix of categories. It depends on list
    and history alone, so slices of what is relevant share it.

    Args:
        users: `user_id`: whom it is asked of, in any number of rows.
        lists: `strategy_lists`.
        past: Mixes of categories; who has none (nobody without history has one) has no row.
        ks: List lengths.

    Returns:
        `strategy`, `k`, `user_id`, `miscalibration`.
    """
    wanted = users.select("user_id").unique()
    mix = past.mix.join(wanted, on="user_id", how="semi")
    lists = lists.join(wanted, on="user_id", how="semi")
    parts = [
        _distances(
            mix, category_mix(rows.filter(pl.col("rank") <= k), past.categories), strategy, k
        )
        for strategy, rows in _by_strategy(lists)
        for k in ks
    ]
    return pl.concat([_distances(mix.head(0), mix.head(0), "", 0), *parts])


def _distances(mix: pl.DataFrame, shown: pl.DataFrame, strategy: str, k: int) -> pl.DataFrame:
    """Measure how far what a strategy shows lies from each user's mix of categories."""
    return miscalibration(mix, shown).select(
        pl.lit(strategy).alias("strategy"),
        pl.lit(k, pl.Int64).alias("k"),
        "user_id",
        "miscalibration",
    )


def _with_distances(measured: pl.DataFrame, distances: pl.DataFrame) -> pl.DataFrame:
    both = measured.join(
        distances, on=["strategy", "k", "user_id"], how="left", maintain_order="left"
    )
    return both.with_columns(pl.col("miscalibration").fill_null(0.0))


def _no_outcomes(users: pl.DataFrame) -> pl.DataFrame:
    """No row, with the types of the rows there could have been: no strategy has a list when
    everybody has had everything.
    """
    counts = {name: pl.lit(0, pl.Int64) for name in ("k", "n_hits")}
    told = {"split", "strategy", "has_history", *counts, *users.columns}
    metrics = {name: pl.lit(0.0) for name in OUTCOME_COLUMNS if name not in told}
    return (
        users.head(0)
        .with_columns(
            split=pl.lit(""),
            strategy=pl.lit(""),
            has_history=pl.lit(value=False),
            **counts,
            **metrics,
        )
        .select(OUTCOME_COLUMNS)
    )


def _by_strategy(lists: pl.DataFrame) -> Iterable[tuple[str, pl.DataFrame]]:
    for strategy in lists["strategy"].unique().sort():
        own = lists.filter(pl.col("strategy") == strategy)
        yield strategy, own.select("user_id", "rank", "item_id")


def _shown(rows: pl.DataFrame, users: pl.DataFrame, default_list: pl.DataFrame) -> pl.DataFrame:
    """Return what the users of a part were shown: their own list,
    or the default one without history.
    """
    own = rows.join(
        users.filter(pl.col("n_history_items") > 0).select("user_id"), on="user_id", how="semi"
    )
    new = (
        users.filter(pl.col("n_history_items") == 0)
        .select("user_id")
        .join(default_list.select("rank", "item_id"), how="cross")
    )
    return pl.concat([own, new.select(own.columns)])


def _mean_of_each(user: Longs, values: Floats, *, n_users: int) -> Floats:
    """Average values over the rows of each user; 0 without any."""
    n_shown = np.bincount(user, minlength=n_users)
    return np.bincount(user, values, minlength=n_users) / np.maximum(n_shown, 1)


def _measure(
    shown: pl.DataFrame, users: pl.DataFrame, relevant: pl.DataFrame, past: Past, *, k: int
) -> pl.DataFrame:
    rows = shown.filter(pl.col("rank") <= k).join(
        relevant.with_columns(is_hit=pl.lit(True)), on=["user_id", "item_id"], how="left"
    )
    rows = rows.join(past.surprise, on="item_id", how="left").sort("user_id", "rank")
    user = codes_of(rows["user_id"], known=users["user_id"])
    is_hit = rows["is_hit"].fill_null(value=False).to_numpy()
    hits = hits_by_place(user, rows["rank"].to_numpy(), is_hit, n_users=users.height, k=k)
    metrics = user_metrics(hits, users["n_relevant"].to_numpy(), k=k)
    novelty = _mean_of_each(user, rows["surprise"].to_numpy(), n_users=users.height)
    measured = {"novelty": novelty, **dict(zip(METRICS, metrics, strict=True))}
    return users.with_columns(
        k=pl.lit(k, pl.Int64),
        n_hits=pl.Series(hits.sum(axis=1), dtype=pl.Int64),
        **{name: pl.Series(values, dtype=pl.Float64) for name, values in measured.items()},
    )
