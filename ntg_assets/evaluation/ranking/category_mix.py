"""Calibration of lists to the mix of categories that a user has had: a taste of three parts to one
should get such a list.
"""

import polars as pl

# of the user's own mix is added to the list's: a category that it leaves out costs much, not
# everything
SMOOTHING = 0.01


def category_mix(pairs: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """Return each user's shares of categories; an item counts 1 in all,
    divided evenly between its categories.

    Args:
        pairs: Distinct (user_id, item_id).
        categories: `item_id`, `category`; may be empty.

    Returns:
        `user_id`, `category`, `share`, by user and category; users without any known category have
        no rows.
    """
    each = (
        categories.select("item_id", "category")
        .unique()
        .with_columns(part=1 / pl.len().over("item_id"))
    )
    rows = (
        pairs.select("user_id", "item_id")
        .join(each, on="item_id")
        .sort("user_id", "category", "item_id")
    )
    mix = rows.group_by("user_id", "category", maintain_order=True).agg(pl.col("part").sum())
    return mix.select(
        "user_id", "category", share=pl.col("part") / pl.col("part").sum().over("user_id")
    )


def miscalibration(history: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Return how far each user's list is from the user's mix,
    in bits: 0 for the same mix, at most log2(1 / `SMOOTHING`).

    Args:
        history: `category_mix` of what users have had.
        shown: `category_mix` of what they are shown.

    Returns:
        `user_id`, `miscalibration`, for users with both.

    Source: Steck 2018, "Calibrated Recommendations" (Kullback-Leibler divergence, the list's mix
        smoothed by the user's).
    """
    both = history.join(shown.select("user_id").unique(), on="user_id", how="semi")
    both = both.join(shown, on=["user_id", "category"], how="left", suffix="_shown").sort(
        "user_id", "category"
    )
    smoothed = (1 - SMOOTHING) * pl.col("share_shown").fill_null(0.0) + SMOOTHING * pl.col("share")
    bits = both.with_columns(bits=pl.col("share") * (pl.col("share") / smoothed).log(2))
    return bits.group_by("user_id", maintain_order=True).agg(
        pl.col("bits").sum().clip(lower_bound=0.0).alias("miscalibration")
    )
