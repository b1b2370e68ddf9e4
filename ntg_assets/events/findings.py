"""What there is to say of a log and an item table that were read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.events.item_suspicions import (
    describe_category_lists,
    describe_odd_categories,
    describe_unknown_items,
)
from ntg_assets.events.load import Survey
from ntg_assets.events.load_history import Extent
from ntg_assets.events.suspicions import (
    about_ids,
    describe_alike_ids,
    describe_changed_ids,
    describe_contradictions,
    describe_folded,
    describe_largest_user,
    describe_null_words,
    find_alike_ids,
    words_for_none,
)
from ntg_assets.sources.sniffing.epochs import other_epoch
from ntg_assets.sql import query
from ntg_assets.storage.run import run

SHOWN_REASONS, SHOWN_CHARACTERS = 12, 80
TRAIN_SHARE, WINDOWS = 0.8, 3  # of the log; horizons that TRAIN should hold


class Finding(NamedTuple):
    """One thing to say of a source."""

    kind: Literal["good", "warning", "bad"]
    what: str
    sentence: str


def days_of(extent: Extent) -> int:
    """Days that a log spans."""
    if extent.first_at is None or extent.last_at is None:
        return 0
    return (extent.last_at - extent.first_at).days + 1


def fitting_horizon(n_days: int, *, configured: int) -> int:
    """Days of a churn horizon of which several windows close inside TRAIN: the configured ones, or
    fewer for a log that is too short for them.
    """
    return configured if WINDOWS * configured <= TRAIN_SHARE * n_days else max(1, n_days // 10)


def counts_of_files(surveyed: Survey) -> Iterator[Finding]:
    """What became of the records of each file, and what is to be noted of files."""
    for row in surveyed.load_ledger.iter_rows(named=True):
        counts = ", ".join(
            f"{row[f'n_{name}']:,} {name}"
            for name in ("accepted", "quarantined", "skipped", "duplicates", "replaced")
            if row[f"n_{name}"] or name == "accepted"
        )
        because = f" (skipped: {row['skipped_because']})" if row["skipped_because"] else ""
        sentence = f"{row['n_rows']:,} records: {counts}{because}"
        yield Finding("good", f"{row['source']} {row['file_name']}", sentence)
    for note in (*surveyed.misnamed, *surveyed.notes):
        yield Finding("warning", "files", note)


def length_of_log(extent: Extent, horizon_days: int) -> Finding:
    """Whether the log is long enough for the churn horizon."""
    n_days = days_of(extent)
    sentence = f"{extent.n_users:,} users in {n_days:,} days"
    if horizon_days <= TRAIN_SHARE * n_days:
        return Finding("good", "log", sentence)
    fitting = fitting_horizon(n_days, configured=horizon_days)
    advice = (
        f"Set for example churn.horizon_days: {fitting}."
        if fitting < horizon_days
        else f"Deliver a log of {ceil(1 / TRAIN_SHARE)} days at least."
    )
    return Finding(
        "bad",
        "log",
        f"{sentence}, too short for churn.horizon_days: {horizon_days}: no window would have closed"
        f" inside TRAIN. {advice}",
    )


def old_end(surveyed: Survey, ingest: IngestSettings) -> Iterator[Finding]:
    """Whether a log of numbers ends years before its files were written, and in their time in
    another reading.
    """
    unit, last_at = ingest.events.timestamp_unit, surveyed.extent.last_at
    if last_at is None:
        return
    of_log = set(surveyed.load_ledger.filter(source="events")["file_name"])
    changed_ns = max(file.changed_ns for file in surveyed.files if file.name in of_log)
    written_at = datetime.fromtimestamp(changed_ns / 1e9, UTC).replace(tzinfo=None)
    other = other_epoch(unit, last_at=last_at, written_at=written_at)
    if other is None:
        return
    later = last_at + timedelta(seconds=other.later_seconds)
    yield Finding(
        "warning",
        "log",
        f"ends on {last_at:%Y-%m-%d}, {(written_at - last_at).days // 365} years before its files"
        f" were written: do its times count {other.unit} (then it ends on {later:%Y-%m-%d}), not"
        f" {unit}? Set `timestamp_unit`.",
    )


def reasons_for_quarantine(surveyed: Survey) -> Iterator[Finding]:
    """Reasons by column, each with its count and an example."""
    grouped = (
        surveyed.quarantine.group_by("source", "column_name", "reason", maintain_order=True)
        .agg(pl.len().alias("n"), pl.col("file_name", "line", "raw_text").first())
        .sort("n", descending=True)
    )
    for row in grouped.head(SHOWN_REASONS).iter_rows(named=True):
        yield Finding(
            "warning",
            f"{row['source']}: {row['column_name']}",
            f"{row['reason']} in {row['n']:,} record(s), first {row['file_name']} line"
            f" {row['line']}: {row['raw_text'][:SHOWN_CHARACTERS]!r}",
        )


def doubts(surveyed: Survey, ingest: IngestSettings, events: pl.DataFrame) -> Iterator[Finding]:
    """What is read without a word and probably not meant."""
    names = {file.number: file.name for file in surveyed.files}
    tables = {"events": events}

    def rows(name: str, **further: pl.DataFrame) -> Iterator[dict[str, Any]]:
        return run(about_ids(name, ingest.events, **tables, **further)).iter_rows(named=True)

    alike = find_alike_ids(run, ingest.events, events)
    largest = run(query("events", "largest_user", tables)).iter_rows(named=True)
    sentences = [
        describe_changed_ids(rows("id_kinds"), names),
        *map(describe_largest_user, largest),
        describe_contradictions(surveyed.n_contradictions),
        describe_folded(surveyed.n_folded, ingest.events.timezone),
        describe_null_words(rows("null_words", words_for_none=words_for_none())),
        describe_alike_ids(alike.iter_rows(named=True)),
    ]
    yield from (Finding("warning", "events", entry) for entry in sentences if entry)
    if ingest.items:
        about_items = _doubts_of_items(surveyed, events)
        yield from (Finding("warning", "items", entry) for entry in about_items if entry)


def _doubts_of_items(surveyed: Survey, events: pl.DataFrame) -> Iterator[str]:
    """How the item table meets the log, and how its categories are written."""
    tables = {"events": events, "items": surveyed.items.items}
    counts = run(query("events", "unknown_items", tables)).row(0, named=True)
    yield describe_unknown_items(counts, run(query("events", "unknown_item_ids", tables)))
    categories = surveyed.items.item_categories
    lists = run(query("events", "category_lists", {"item_categories": categories}))
    yield describe_category_lists(lists.row(0, named=True))
    yield describe_odd_categories(categories["category"])
