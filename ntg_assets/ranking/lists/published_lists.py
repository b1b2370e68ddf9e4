"""What lists on demand read of a published store, and histories in its form."""

from datetime import datetime

import polars as pl

from ntg_assets.arrays import code_of
from ntg_assets.configuration.ranking import DislikeSettings
from ntg_assets.interactions.dislikes import history_columns
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.sql import Query, Table, quote_identifier
from ntg_assets.storage.connection import (  # a library over a published store
    Connection,
    MissingTableError,
)
from ntg_assets.storage.run import run

# whose TRAIN is every known event before the cutoff, so the histories are those of the log
STAGE = "live"
EVENTS = Table("ingest", "events")
BEFORE = " where event_at < $cutoff_at"
OF_USER = " and user_id = $user_id"


def stored_regions(connection: Connection) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """Where users are and what is barred there; none in a store of before there were regions."""
    try:
        users = read_table(connection, Table(STAGE, "user_regions")).sort("user_id")
        return users, read_table(connection, Table(STAGE, "regional_exclusions"))
    except MissingTableError:
        return None, None


def stored_events(
    connection: Connection, *, dislikes: DislikeSettings, cutoff_at: datetime
) -> pl.DataFrame:
    """Read the events before the cutoff, with the columns that a history is made of."""
    text = columns_of(*history_columns(dislikes)) + BEFORE
    return read_table(connection, EVENTS, text, cutoff_at=cutoff_at)


def stored_history(
    connection: Connection,
    user_id: int | str | None,
    *,
    dislikes: DislikeSettings,
    cutoff_at: datetime,
) -> pl.DataFrame:
    """Read the events of one user; see `stored_events`."""
    text = columns_of(*history_columns(dislikes)) + BEFORE + OF_USER
    return read_table(connection, EVENTS, text, user_id=user_id, cutoff_at=cutoff_at)


def given_history(
    events: pl.DataFrame, user_id: int | str | None, cutoff_at: datetime
) -> pl.DataFrame:
    """Complete a history given by hand."""
    rows = events.with_columns(user_id=pl.lit("given" if user_id is None else user_id))
    if "event_at" in rows.columns:
        return rows
    seconds_ago = pl.len() - pl.int_range(pl.len())
    return rows.with_columns(
        event_at=pl.lit(cutoff_at).cast(pl.Datetime("us")) - pl.duration(seconds=seconds_ago)
    )


def history_of(log: Interactions, user_id: int | str | None) -> Interactions:
    """Return the rows of one user of a log; no users when it does not hold the user."""
    code = code_of(user_id, known=log.users)
    return log.block(0, 0) if code < 0 else log.block(code, code + 1)


def columns_of(*names: str) -> str:
    """Return the text that reads some columns of a stored table."""
    return f"select {', '.join(map(quote_identifier, names))} from stored"  # noqa: S608  # columns come from code


def read_table(
    connection: Connection, table: Table, text: str = "select * from stored", **parameters: object
) -> pl.DataFrame:
    """Read a table, or what a text asks of it under the name `stored`."""
    return run(Query(text, {"stored": table}, parameters), connection)
