"""Judge every row of a source: how many are usable, which are not and why;
refuse the source when too many are not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from ntg_assets.configuration.events import IdType, IngestSettings, ItemSourceSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.dated_events import dated_events
from ntg_assets.events.duplicates import accepted_events, count_kept, no_hashes, repeated_hashes
from ntg_assets.events.items import ItemRows, ItemTables, read_items, shape_items
from ntg_assets.local_days import require_zone
from ntg_assets.sources.files import SourceFile
from ntg_assets.sources.quarantine import place_rows, quarantine_table
from ntg_assets.sources.reconciliation import FileCounts, count_events, count_rows
from ntg_assets.sources.rules import event_rules, item_rules
from ntg_assets.sources.sources import JudgedSource, lay_out, refuse_no_rows
from ntg_assets.sources.threshold import SHOWN_EXAMPLES, find_breach, refuse
from ntg_assets.sources.typed_rows import Plan, over_typed_rows
from ntg_assets.sql import Query
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

EVENTS, ITEMS = "events", "items"
EVENT_COLUMNS = ("user_id", "item_id", "event_at", "value", "event_type")
ITEM_COLUMNS = ("item_id", "title", "categories")
INVALID_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "load_file": pl.Int64,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "raw_fields": pl.List(pl.String),
}


def judge_events(
    connection: Connection,
    ingest: IngestSettings,
    files: Sequence[SourceFile],
    *,
    items: pl.DataFrame,
    now: datetime | None,
) -> tuple[JudgedSource, Query]:
    """Judge the rows of the log.

    Args:
        connection: Sandboxed, new, may read the files.
        ingest: The rules.
        files: Files of the log.
        items: Table `items`, for `unknown_items: quarantine`.
        now: See `survey`.

    Returns:
        The judged source, and the query that yields the accepted events.
    """
    layouts = lay_out(connection, files, ingest.events, name=EVENTS, columns=EVENT_COLUMNS)
    refuse_unknown_zone(connection, ingest.events.timezone, key="ingest.events.timezone")
    require_zone(
        ingest.zone,
        key="ingest.service_timezone" if ingest.service_timezone else "ingest.events.timezone",
    )
    rules, parameters = event_rules(ingest, now=now)
    known = (
        {"known_items": items.select("item_id")}
        if ingest.unknown_items == "quarantine" and ingest.items
        else {}
    )
    plan = Plan(layouts, rules, parameters, known)
    counts, span = count_events(connection, plan)
    refuse_no_rows(counts, files)
    quarantine = _quarantine_events(connection, plan, counts, max_bad_share=ingest.max_bad_share)
    n_valid = sum(file.n_valid for file in counts.values())
    repeated = (
        repeated_hashes(connection, plan, n_valid=n_valid)
        if ingest.duplicates == "drop"
        else no_hashes()
    )
    events = accepted_events(
        plan, weights=ingest.events.weights, repeated=repeated, n_valid=n_valid
    )
    kept = {} if repeated.is_empty() else count_kept(connection, events)
    duplicates = (
        {number: file.n_valid - kept.get(number, 0) for number, file in counts.items()}
        if kept
        else {}
    )
    dated = dated_events(
        events, zone=ingest.zone, first_at=parameters["earliest"], last_at=parameters.get("latest")
    )
    return JudgedSource(EVENTS, plan, tuple(files), counts, duplicates, quarantine, span), dated


def judge_items(
    connection: Connection,
    source: ItemSourceSettings,
    files: Sequence[SourceFile],
    *,
    id_type: IdType,
    max_bad_share: float,
) -> tuple[JudgedSource, ItemTables]:
    """Judge the rows of the item table, and make the tables from the usable ones."""
    layouts = lay_out(connection, files, source, name=ITEMS, columns=ITEM_COLUMNS)
    plan = Plan(layouts, item_rules(source, id_type))
    read = count_rows(connection, plan)
    refuse_no_rows(read, files)
    rows = read_items(connection, plan)
    counts = {
        number: file.with_invalid(_count(rows.invalid, number)) for number, file in read.items()
    }
    placed = place_rows(
        plan, rows.invalid, {number: file.rejects for number, file in counts.items()}
    )
    if breach := find_breach(counts, plan.files, source=ITEMS, max_bad_share=max_bad_share):
        refuse(
            breach,
            reasons=_with_rejects(_item_reasons(rows), plan, counts, breach.files),
            examples=placed,
            files=files,
        )
    duplicates = {number: _count(rows.duplicates, number) for number in counts}
    judged = JudgedSource(
        ITEMS, plan, tuple(files), counts, duplicates, quarantine_table(placed, files, source=ITEMS)
    )
    return judged, shape_items(rows.usable, source)


def refuse_too_many(
    connection: Connection,
    plan: Plan,
    counts: Mapping[int, FileCounts],
    *,
    source: str,
    max_bad_share: float,
) -> None:
    """Raise when a source as a whole, or one of its files, has too many bad rows
    (see `find_breach`).
    """
    breach = find_breach(counts, plan.files, source=source, max_bad_share=max_bad_share)
    if breach is None:
        return
    judged = plan.only(breach.files)
    invalid = _invalid_rows(connection, judged, counts, max_rows=SHOWN_EXAMPLES)
    placed = place_rows(judged, invalid, {number: file.rejects for number, file in counts.items()})
    refuse(
        breach, reasons=bad_reasons(connection, judged, counts), examples=placed, files=plan.files
    )


def bad_reasons(
    connection: Connection, plan: Plan, counts: Mapping[int, FileCounts]
) -> pl.DataFrame:
    """Count the bad rows of a plan's files by column (as the source calls it) and reason,
    lines that are no rows included.
    """
    reasons = run(over_typed_rows(plan, "bad_reasons"), connection)
    return _with_rejects(reasons, plan, counts, [file.number for file in plan.files])


def _quarantine_events(
    connection: Connection, plan: Plan, counts: Mapping[int, FileCounts], *, max_bad_share: float
) -> pl.DataFrame:
    n_bad = sum(file.n_bad for file in counts.values())
    if not n_bad:
        return quarantine_table([], plan.files, source=EVENTS)
    refuse_too_many(connection, plan, counts, source=EVENTS, max_bad_share=max_bad_share)
    invalid = _invalid_rows(connection, plan, counts, max_rows=n_bad)
    placed = place_rows(plan, invalid, {number: file.rejects for number, file in counts.items()})
    return quarantine_table(placed, plan.files, source=EVENTS)


def _invalid_rows(
    connection: Connection, plan: Plan, counts: Mapping[int, FileCounts], *, max_rows: int
) -> pl.DataFrame:
    """Rows that break a rule; CSV files one by one,
    since only then the place of a row in its file is known.
    """
    affected = [file for file in plan.files if counts[file.number].n_invalid]
    parts = [plan.only([file.number]) for file in affected if file.format == "csv"]
    parts += [plan.only([file.number for file in affected if file.format == "parquet"])]
    found = [
        run(over_typed_rows(part, "bad_rows", numbered=True, max_rows=max_rows), connection)
        for part in parts
        if part.layouts
    ]
    return pl.concat([pl.DataFrame(schema=INVALID_SCHEMA), *found])


def _item_reasons(rows: ItemRows) -> pl.DataFrame:
    return (
        rows.invalid.group_by("column_name", "reason")
        .agg(pl.len().alias("n_rows"))
        .sort("n_rows", "reason", descending=[True, False])
    )


def _count(rows: pl.DataFrame, number: int) -> int:
    return rows.filter(pl.col("load_file") == number).height


def _with_rejects(
    reasons: pl.DataFrame, plan: Plan, counts: Mapping[int, FileCounts], files: Sequence[int]
) -> pl.DataFrame:
    """Reasons under the column names of the source, and those of the lines that are no rows."""
    named = reasons.select(
        pl.col("column_name").replace_strict(plan.raw_columns),
        "reason",
        pl.col("n_rows").cast(pl.Int64),
    )
    kinds = [reject.reason for number in files for reject in counts[number].rejects]
    told = pl.DataFrame(
        {"column_name": "line", "reason": kinds},
        schema={"column_name": pl.String, "reason": pl.String},
    )
    counted = told.group_by("column_name", "reason", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n_rows")
    )
    return pl.concat([named, counted])


def refuse_unknown_zone(connection: Connection, zone: str, *, key: str) -> None:
    """Raise when a configured time zone is none."""
    known = connection.execute(
        "select count(*) from pg_timezone_names() where name = $zone", {"zone": zone}
    ).fetchall()[0][0]
    if not known:
        raise SourceError(
            f"{key}: {zone!r} is no IANA time zone. Give a name such as 'Europe/Paris' or 'UTC'."
        )
