"""Names of axes: the categories that set their strongest items apart."""

import polars as pl

# the strongest items of an axis, whose categories are held against those of all nodes
NAME_ITEMS = 40
# below this share of the strongest item's loading an item says nothing of the axis
NAME_LOADING = 0.1
NAME_CATEGORIES = 2
SMOOTHING = 0.01  # share added to both sides, so that a category of one item cannot name an axis


def category_shares(
    axes: pl.DataFrame, nodes: pl.Series, item_categories: pl.DataFrame
) -> pl.DataFrame:
    """Hold the categories of each axis's strongest items against those of all nodes.

    Args:
        axes: `axis`, `item_id`, `rank`, `loading`.
        nodes: The items of the graph.
        item_categories: `item_id`, `category`; may be empty.

    Returns:
        One row per (axis, category): `share` of the axis's strongest items, `share_everywhere`, and
        `apart`, the part of the relative entropy that the category brings; by falling `apart`, ties
        by category.
    """
    shown = axes.filter(pl.col("rank") <= NAME_ITEMS, pl.col("loading") >= NAME_LOADING)
    known = item_categories.select("item_id", "category")
    everywhere = (
        known.filter(pl.col("item_id").is_in(nodes.implode()))
        .group_by("category")
        .len("n_everywhere")
    )
    here = (
        shown.join(known, on="item_id")
        .group_by("axis", "category")
        .len("n_here")
        .join(everywhere, on="category")
    )
    share = pl.col("n_here") / pl.col("axis").replace_strict(*_sizes(shown))
    shares = here.select(
        "axis", "category", share=share, share_everywhere=pl.col("n_everywhere") / len(nodes)
    )
    apart = (
        pl.col("share")
        * ((pl.col("share") + SMOOTHING) / (pl.col("share_everywhere") + SMOOTHING)).log()
    )
    return shares.with_columns(apart=apart).sort(
        "axis", "apart", "category", descending=[False, True, False]
    )


def axis_names(
    rows: pl.DataFrame, items: pl.Series, item_categories: pl.DataFrame, titles: pl.DataFrame
) -> pl.DataFrame:
    """Name each axis by the categories that set its strongest items apart,
    and by its strongest item.
    """
    apart = (
        category_shares(rows, items, item_categories)
        .filter(pl.col("apart") > 0)
        .group_by("axis", maintain_order=True)
        .agg(pl.col("category").head(NAME_CATEGORIES).sort().str.join(" & ").alias("categories"))
    )
    strongest = rows.filter(pl.col("rank") == 1).join(
        titles.select("item_id", "title"), on="item_id", how="left"
    )
    title = pl.coalesce("title", pl.col("item_id").cast(pl.String))
    name = (
        pl.when(pl.col("categories").is_null())
        .then(title)
        .otherwise(pl.format("{}: {}", "categories", title))
    )
    return strongest.join(apart, on="axis", how="left").select("axis", name=name)


def _sizes(shown: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    sizes = shown.group_by("axis").len()
    return sizes["axis"], sizes["len"]
