"""Judge every row of the log: how many are usable, which are not and why;
refuse the log when too many are not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.events.dated_events import dated_events
from ntg_assets.events.duplicates import resolve_repeats
from ntg_assets.history.forgets import Forgotten
from ntg_assets.sources.accounting.bad_rows import invalid_rows, raise_if_too_many
from ntg_assets.sources.accounting.quarantine import place_rows, quarantine_table
from ntg_assets.sources.accounting.reconciliation import FileCounts, count_events
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.event_rules import event_rules
from ntg_assets.sources.reading.forgotten import blank_forgotten
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import ValidatedSource, count_skips, make_plan, raise_if_no_rows
from ntg_assets.sql import Query
from ntg_assets.storage.connection import Connection
from ntg_assets.zones import require_zone

EVENTS = "events"
EVENT_COLUMNS = ("user_id", "item_id", "event_at", "value", "event_type", "event_id")


def validate_events(
    connection: Connection,
    ingest: IngestSettings,
    files: Sequence[SourceFile],
    *,
    items: pl.DataFrame,
    now: datetime | None,
    forgotten: Forgotten | None = None,
) -> tuple[ValidatedSource, Query]:
    """Judge the rows of the log.

    Args:
        connection: Sandboxed, new, may read the files.
        ingest: The rules.
        files: Files of the log.
        items: Table `items`, for `unknown_items: quarantine`.
        now: See `survey`.
        forgotten: Whose records are left out.

    Returns:
        The judged source, and the query that yields the accepted events.
    """
    plan = plan_of_events(connection, ingest, files, items=items, now=now, forgotten=forgotten)
    counts, span = count_events(connection, plan)
    raise_if_no_rows(counts, files)
    quarantine = _quarantine_events(
        connection, plan, counts, max_bad_share=ingest.max_bad_share, forgotten=forgotten
    )
    n_valid = sum(file.n_valid for file in counts.values())
    fates = resolve_repeats(connection, plan, ingest, counts=counts, n_valid=n_valid)
    judged = ValidatedSource(
        EVENTS,
        plan,
        tuple(files),
        counts,
        fates.duplicates,
        quarantine,
        span,
        fates.replaced,
        count_skips(connection, plan, counts),
        fates.n_contradictions,
    )
    return judged, with_days(fates.events, ingest, now=now)


def with_days(events: Query, ingest: IngestSettings, *, now: datetime | None) -> Query:
    """Date accepted events between the first and the last moment that their rules allow."""
    _, parameters = rules_of_events(ingest, now=now)
    return dated_events(
        events,
        zone=ingest.zone,
        first_at=parameters["earliest"],
        last_at=parameters.get("latest"),
    )


def rules_of_events(
    ingest: IngestSettings, *, now: datetime | None
) -> tuple[tuple[Rule, ...], Mapping[str, Any]]:
    """Rules of the log, and the values of their conditions; refuses a zone that is none."""
    require_zone(
        ingest.zone,
        key="ingest.service_timezone" if ingest.service_timezone else "ingest.events.timezone",
    )
    return event_rules(ingest, now=now)


def plan_of_events(
    connection: Connection,
    ingest: IngestSettings,
    files: Sequence[SourceFile],
    *,
    items: pl.DataFrame,
    now: datetime | None,
    forgotten: Forgotten | None = None,
) -> Plan:
    """Say how the log is read; the arguments are those of `validate_events`."""
    rules, parameters = rules_of_events(ingest, now=now)
    return make_plan(
        connection,
        files,
        describe_events(ingest),
        rules,
        parameters=parameters,
        tables={"known_items": items.select("item_id")} if are_items_asked(ingest) else {},
        forgotten=forgotten,
    )


def are_items_asked(ingest: IngestSettings) -> bool:
    """Whether an event of an item that the item table lacks is a bad row."""
    return ingest.unknown_items == "quarantine" and bool(ingest.items)


def describe_events(ingest: IngestSettings) -> Described:
    """The log as the configuration describes it."""
    return Described.of("ingest.events", ingest.events, EVENT_COLUMNS)


def _quarantine_events(
    connection: Connection,
    plan: Plan,
    counts: Mapping[int, FileCounts],
    *,
    max_bad_share: float,
    forgotten: Forgotten | None,
) -> pl.DataFrame:
    """Bad rows of the log, without what they say of who was forgotten; refuses too many of them."""
    n_bad = sum(file.n_bad for file in counts.values())
    if not n_bad:
        return quarantine_table([], plan.files, source=EVENTS)
    raise_if_too_many(connection, plan, counts, source=EVENTS, max_bad_share=max_bad_share)
    invalid = invalid_rows(connection, plan, counts, max_rows=n_bad)
    placed = place_rows(plan, invalid, {number: file.rejects for number, file in counts.items()})
    return blank_forgotten(quarantine_table(placed, plan.files, source=EVENTS), forgotten)
