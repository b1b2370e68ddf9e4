"""Regions: where users are, and which items may not be shown there."""

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from ntg_assets.attributes.as_of import attributes_at
from ntg_assets.configuration.inputs.attributes import AvailabilitySettings

if TYPE_CHECKING:  # contracts take half a second to load, and a service of lists needs none
    from ntg_assets.contracts import IdTypes

ANYWHERE = "(unknown)"  # the region of who has none: what is barred in any region is barred there
APART = r"[,;|]"
AROUND = " \t\u00a0[]{}()\"'"  # blanks, and what lists are written with (`['SE', 'NO']`)


def no_regions(ids: "IdTypes") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `user_regions` and `regional_exclusions` where no item is bound to a region."""
    user, item = (pl.Int64 if kind == "integer" else pl.String for kind in ids)
    return (
        pl.DataFrame(schema={"user_id": user, "region": pl.String}),
        pl.DataFrame(schema={"region": pl.String, "item_id": item}),
    )


def user_regions_at(
    users: pl.Series, attributes: pl.DataFrame, *, settings: AvailabilitySettings, at: datetime
) -> pl.DataFrame:
    """Say where each user is, as known at an instant.

    Args:
        users: Whom; any number of times each.
        attributes: `attributes`.
        settings: Which attribute says so.
        at: The cutoff (naive UTC).

    Returns:
        `user_id`, `region` (upper case; `ANYWHERE` where nothing is known), by user.
    """
    name = settings.user_region or ""
    rows = attributes_at(users, attributes, [name], entity="user", at=at)
    word = pl.col(name).str.strip_chars(AROUND).str.to_uppercase()
    region = pl.when(word != "").then(word)  # a blank is no region
    return rows.select("user_id", region=region.fill_null(ANYWHERE))


def regional_exclusions_at(
    items: pl.Series,
    regions: pl.Series,
    attributes: pl.DataFrame,
    *,
    settings: AvailabilitySettings,
    at: datetime,
) -> pl.DataFrame:
    """List what may not be shown in each region, as known at an instant.

    Args:
        items: Which items; any number of times each.
        regions: Regions that users are in.
        attributes: `attributes`.
        settings: Which attribute names an item's regions.
        at: The cutoff (naive UTC).

    Returns:
        `region`, `item_id`: items whose regions are named and this one is not among them; of
        `ANYWHERE` those that are barred in any region (without any: all whose regions are named).
    """
    bound = _bound_items(items, attributes, settings=settings, at=at)
    named = regions.filter(regions != ANYWHERE).unique().sort().to_frame("region")
    barred = named.join(bound, how="cross").filter(
        ~pl.col("allowed").list.contains(pl.col("region"))
    )
    anywhere = (bound if named.is_empty() else barred).select("item_id").unique()
    return pl.concat(
        [
            barred.select("region", "item_id"),
            anywhere.select(pl.lit(ANYWHERE).alias("region"), "item_id"),
        ]
    ).sort("region", "item_id")


def _bound_items(
    items: pl.Series, attributes: pl.DataFrame, *, settings: AvailabilitySettings, at: datetime
) -> pl.DataFrame:
    """`item_id`, `allowed`: the regions of each item that names any."""
    name = settings.regions or ""
    rows = attributes_at(items, attributes, [name], entity="item", at=at)
    words = (
        pl.col(name)
        .str.replace_all(APART, ",")
        .str.to_uppercase()
        .str.split(",")
        .list.eval(pl.element().str.strip_chars(AROUND))
        .list.eval(pl.element().filter(pl.element() != ""))  # a blank is no region
    )
    is_written = (pl.col(name).str.strip_chars() != "").fill_null(value=False)
    return rows.filter(is_written).select("item_id", allowed=words)
