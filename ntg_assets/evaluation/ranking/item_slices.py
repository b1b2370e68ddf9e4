"""Lists measured on part of what users went on to take: by how well an item is known,
and by whether the user has had it.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from ntg_assets.evaluation.ranking.held_out import HeldOut, relevant_pairs
from ntg_assets.evaluation.ranking.outcomes import list_distances, list_outcomes
from ntg_assets.evaluation.ranking.past import past_of

# the most used items that together hold this share of all (user, item) pairs are the popular ones
POPULAR_SHARE = 0.5
ITEM_SLICES = {
    "popular_items": (
        "only relevant items among the most used that hold half of all (user, item) pairs"
    ),
    "niche_items": "only relevant items outside the most used half",
    "new_items": "only relevant items that TRAIN does not know: no list can hold them",
    "repeated_items": "only relevant items that the user has had in TRAIN",
    "untried_items": "only relevant items that the user has not had in TRAIN",
}
BY_USE = ("popular_items", "niche_items", "new_items")


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
        allow_consumed: Whether lists may show what a user has had: then what was repeated and what
            was not are slices too.
        categories: `item_id`, `category`; None: nothing is known.
    """
    past, parts = past_of(train, categories), []
    for part in held:
        relevant = relevant_pairs(part, train, allow_consumed=allow_consumed).join(
            past.sizes, on="user_id", how="semi"
        )
        distances = list_distances(relevant, lists=lists, past=past, ks=ks)
        parts += [
            list_outcomes(
                rows,
                split=part.split,
                lists=lists,
                default_list=default_list,
                past=past,
                ks=ks,
                distances=distances,
            ).with_columns(pl.lit(name).alias("slice"))
            for name, rows in _sliced(relevant, train, by_user=allow_consumed)
        ]
    return pl.concat(parts, how="vertical_relaxed")


def _sliced(
    relevant: pl.DataFrame, train: pl.DataFrame, *, by_user: bool
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the relevant (user, item) of each slice."""
    grouped = relevant.join(item_groups(train), on="item_id", how="left").with_columns(
        pl.col("slice").fill_null("new_items")
    )
    for name in BY_USE:
        yield name, grouped.filter(pl.col("slice") == name).select("user_id", "item_id")
    if by_user:
        pair = ["user_id", "item_id"]
        yield "repeated_items", relevant.join(train, on=pair, how="semi")
        yield "untried_items", relevant.join(train, on=pair, how="anti")


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


def item_slices(outcomes: pl.DataFrame) -> Iterator[tuple[str, tuple[str, str], pl.DataFrame]]:
    """Yield split, (slice, its rule) and rows of each slice that was measured."""
    for split in outcomes["split"].unique().sort(descending=True):
        for name, rule in ITEM_SLICES.items():
            rows = outcomes.filter((pl.col("split") == split) & (pl.col("slice") == name))
            yield split, (name, rule), rows
