"""The file of items that no list may show: read once a night,
and held against the items of the log.
"""

from dataclasses import replace
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import column_name
from ntg_assets.configuration.rules import ItemListSettings
from ntg_assets.errors import SourceError
from ntg_assets.ranking.lists.item_rules import unknown_names
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import read_rows
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import KnownIds, as_listed_id, match_ids

KEY = "ranking.rules.exclude_items_file"
EXCLUSION = "exclude_items_file"
FILE, LAST_PUBLICATION = ORIGINS = ("file", "last publication")
SCHEMA = {"listed_id": pl.String, "origin": pl.String}


class ExcludedRows(NamedTuple):
    """The file as it was read: rows of `excluded_items`, and in words what was found."""

    rows: pl.DataFrame
    n_files: int
    sentence: str


class ExcludedItems(NamedTuple):
    """What the file means for the items of a log.

    Attributes:
        ids: Items of the log that it names, in whatever spelling, as text: in doubt an item is not
        shown.
        n_listed: Different ids of the file.
        warning: Ids that are no item of the log, or are written otherwise there; None: all are as
            in the log.
    """

    ids: frozenset[str] = frozenset()
    n_listed: int = 0
    warning: str | None = None


def read_excluded(listed: ItemListSettings, *, place: Place) -> ExcludedRows:
    """Read the ids of a list of items.

    Raises:
        SourceError: the file is missing, damaged or lacks the column.
    """
    of_items = replace(place, forgotten=None)  # an id of an item may be that of a person, too
    rules = (Rule("listed_id", column_name(listed.item_id), as_listed_id, is_optional=True),)
    read = read_rows(Described.of(KEY, listed, ("item_id",)), rules, place=of_items)
    if read is None:
        raise SourceError(f"no file matches {', '.join(listed.files)}. Correct {KEY}.")
    rows = read.rows.select("listed_id", origin=pl.lit(FILE))
    return ExcludedRows(rows, read.n_files, f"{rows.height:,} rows in {read.n_files:,} file(s)")


def find_excluded(listed: pl.Series, items: pl.Series) -> ExcludedItems:
    """Hold the ids of the file (text, null where a row has none) against the different items of a
    log.
    """
    match = match_ids(listed, KnownIds(items))
    near = match.only_near
    told = [unknown_names(_unmatched(listed, match.pairs), items, what="has the id")]
    if near.height:
        first = near.row(0, named=True)
        how = f"such as {first['listed_id']!r} for {first['known_id']!r}"
        told.append(
            f"{near['known_id'].n_unique():,} items are written otherwise in the log ({how}); they"
            " are excluded too"
        )
    told.append(f"{n_blank:,} rows hold no id" if (n_blank := listed.null_count()) else None)
    ids = frozenset(match.pairs["known_id"].cast(pl.String).to_list())
    return ExcludedItems(ids, match.n_ids, "; ".join(one for one in told if one) or None)


def _unmatched(listed: pl.Series, pairs: pl.DataFrame) -> list[str]:
    missing = (
        listed.drop_nulls().unique().to_frame("listed_id").join(pairs, on="listed_id", how="anti")
    )
    return missing["listed_id"].sort().to_list()
