"""Read tables of facts: every named column with the times at which its rows held and were known."""

from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.attributes import AttributeSourceSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import as_log_id_or_written
from ntg_assets.sources.written import read_written

KEY = "ingest.attributes"
ASSUMED = "it has no times, so it counts as known from the start (assumed)"
TYPES: dict[str, Any] = {
    "entity": pl.String,
    "listed_id": pl.String,
    "attribute": pl.String,
    "value": pl.String,
    "valid_from_at": pl.Datetime("us"),
    "known_from_at": pl.Datetime("us"),
    "place": pl.Int64,
}
SOURCE_TYPES: dict[str, Any] = {
    "entity": pl.String,
    "attribute": pl.String,
    "n_without_id": pl.Int64,
    "n_without_time": pl.Int64,
    "first_without_time": pl.String,
    "is_time_assumed": pl.Boolean,
}


class AttributeRows(NamedTuple):
    """One source as it was read: rows of `attributes`, and what was left out.

    Attributes:
        rows: Rows of `attributes`.
        n_files: Files that were read.
        n_without_id: Rows that name nobody, in each attribute of the source.
        n_without_time: Rows with a time that cannot be read, likewise.
        first_without_time: The first of these times, as written.
        is_time_assumed: Whether neither time is configured.
    """

    rows: pl.DataFrame
    n_files: int
    n_without_id: int
    n_without_time: int
    first_without_time: str | None
    is_time_assumed: bool

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        text = f"{self.rows.height:,} facts in {self.n_files:,} file(s)"
        if self.n_without_id:
            text += f"; {self.n_without_id:,} rows name nobody"
        if self.n_without_time:
            text += (
                f"; {self.n_without_time:,} rows left out, whose time cannot be read (first:"
                f" {self.first_without_time!r})"
            )
        return text + (f"; {ASSUMED}" if self.is_time_assumed else "")


def read_attributes(
    source: AttributeSourceSettings, *, place: Place, ids: IdTypes, zone: str
) -> AttributeRows:
    """Read one table of facts.

    A row whose id is blank, or whose time is blank or cannot be read, is left out and counted: to
    take it as known from the start would be a leak.

    Args:
        source: Files and columns.
        place: Where files may lie.
        ids: How the log writes ids.
        zone: Zone whose midnights begin the days.

    Raises:
        SourceError: a file is missing, damaged, or lacks a column.
    """
    wanted = {f"fact_{place}": named for place, named in enumerate(source.attributes.values())}
    read = read_written(
        source,
        {
            "listed_id": source.id,
            "valid_from": source.valid_from,
            "known_from": source.known_from,
            **wanted,
        },
        ids=("listed_id",),
        times=("valid_from", "known_from"),
        options=source,
        key=KEY,
        place=place,
        zone=zone,
    )
    id_type = getattr(ids, source.entity)
    timed = pl.concat(
        _facts(name, read.rows, fact, entity=source.entity, id_type=id_type)
        for fact, name in zip(wanted, source.attributes, strict=True)
    )
    return _judged(timed, source=source, n_files=read.n_files)


def _facts(
    name: str,
    rows: pl.DataFrame,
    fact: str,
    *,
    entity: str,
    id_type: Literal["integer", "string"],
) -> pl.DataFrame:
    return rows.with_row_index("place").select(
        entity=pl.lit(entity),
        listed_id=as_log_id_or_written(pl.col("listed_id"), id_type),
        attribute=pl.lit(name),
        value=fact,
        valid_from_at="valid_from_at",
        known_from_at="known_from_at",
        valid_from_text="valid_from_text",
        known_from_text="known_from_text",
        place=pl.col("place").cast(pl.Int64),
    )


def _judged(timed: pl.DataFrame, *, source: AttributeSourceSettings, n_files: int) -> AttributeRows:
    """Leave out rows without an id or with a time that cannot be read; a time that is not
    configured is the other one.
    """
    wanted = [
        name
        for name, column in (("valid_from", source.valid_from), ("known_from", source.known_from))
        if column
    ]
    has_id = pl.col("listed_id").is_not_null()
    has_time = pl.all_horizontal(
        pl.lit(value=True), *(pl.col(f"{name}_at").is_not_null() for name in wanted)
    )
    without = timed.filter(has_id & ~has_time)
    kept = timed.filter(has_id & has_time)
    if source.known_from is None:
        kept = kept.with_columns(known_from_at="valid_from_at")
    elif source.valid_from is None:
        kept = kept.with_columns(valid_from_at="known_from_at")
    n_columns = len(source.attributes)
    broken = [
        text
        for name in wanted
        for text in without.filter(pl.col(f"{name}_at").is_null())[f"{name}_text"].to_list()
    ]
    return AttributeRows(
        kept.select(pl.col(name).cast(dtype) for name, dtype in TYPES.items()),
        n_files,
        timed.filter(~has_id).height // n_columns,
        without.height // n_columns,
        (broken[0] or "blank") if broken else None,
        not wanted,
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


def no_attributes() -> pl.DataFrame:
    """Rows of `attributes` where none are configured."""
    return pl.DataFrame(schema=TYPES)


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
    log_ids = pl.concat(
        [
            ids.cast(pl.String).unique().to_frame("listed_id").with_columns(entity=pl.lit(name))
            for name, ids in (("user", users), ("item", items))
        ]
    )
    has = attributes.filter(pl.col("value").is_not_null())
    ids = has.select("entity", "attribute", "listed_id").unique()
    met = ids.join(log_ids, on=["entity", "listed_id"], how="semi")
    counts = [
        rows.group_by("entity", "attribute").agg(pl.len().cast(pl.Int64).alias(name))
        for name, rows in (("n_rows", has), ("n_entities", ids), ("n_known_to_log", met))
    ]
    table = sources
    for one in counts:
        table = table.join(one, on=["entity", "attribute"], how="left")
    filled = table.with_columns(pl.col("n_rows", "n_entities", "n_known_to_log").fill_null(0))
    sentences = [_tell(row) for row in filled.iter_rows(named=True)]
    return (
        filled.with_columns(pl.Series("sentence", sentences, dtype=pl.String))
        .select(
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
        .sort("entity", "attribute")
    )


def _tell(row: dict[str, Any]) -> str:
    sentence = (
        f"{row['attribute']}: {row['n_entities']:,} {row['entity']}s have it,"
        f" {row['n_known_to_log']:,} of them are in the log"
    )
    if row["n_without_time"]:
        sentence += (
            f"; {row['n_without_time']:,} rows are left out, whose time cannot be read (first:"
            f" {row['first_without_time']!r})"
        )
    return sentence + (f"; {ASSUMED}" if row["is_time_assumed"] else "")
