"""The business rules over the codes of one catalogue: what the making of lists looks up."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs, codes_of, position_in_group, starts_of
from ntg_assets.configuration.rules import RulesSettings

NO_LIMIT = np.iinfo(np.int64).max
Words = npt.NDArray[np.uint64]
BITS = 64


@dataclass(frozen=True)
class ListRules:
    """Rules, item by item.

    Attributes:
        settings: The configuration.
        excluded: Whether an item is never shown.
        boost: Factor on the item's score.
        is_new: Whether the item may take a place held for new items.
        categories: Category codes of each item, -1 where it has fewer.
        limits: Most places of each category.
    """

    settings: RulesSettings
    excluded: Flags
    boost: Floats
    is_new: Flags
    categories: Longs
    limits: Longs

    @cached_property
    def words(self) -> Words:
        """The categories of each item as bits: items x words of 64."""
        words = np.zeros((len(self.excluded), max(-(-len(self.limits) // BITS), 1)), np.uint64)
        item, slot = np.nonzero(self.categories >= 0)
        code = self.categories[item, slot]
        np.bitwise_or.at(
            words,
            (item, code // BITS),
            np.left_shift(np.uint64(1), (code % BITS).astype(np.uint64)),
        )
        return words

    @cached_property
    def n_categories(self) -> Longs:
        """Number of categories of each item."""
        return (self.categories >= 0).sum(axis=1)


def list_rules(table: pl.DataFrame, *, items: pl.Series, settings: RulesSettings) -> ListRules:
    """Lay the rules out over a catalogue.

    Args:
        table: `item_rules`.
        items: The catalogue, in the order of its codes.
        settings: The configuration.
    """
    known = table.with_columns(code=codes_of(table["item_id"], known=items)).filter(
        pl.col("code") >= 0
    )
    code, n_items = known["code"].to_numpy(), len(items)
    boost = np.ones(n_items)
    boost[code] = known["boost"].to_numpy()
    names = known["categories"].explode().drop_nulls().unique().sort()
    return ListRules(
        settings,
        _flags(code, known["exclusion"].is_not_null(), n_items),
        boost,
        _flags(code, known["is_new"], n_items),
        _padded(known, names, n_items),
        _limits(names, settings),
    )


def no_rules(n_items: int, *, settings: RulesSettings) -> ListRules:
    """Rules that change nothing, over a catalogue of so many items."""
    nothing = np.zeros(n_items, np.bool_)
    return ListRules(
        settings,
        nothing,
        np.ones(n_items),
        nothing,
        np.full((n_items, 0), -1, np.int64),
        np.empty(0, np.int64),
    )


def _flags(code: Longs, values: pl.Series, n_items: int) -> Flags:
    flags = np.zeros(n_items, np.bool_)
    flags[code] = values.to_numpy()
    return flags


def _padded(known: pl.DataFrame, names: pl.Series, n_items: int) -> Longs:
    held = (
        known.select("code", "categories")
        .explode("categories")
        .drop_nulls()
        .unique()
        .sort("code", "categories")
    )
    code, category = held["code"].to_numpy(), codes_of(held["categories"], known=names)
    most = int(np.diff(starts_of(code, n_groups=n_items)).max(initial=0))
    padded = np.full((n_items, most), -1, np.int64)
    padded[code, position_in_group(code, n_groups=n_items)] = category
    return padded


def _limits(names: pl.Series, settings: RulesSettings) -> Longs:
    limits = np.full(len(names), settings.every_category_at_most or NO_LIMIT, np.int64)
    place = {name: position for position, name in enumerate(names)}
    for cap in settings.category_caps:
        if cap.category in place:
            limits[place[cap.category]] = cap.at_most
    return limits
