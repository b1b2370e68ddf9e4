"""Deduplication: rows that occur more than once, found by their hashes, decided by their values.

25 million 8-byte hashes are read and sorted in about a second and 200 MB, where grouping the rows
themselves takes 11 s and 2 GB; a log without repeated rows, the usual one, then needs nothing else.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.configuration.inputs.events import IngestSettings
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import KEY_BITS, VALUE_BITS, over_typed_rows
from ntg_assets.sql import Query
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, run

HASHES_AT_ONCE = 1_000_000
# above this share of rows one grouping of everything is quicker than two readings and a small
# grouping
MANY_REPEATED = 0.02


class Fates(NamedTuple):
    """What became of the usable rows of a log.

    Attributes:
        events: Query that reads the files and yields the accepted events.
        duplicates: Rows that an accepted row stands for, by file number.
        replaced: Rows that a later row with the same `event_id` has replaced, by file number.
        n_contradictions: Rows that are equal to another accepted one in all but the value.
    """

    events: Query
    duplicates: Mapping[int, int]
    replaced: Mapping[int, int]
    n_contradictions: int = 0


class Repeats(NamedTuple):
    """Hashes of usable rows: those that several rows have, and (by their first bits) those of rows
    that differ in the value only; ascending. They find candidates, and decide nothing.
    """

    hashes: pl.DataFrame
    keys: pl.DataFrame


def resolve_repeats(
    connection: Connection,
    plan: Plan,
    ingest: IngestSettings,
    *,
    counts: Mapping[int, FileCounts],
    n_valid: int,
) -> Fates:
    """Find the rows of a log that occur more than once, and say which count.

    Args:
        connection: Sandboxed, may read the files.
        plan: Files and rules of the events.
        ingest: Whether repeated rows count once, and what tells events apart.
        counts: Usable rows by file number.
        n_valid: Usable rows.
    """
    weights = {"event_weights": weights_table(ingest.events.weights)}
    if ingest.events.event_id is not None:
        return _resolve_keyed(connection, plan, weights)
    if ingest.duplicates == "keep":
        return Fates(over_typed_rows(plan, "events", weights), {}, {})
    result = repeated_hashes(connection, plan, n_valid=n_valid)
    events = _distinct_events(plan, weights, repeated=result.hashes, n_valid=n_valid)
    kept = {} if result.hashes.is_empty() else count_kept(connection, events)
    duplicates = rows_left(counts, kept)
    contradictions = 0
    if not result.keys.is_empty():
        wanted = over_typed_rows(plan, "contradictions", {"repeated_keys": result.keys})
        contradictions = run(wanted, connection).item()
    return Fates(events, duplicates if kept else {}, {}, int(contradictions or 0))


def _resolve_keyed(
    connection: Connection, plan: Plan, weights: Mapping[str, pl.DataFrame]
) -> Fates:
    """Of rows with the same key the last one counts."""
    counted = run(over_typed_rows(plan, "keyed_fates"), connection)
    return keyed(over_typed_rows(plan, "keyed_events", weights), counted)


def keyed(events: Query, counted: pl.DataFrame) -> Fates:
    """Fates of rows of which a key tells the events apart.

    Args:
        events: The accepted events.
        counted: As `keyed_fates.sql` counts them.
    """
    return Fates(
        events,
        dict(counted.select("load_file", "n_duplicates").iter_rows()),
        dict(counted.select("load_file", "n_replaced").iter_rows()),
    )


def repeated_hashes(connection: Connection, plan: Plan, *, n_valid: int) -> Repeats:
    """Find hashes that more than one usable row has.

    Args:
        connection: Sandboxed, may read the files.
        plan: Files and rules of the events.
        n_valid: Usable rows, as counted before.
    """
    hashes = _row_hashes(connection, plan, n_valid)
    hashes.sort()
    # neighbours differ in the bits of the value alone, or in none
    places = np.flatnonzero((hashes[1:] ^ hashes[:-1]) <= VALUE_BITS)
    later, earlier = hashes[places + 1], hashes[places]
    repeated, differing = later[later == earlier], later[later != earlier]
    keys = differing & np.uint64(KEY_BITS)
    return Repeats(
        pl.DataFrame({"row_hash": _distinct(repeated)}, schema={"row_hash": pl.UInt64}),
        pl.DataFrame({"key_hash": _distinct(keys)}, schema={"key_hash": pl.UInt64}),
    )


def _distinct(
    ascending: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    # np.unique of numpy 2.4 hashes: 64 s for 12.5 million where this takes 0.1 s
    is_first = np.ones(ascending.size, dtype=bool)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return ascending[is_first]


def weights_table(weights: Mapping[str, float]) -> pl.DataFrame:
    """Strength of event types; types not named weigh 1."""
    schema = {"event_type": pl.String, "weight": pl.Float64}
    return pl.DataFrame(list(weights.items()), schema=schema, orient="row")


def _distinct_events(
    plan: Plan, weights: Mapping[str, pl.DataFrame], *, repeated: pl.DataFrame, n_valid: int
) -> Query:
    """Query that yields the accepted events, equal rows once."""
    if repeated.is_empty():
        return over_typed_rows(plan, "events", weights)
    if repeated.height > MANY_REPEATED * n_valid:
        return over_typed_rows(plan, "grouped_events", weights)
    tables = {**weights, "repeated_hashes": repeated}
    return over_typed_rows(plan, "distinct_events", tables)


def rows_left(counts: Mapping[int, FileCounts], kept: Mapping[int, int]) -> dict[int, int]:
    """Usable rows of each file that an accepted row of another place stands for, by file number."""
    return {number: file.n_valid - kept.get(number, 0) for number, file in counts.items()}


def count_kept(connection: Connection, events: Query) -> dict[int, int]:
    """Rows of each file among the accepted events, by file number
    (files without any are left out).
    """
    return dict(run(rows_kept(events), connection).iter_rows())


def rows_kept(events: Query) -> Query:
    """Query that counts the rows of each file among the accepted events."""
    text = f"select load_file, count(*) as n_kept from ({events.text}) group by load_file"  # noqa: S608  # our own text, values are bound
    return Query(text, events.tables, events.parameters)


def _row_hashes(
    connection: Connection, plan: Plan, n_valid: int
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    hashes = np.empty(n_valid, dtype=np.uint64)
    wanted, n_read = over_typed_rows(plan, "row_hashes"), 0
    with bound(connection, wanted):
        for batch in connection.sql(wanted.text, params=dict(wanted.parameters)).to_arrow_reader(
            HASHES_AT_ONCE
        ):
            result = batch.column(0).drop_null()
            hashes[n_read : n_read + len(result)] = result.to_numpy()
            n_read += len(result)
    return hashes[:n_read]
