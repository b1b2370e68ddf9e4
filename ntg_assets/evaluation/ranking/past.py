"""What is known before a list is looked at: histories, how common items are, and mixes of their
categories.
"""

from typing import NamedTuple

import polars as pl

from ntg_assets.evaluation.ranking.category_mix import category_mix

USERS_AT_ONCE = 10_000  # whose mixes of categories are made together
# of a log without categories: none
KNOWN_CATEGORIES = pl.DataFrame(schema={"item_id": pl.Int64, "category": pl.String})


class Past(NamedTuple):
    """What is known before a list is looked at.

    Attributes:
        sizes: Distinct items of each user's history.
        surprise: Bits of surprise of each item: -log2 of the share of users who have had it.
        categories: Categories of items.
        mix: Each user's mix of categories.
    """

    sizes: pl.DataFrame
    surprise: pl.DataFrame
    categories: pl.DataFrame
    mix: pl.DataFrame


def past_of(train: pl.DataFrame, categories: pl.DataFrame | None = None) -> Past:
    """Look at TRAIN once, for all parts and slices that are measured.

    Args:
        train: TRAIN events, or their distinct (user_id, item_id).
        categories: `item_id`, `category`; None: nothing is known.
    """
    pairs = train.select("user_id", "item_id").unique()
    sizes = (
        pairs.group_by("user_id")
        .len("n_history_items")
        .with_columns(pl.col("n_history_items").cast(pl.Int64))
    )
    users = pairs.group_by("item_id").len("n_users")
    surprise = users.select("item_id", surprise=-(pl.col("n_users") / max(sizes.height, 1)).log(2))
    known = (
        KNOWN_CATEGORIES.cast({"item_id": train.schema["item_id"]})
        if categories is None
        else categories
    )
    return Past(sizes, surprise, known, _mixes(pairs, known))


def _mixes(pairs: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """Return `category_mix` of many users, some at a time: every pair stands once per category of
    its item.
    """
    users = pairs.select("user_id").unique().sort("user_id")
    parts = users.iter_slices(USERS_AT_ONCE) if users.height else [users]
    return pl.concat(
        category_mix(pairs.join(part, on="user_id", how="semi"), categories) for part in parts
    )
