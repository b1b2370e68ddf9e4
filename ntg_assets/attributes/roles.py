"""What attributes decide: who may be contacted, and what may be shown."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from ntg_assets.attributes.as_of import attributes_at
from ntg_assets.configuration.inputs.attributes import AvailabilitySettings, ConsentSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.sources.values.ids import KnownIds, match_ids
from ntg_assets.sources.values.words import are_among
from ntg_assets.sources.written import instants_of

NOT_YET, NO_MORE, UNREADABLE = "not available yet", "not available any more", "dates unreadable"


def without_consent(
    users: pl.Series, attributes: pl.DataFrame, *, settings: ConsentSettings, at: datetime
) -> pl.DataFrame:
    """List the users who have not agreed to be contacted, as known at an instant.

    Args:
        users: Whom; any number of times each.
        attributes: `attributes`.
        settings: Which attribute says so, and what it says of who agreed.
        at: The instant (naive UTC).

    Returns:
        `user_id`, `detail`: what the attribute says of them, by user.
    """
    rows = attributes_at(users, attributes, [settings.attribute], entity="user", at=at)
    said = pl.col(settings.attribute)
    detail = (
        pl.when(said.is_null())
        .then(pl.lit(f"{settings.attribute}: nothing is known"))
        .otherwise(pl.format("{}: {}", pl.lit(settings.attribute), said))
    )
    has_agreed = agreed(rows[settings.attribute], settings)
    not_agreed = rows.filter(~has_agreed).select("user_id", detail=detail)
    nearly = _refused_nearly(rows.filter(has_agreed)["user_id"], attributes, settings, at=at)
    return pl.concat([not_agreed, nearly]).sort("user_id")


def agreed(said: pl.Series, settings: ConsentSettings) -> pl.Series:
    """Whether each text says that somebody agreed."""
    return are_among(said, settings.granted)


def _refused_nearly(
    users: pl.Series, attributes: pl.DataFrame, settings: ConsentSettings, *, at: datetime
) -> pl.DataFrame:
    """Users who agreed, and who refused under an id that is only written otherwise (` 7`, `007`):
    in doubt nobody is contacted.
    """
    said = attributes.filter(
        (pl.col("entity") == "user")
        & (pl.col("attribute") == settings.attribute)
        & pl.col("value").is_not_null()
        & (pl.col("known_from_at").is_null() | (pl.col("known_from_at") < at))
    )
    refused = said.filter(~agreed(said["value"], settings))["listed_id"]
    near = match_ids(refused, KnownIds(users)).only_near.unique(
        "known_id", keep="first", maintain_order=True
    )
    detail = pl.format("{}: refused as {}", pl.lit(settings.attribute), "listed_id")
    return near.select(pl.col("known_id").cast(users.dtype).alias("user_id"), detail=detail)


def nothing_unavailable(ids: IdTypes) -> pl.DataFrame:
    """Rows of `unavailable_items` where no window is configured."""
    item = pl.Int64 if ids.item == "integer" else pl.String
    return pl.DataFrame(schema={"item_id": item, "reason": pl.String})


def unavailable_items_at(
    items: pl.Series,
    attributes: pl.DataFrame,
    *,
    settings: AvailabilitySettings,
    at: datetime,
    zone: str,
) -> pl.DataFrame:
    """List the items that may not be shown at an instant, whoever looks.

    An item whose dates are written but cannot be read is not shown: in doubt nothing unlicensed is.

    Args:
        items: Which; any number of times each.
        attributes: `attributes`.
        settings: Which attributes hold the window.
        at: The instant (naive UTC).
        zone: Zone whose midnights begin days without a time.

    Returns:
        `item_id`, `reason`, by item.
    """
    names = [name for name in (settings.available_from, settings.available_until) if name]
    rows = attributes_at(items, attributes, names, entity="item", at=at)
    dated = rows.with_columns(
        instants_of(rows[name], zone=zone).alias(f"{name}_at") for name in names
    )
    reasons = [
        pl.when(is_barred).then(pl.lit(reason)) for is_barred, reason in _bars(settings, names, at)
    ]
    return (
        dated.with_columns(reason=pl.coalesce(pl.lit(None, pl.String), *reasons))
        .filter(pl.col("reason").is_not_null())
        .select("item_id", "reason")
    )


def _bars(
    settings: AvailabilitySettings, names: Sequence[str], at: datetime
) -> Iterator[tuple[pl.Expr, str]]:
    """Say when an item may not be shown, and why; the first reason counts."""
    for name in names:
        yield pl.col(name).is_not_null() & pl.col(f"{name}_at").is_null(), UNREADABLE
    if opens := settings.available_from:
        yield pl.col(f"{opens}_at") > at, NOT_YET
    if closes := settings.available_until:
        yield pl.col(f"{closes}_at") <= at, NO_MORE
