"""What was known of users and items at a cutoff: one join for every attribute and every stage."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import polars as pl

from ntg_assets.sql import Query, Source, query
from ntg_assets.storage.run import run

ID, AT = "listed_id", "cutoff_at"


def attributes_as_of(
    attributes: Source, wanted: Source, *, entity: Literal["user", "item"]
) -> Query:
    """Look users or items up at cutoffs.

    Args:
        attributes: Rows of `attributes`.
        wanted: `listed_id` (text), `cutoff_at` (naive UTC): who is looked at, and when.
        entity: Whose facts are wanted.

    Returns:
        One row per (listed_id, cutoff_at, attribute): the latest value whose `known_from_at` lies
        before the cutoff and whose `valid_from_at` does not lie after it. No row: nothing was
        known.
    """
    return query(
        "attributes",
        "attributes_as_of",
        {"attributes": attributes, "wanted": wanted},
        entity=entity,
    )


def attributes_at(
    ids: pl.Series,
    attributes: pl.DataFrame,
    names: Sequence[str],
    *,
    entity: Literal["user", "item"],
    at: datetime,
) -> pl.DataFrame:
    """Look up the attributes of some users or items, as known at an instant.

    Args:
        ids: Whose; any number of times each.
        attributes: Rows of `attributes`.
        names: Attributes that are wanted.
        entity: Whose facts they are.
        at: The instant (naive UTC).

    Returns:
        `user_id` or `item_id`, and a column of text for each attribute (null where nothing was
        known); one row per id, in order of id.
    """
    id_column = f"{entity}_id"
    rows = pl.DataFrame({id_column: ids.unique().sort()})
    return with_attributes(
        rows, attributes, names, entity=entity, id_column=id_column, at=pl.lit(at)
    )


def with_attributes(
    rows: pl.DataFrame,
    attributes: pl.DataFrame,
    names: Sequence[str],
    *,
    entity: Literal["user", "item"],
    id_column: str,
    at: pl.Expr,
) -> pl.DataFrame:
    """Add attributes to rows, each as it was known at the row's cutoff.

    Args:
        rows: Anything with `id_column`.
        attributes: Rows of `attributes`.
        names: Attributes that are wanted, each a new column of text, null where nothing was known.
        entity: Whose facts they are.
        id_column: Column of `rows` with the user or item.
        at: Cutoff of each row (naive UTC).
    """
    keyed = rows.with_columns(
        **{ID: pl.col(id_column).cast(pl.String), AT: at.cast(pl.Datetime("us"))}
    )
    chosen = attributes.filter(pl.col("attribute").is_in(list(names)))
    values = run(attributes_as_of(chosen, keyed.select(ID, AT).unique(), entity=entity))
    wide = keyed.select(ID, AT).unique()
    for name in names:
        column = values.filter(pl.col("attribute") == name).select(ID, AT, value=pl.col("value"))
        wide = wide.join(column.rename({"value": name}), on=[ID, AT], how="left", validate="1:1")
    return keyed.join(wide, on=[ID, AT], how="left", maintain_order="left").drop(ID, AT)
