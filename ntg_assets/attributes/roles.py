"""What attributes decide: who may be contacted, and what may be shown."""

from datetime import datetime

import polars as pl

from ntg_assets.attributes.as_of import with_attributes
from ntg_assets.configuration.attributes import AvailabilitySettings, ConsentSettings
from ntg_assets.sources.written import instants_of

NOT_YET, NO_MORE, UNREADABLE = "not available yet", "not available any more", "dates unreadable"


def without_consent(
    users: pl.Series, attributes: pl.DataFrame, *, settings: ConsentSettings, at: datetime
) -> pl.DataFrame:
    """List the users who have not agreed to be contacted, as known at an instant.

    Returns:
        `user_id`, `detail`: what the attribute says of them, by user.
    """
    rows = with_attributes(
        pl.DataFrame({"user_id": users.unique().sort()}),
        attributes,
        [settings.attribute],
        entity="user",
        id_column="user_id",
        at=pl.lit(at),
    )
    said = pl.col(settings.attribute)
    granted = [word.strip().lower() for word in settings.granted]
    agreed = said.str.strip_chars().str.to_lowercase().is_in(granted).fill_null(value=False)
    told = (
        pl.when(said.is_null())
        .then(pl.lit(f"{settings.attribute}: nothing is known"))
        .otherwise(pl.format("{}: {}", pl.lit(settings.attribute), said))
    )
    return rows.filter(~agreed).select("user_id", detail=told)


def unavailable_items(
    items: pl.Series,
    attributes: pl.DataFrame,
    *,
    settings: AvailabilitySettings,
    at: datetime,
    zone: str,
) -> pl.DataFrame:
    """List the items that may not be shown at an instant, whoever looks.

    An item whose dates are written but cannot be read is not shown: in doubt nothing unlicensed is.

    Returns:
        `item_id`, `reason`, by item.
    """
    names = [name for name in (settings.available_from, settings.available_until) if name]
    rows = with_attributes(
        pl.DataFrame({"item_id": items.unique().sort()}),
        attributes,
        names,
        entity="item",
        id_column="item_id",
        at=pl.lit(at),
    )
    instants = {
        name: instants_of(rows[name], timezone=zone, day_zone=zone).alias(f"{name}_at")
        for name in names
    }
    dated = rows.with_columns(instants.values())
    reason = pl.lit(None, pl.String)
    for name in names:
        broken = pl.col(name).is_not_null() & pl.col(f"{name}_at").is_null()
        reason = pl.coalesce(reason, pl.when(broken).then(pl.lit(UNREADABLE)))
    if opens := settings.available_from:
        reason = pl.coalesce(reason, pl.when(pl.col(f"{opens}_at") > at).then(pl.lit(NOT_YET)))
    if closes := settings.available_until:
        reason = pl.coalesce(reason, pl.when(pl.col(f"{closes}_at") <= at).then(pl.lit(NO_MORE)))
    return (
        dated.with_columns(reason=reason)
        .filter(pl.col("reason").is_not_null())
        .select("item_id", "reason")
    )


def shown_where_not_allowed(
    lists: pl.DataFrame,
    attributes: pl.DataFrame,
    *,
    settings: AvailabilitySettings,
    at: datetime,
) -> pl.DataFrame:
    """Return the places of lists whose item may not be shown in the user's region.

    An item without regions may be shown everywhere; of a user without a region only such an item is
    known to be allowed.

    Args:
        lists: `user_id`, `item_id`.
        attributes: Rows of `attributes`.
        settings: Names of the attributes.
        at: Instant at which it is shown.

    Returns:
        The offending rows of `lists`.
    """
    if settings.regions is None or settings.user_region is None:
        return lists.clear()
    items = with_attributes(
        lists, attributes, [settings.regions], entity="item", id_column="item_id", at=pl.lit(at)
    )
    both = with_attributes(
        items, attributes, [settings.user_region], entity="user", id_column="user_id", at=pl.lit(at)
    )
    allowed = (
        pl.col(settings.regions)
        .str.split(settings.region_separator)
        .list.eval(pl.element().str.strip_chars().str.to_lowercase())
    )
    place = pl.col(settings.user_region).str.strip_chars().str.to_lowercase()
    is_allowed = pl.col(settings.regions).is_null() | allowed.list.contains(place).fill_null(
        value=False
    )
    return both.filter(~is_allowed).select(lists.columns)
