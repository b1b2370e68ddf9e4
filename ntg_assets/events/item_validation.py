"""Judge every row of the item table, and make its tables from the usable ones;
refuse it when too many are not.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from ntg_assets.configuration.inputs.events import IdType, ItemSourceSettings
from ntg_assets.events.items import ItemRows, ItemTables, read_items, shape_items
from ntg_assets.sources.accounting.bad_rows import with_rejects
from ntg_assets.sources.accounting.quarantine import BadRow, place_rows, quarantine_table
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_rows
from ntg_assets.sources.accounting.threshold import find_breach, raise_too_many
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.event_rules import item_rules
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.sources import ValidatedSource, count_skips, make_plan, raise_if_no_rows
from ntg_assets.storage.connection import Connection

ITEMS = "items"
ITEM_COLUMNS = ("item_id", "title", "categories")


def describe_items(source: ItemSourceSettings) -> Described:
    """The item table as the configuration describes it."""
    return Described.of("ingest.items", source, ITEM_COLUMNS)


def validate_items(
    connection: Connection,
    source: ItemSourceSettings,
    files: Sequence[SourceFile],
    *,
    id_type: IdType,
    max_bad_share: float,
) -> tuple[ValidatedSource, ItemTables]:
    """Judge the rows of the item table, and make the tables from the usable ones.

    Args:
        connection: Sandboxed, new, may read the files.
        source: The item table and its rules.
        files: Its files.
        id_type: Of items, as the log has them.
        max_bad_share: Share of rows (0-1) that may be unusable.
    """
    plan = make_plan(connection, files, describe_items(source), item_rules(source, id_type))
    read = count_rows(connection, plan)
    raise_if_no_rows(read, files)
    rows = read_items(connection, plan, read)
    counts = {
        number: file.with_invalid(_count(rows.invalid, number)) for number, file in read.items()
    }
    placed = _place_items(plan, rows, counts, max_bad_share=max_bad_share)
    judged = ValidatedSource(
        ITEMS,
        plan,
        tuple(files),
        counts,
        {number: _count(rows.duplicates, number) for number in counts},
        quarantine_table(placed, files, source=ITEMS),
        skips=count_skips(connection, plan, counts),
    )
    return judged, shape_items(rows.usable, source)


def _place_items(
    plan: Plan, rows: ItemRows, counts: Mapping[int, FileCounts], *, max_bad_share: float
) -> list[BadRow]:
    """Bad rows of the item table with their lines; refuses a table with too many of them."""
    rejects = {number: file.rejects for number, file in counts.items()}
    placed = place_rows(plan, rows.invalid, rejects)
    if breach := find_breach(counts, plan.files, source=ITEMS, max_bad_share=max_bad_share):
        raise_too_many(
            breach,
            reasons=with_rejects(_item_reasons(rows), plan, counts, breach.files),
            examples=placed,
            files=plan.files,
        )
    return placed


def _item_reasons(rows: ItemRows) -> pl.DataFrame:
    return (
        rows.invalid.group_by("column_name", "reason")
        .agg(pl.len().alias("n_rows"))
        .sort("n_rows", "reason", descending=[True, False])
    )


def _count(rows: pl.DataFrame, number: int) -> int:
    return rows.filter(pl.col("load_file") == number).height
