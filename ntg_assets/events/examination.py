"""The log and the item table, judged without storing anything: what a load would say, and all of
why it would refuse.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.configuration.inputs.events import CLOCK_TOLERANCE, IngestSettings
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import NtgError
from ntg_assets.events.findings import (
    Finding,
    counts_of_files,
    doubts,
    length_of_log,
    old_end,
    reasons_for_quarantine,
)
from ntg_assets.events.load import survey
from ntg_assets.history.forgets import read_forgotten
from ntg_assets.sources.sources import Place, source_reader
from ntg_assets.storage.run import run


@dataclass
class LogIds:
    """Users and items of a log, once it was read; none: it could not be."""

    users: pl.Series | None = None
    items: pl.Series | None = None


def examine_sources(
    ingest: IngestSettings,
    *,
    paths: Paths,
    engine: EngineSettings,
    horizon_days: int,
    log_ids: LogIds | None = None,
) -> Iterator[Finding]:
    """Say what a load would make of the log and of the item table; nothing is written.

    Args:
        ingest: The sources and their rules.
        paths: Where the files lie.
        engine: Limits of the reader.
        horizon_days: Of churn.
        log_ids: Filled with the users and items of the log.
    """
    place = place_of_files(ingest, paths=paths, engine=engine)
    now = latest_now()
    try:
        result = survey(ingest, place=place, now=now)
    except NtgError as error:
        yield Finding("bad", "ingest", str(error))
        yield from _all_reasons(ingest, place=place, now=now)
        return
    yield from counts_of_files(result)
    yield from reasons_for_quarantine(result)
    yield length_of_log(result.extent, horizon_days)
    yield from old_end(result, ingest)
    with source_reader(place) as connection:
        events = run(result.events, connection).select("user_id", "item_id", "load_file")
    if log_ids is not None:
        log_ids.users, log_ids.items = events["user_id"].unique(), events["item_id"].unique()
    yield from doubts(result, ingest, events)


def latest_now() -> datetime:
    """Before which events lie: now, with the tolerance for clocks (naive UTC)."""
    return datetime.now(UTC).replace(tzinfo=None) + CLOCK_TOLERANCE


def place_of_files(ingest: IngestSettings, *, paths: Paths, engine: EngineSettings) -> Place:
    """Where files may lie; nothing is written to the workspace."""
    folders = (paths.workspace, *(Path(folder) for folder in ingest.source_folders))
    forgotten = read_forgotten(paths.data, id_type=ingest.events.user_id_type)
    return Place(paths.home, folders, engine, forgotten=forgotten)


def _all_reasons(ingest: IngestSettings, *, place: Place, now: datetime) -> Iterator[Finding]:
    """Every reason for which rows cannot be used, where there are too many of them."""
    lenient = ingest.model_copy(update={"max_bad_share": 1.0})
    try:
        result = survey(lenient, place=place, now=now)
    except NtgError:
        return  # the files themselves are refused, and that has been said
    yield from reasons_for_quarantine(result)
