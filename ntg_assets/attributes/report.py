"""What was read of each attribute, and how many users and items of the log have it."""

from typing import Any

import polars as pl

from ntg_assets.attributes.reading import ASSUMED, AttributeRows
from ntg_assets.configuration.inputs.attributes import AttributeSourceSettings

SOURCE_TYPES: dict[str, Any] = {
    "entity": pl.String,
    "attribute": pl.String,
    "n_without_id": pl.Int64,
    "n_without_time": pl.Int64,
    "first_without_time": pl.String,
    "is_time_assumed": pl.Boolean,
}


COLUMNS = (
    "entity",
    "attribute",
    "n_rows",
    "n_entities",
    "n_known_to_log",
    "n_without_id",
    "n_without_time",
    "is_time_assumed",
    "sentence",
)


def source_rows(source: AttributeSourceSettings, read: AttributeRows) -> pl.DataFrame:
    """Rows of `attribute_sources` of one source."""
    return pl.DataFrame(
        [
            (
                source.entity,
                name,
                read.n_without_id,
                read.n_without_time,
                read.first_without_time,
                read.is_time_assumed,
            )
            for name in source.attributes
        ],
        schema=SOURCE_TYPES,
        orient="row",
    )


def report_attributes(
    sources: pl.DataFrame, attributes: pl.DataFrame, *, users: pl.Series, items: pl.Series
) -> pl.DataFrame:
    """Say of each attribute how many users or items have it, and how many of them the log knows.

    Args:
        sources: `attribute_sources`.
        attributes: `attributes`.
        users: Users of the log.
        items: Items of the log.

    Returns:
        `attribute_report`, by entity and attribute.
    """
    counts = _counts(attributes.filter(pl.col("value").is_not_null()), _ids_of_log(users, items))
    table = sources
    for name, counted in counts.items():
        table = table.join(counted, on=["entity", "attribute"], how="left")
        table = table.with_columns(pl.col(name).fill_null(0))
    sentences = [_describe(row) for row in table.iter_rows(named=True)]
    return (
        table.with_columns(pl.Series("sentence", sentences, dtype=pl.String))
        .select(COLUMNS)
        .sort("entity", "attribute")
    )


def _ids_of_log(users: pl.Series, items: pl.Series) -> pl.DataFrame:
    """List the ids of the log as text: `listed_id`, `entity`."""
    return pl.concat([_ids_of("user", users), _ids_of("item", items)])


def _ids_of(entity: str, ids: pl.Series) -> pl.DataFrame:
    texts = ids.cast(pl.String).unique()
    return texts.to_frame("listed_id").with_columns(entity=pl.lit(entity))


def _counts(has: pl.DataFrame, log_ids: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Count for each attribute its values, who has one, and who of them is in the log."""
    ids = has.select("entity", "attribute", "listed_id").unique()
    met = ids.join(log_ids, on=["entity", "listed_id"], how="semi")
    return {
        name: rows.group_by("entity", "attribute").agg(pl.len().cast(pl.Int64).alias(name))
        for name, rows in (("n_rows", has), ("n_entities", ids), ("n_known_to_log", met))
    }


def _describe(row: dict[str, Any]) -> str:
    sentence = (
        f"{row['attribute']}: {row['n_entities']:,} {row['entity']}s have it,"
        f" {row['n_known_to_log']:,} of them are in the log"
    )
    if row["n_entities"] and not row["n_known_to_log"]:
        sentence += ": is it a table of other ids?"
    if row["n_without_time"]:
        sentence += (
            f"; {row['n_without_time']:,} rows are left out, whose time cannot be read (first:"
            f" {row['first_without_time']!r})"
        )
    return sentence + (f"; {ASSUMED}" if row["is_time_assumed"] else "")
