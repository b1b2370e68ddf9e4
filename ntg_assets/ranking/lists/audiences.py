"""Audiences: users to whom the same items may be shown, with the model that makes their lists."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, codes_of
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.model import RankingModel, without_items


class Audience(NamedTuple):
    """Users and the model of their lists."""

    users: Interactions
    model: RankingModel


def audiences(
    log: Interactions,
    model: RankingModel,
    *,
    user_regions: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
) -> Iterator[Audience]:
    """Divide users by what may not be shown where they are, one model at a time.

    Args:
        log: TRAIN, coded with the items of the model.
        model: What makes lists where everything may be shown.
        user_regions: `user_regions`.
        regional_exclusions: `regional_exclusions`.

    Yields:
        Regions by name, then everybody else (who are all where no item is bound to a region).
    """
    region = pl.DataFrame({"user_id": log.users}).join(
        user_regions, on="user_id", how="left", maintain_order="left"
    )["region"]
    is_left = np.ones(log.n_users, dtype=bool)
    for name in regional_exclusions["region"].unique().sort():
        is_here = (region == name).fill_null(value=False).to_numpy()
        if is_here.any():
            is_left &= ~is_here
            yield Audience(log.only(is_here), in_region(model, regional_exclusions, name))
    if is_left.all():
        yield Audience(log, model)
    elif is_left.any():
        yield Audience(log.only(is_left), model)


def in_region(model: RankingModel, regional_exclusions: pl.DataFrame, region: str) -> RankingModel:
    """Return the model that makes the lists of a region.

    Args:
        model: What makes lists where everything may be shown.
        regional_exclusions: `regional_exclusions`.
        region: Where the users are.
    """
    barred = barred_flags(model, regional_exclusions, region)
    return without_items(model, barred) if barred.any() else model


def barred_flags(model: RankingModel, regional_exclusions: pl.DataFrame, region: str) -> Flags:
    """Whether each item of a model may not be shown in a region.

    Args:
        model: Whose items, by code.
        regional_exclusions: `regional_exclusions`.
        region: Where.
    """
    items = regional_exclusions.filter(pl.col("region") == region)["item_id"]
    code = codes_of(items, known=model.items)
    flags = np.zeros(model.n_items, dtype=bool)
    flags[code[code >= 0]] = True
    return flags


def excluded_there(
    item_rules: pl.DataFrame, regional_exclusions: pl.DataFrame, region: str
) -> pl.DataFrame:
    """Add to `item_rules` that what is barred in a region is in no list.

    Args:
        item_rules: `item_rules`.
        regional_exclusions: `regional_exclusions`.
        region: Where.
    """
    barred = regional_exclusions.filter(pl.col("region") == region)["item_id"]
    is_barred = pl.col("item_id").is_in(barred.implode())
    why = pl.when(is_barred).then(pl.lit(f"not available in {region}"))
    return item_rules.with_columns(exclusion=pl.coalesce("exclusion", why))
