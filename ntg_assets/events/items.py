"""The item table: one row per item, its categories apart."""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from ntg_assets.configuration.inputs.events import IdType, ItemSourceSettings
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

JOINED_BY = "|"
ID_TYPES = {"integer": pl.Int64, "string": pl.String}
REPEATED = "repeats an earlier item with another title or categories"


@dataclass(frozen=True)
class ItemTables:
    """The tables `items` and `item_categories`."""

    items: pl.DataFrame
    item_categories: pl.DataFrame


@dataclass(frozen=True)
class ItemRows:
    """Rows of the item table by their fate: usable (one per item),
    in the way of an earlier row, equal to an earlier row.
    """

    usable: pl.DataFrame
    invalid: pl.DataFrame
    duplicates: pl.DataFrame


def read_items(connection: Connection, plan: Plan, counts: Mapping[int, FileCounts]) -> ItemRows:
    """Read the item table; of rows with the same id the first one, by file and row, counts."""
    numbered = plan.numbered({number: file.n_read for number, file in counts.items()})
    rows = run(over_typed_rows(numbered, "item_rows"), connection)
    rows = rows.filter(pl.col("skip_number").is_null()).drop("skip_number")
    valid = rows.filter("is_valid")
    is_same = [
        pl.col(name).eq_missing(pl.col(name).first().over("item_id"))
        for name in ("title", "categories")
    ]
    judged = valid.with_columns(
        is_first=pl.int_range(pl.len()).over("item_id") == 0, is_same=pl.all_horizontal(is_same)
    )
    is_first, is_copy = pl.col("is_first"), ~pl.col("is_first") & pl.col("is_same")
    first, copies, repeated = (
        judged.filter(fate).drop("is_first", "is_same")
        for fate in (is_first, is_copy, ~is_first & ~is_copy)
    )
    repeated = repeated.with_columns(column_name=pl.lit("item_id"), reason=pl.lit(REPEATED))
    invalid = pl.concat([rows.filter(~pl.col("is_valid")), repeated])
    return ItemRows(usable=first, invalid=invalid, duplicates=copies)


def shape_items(rows: pl.DataFrame, source: ItemSourceSettings) -> ItemTables:
    """Make the tables from rows with distinct ids.

    Args:
        rows: item_id, title (text or null), categories (text or null), in source order.
        source: Separator, and the texts that mean "no category".

    Returns:
        Items by id, item categories by id and position; a category named twice for an item counts
        once, at its first place.
    """
    categories = _categories(rows, source)
    joined = categories.group_by("item_id", maintain_order=True).agg(
        pl.col("category").str.join(JOINED_BY).alias("categories")
    )
    items = rows.select(
        "item_id", pl.coalesce("title", pl.col("item_id").cast(pl.String)).alias("title")
    )
    return ItemTables(items.join(joined, on="item_id", how="left").sort("item_id"), categories)


def _categories(rows: pl.DataFrame, source: ItemSourceSettings) -> pl.DataFrame:
    """Categories of each item by position; one that is named twice counts at its first place."""
    named = (
        _split_categories(rows, source)
        .explode("category")
        .with_columns(pl.col("category").str.strip_chars())
    )
    wanted = named.filter(
        pl.col("category").is_not_null() & ~pl.col("category").is_in(["", *source.no_category])
    )
    return (
        wanted.unique(["item_id", "category"], keep="first", maintain_order=True)
        .with_columns(
            position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("item_id"),
            n_categories=pl.len().over("item_id").cast(pl.Int64),
        )
        .sort("item_id", "position")
    )


def _split_categories(rows: pl.DataFrame, source: ItemSourceSettings) -> pl.DataFrame:
    """Names of the categories of each item, as lists: from JSON where they are such, else between
    separators.
    """
    texts = rows["categories"].drop_nulls().unique()
    is_json = source.categories_format == "json" or bool(rows["is_list"].any())
    split = pl.DataFrame(
        {"categories": texts, "category": [_names_in(text, source, is_json) for text in texts]},
        schema={"categories": pl.String, "category": pl.List(pl.String)},
    )
    return (
        rows.select("item_id", "categories")
        .join(split, on="categories", how="left", maintain_order="left")
        .select("item_id", "category")
    )


def _names_in(text: str, source: ItemSourceSettings, is_json: bool) -> list[str]:  # noqa: FBT001  # of the column
    """Names in one text: those of a list, else between separators."""
    names = category_names(text, key=source.category_name) if is_json else None
    if names is not None:
        return names
    return text.split(source.category_separator) if source.category_separator else [text]


def category_names(text: str, *, key: str) -> list[str] | None:
    """Names in a list as JSON or Python writes it; None where a text is no list.

    Args:
        text: `["Drama"]`, `['Drama']`, `[{"id": 18, "name": "Drama"}]`, `{"name": "Drama"}`.
        key: Key of the name where categories are objects.
    """
    if not text.lstrip().startswith(("[", "{", "(")):
        return None
    try:
        values = json.loads(text)
    except ValueError:
        try:
            values = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    listed = values if isinstance(values, list | tuple | set) else [values]
    names = [entry.get(key) if isinstance(entry, dict) else entry for entry in listed]
    return [str(name) for name in names if name is not None]


def no_items(id_type: IdType) -> ItemTables:
    """The tables of a source without an item table."""
    item_id = {"item_id": ID_TYPES[id_type]}
    items = pl.DataFrame(schema={**item_id, "title": pl.String, "categories": pl.String})
    return ItemTables(
        items,
        pl.DataFrame(
            schema={
                **item_id,
                "category": pl.String,
                "position": pl.Int64,
                "n_categories": pl.Int64,
            }
        ),
    )
