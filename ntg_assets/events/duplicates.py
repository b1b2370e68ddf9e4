"""Rows that occur more than once: found by their hashes, decided by their values.

25 million 8-byte hashes are read and sorted in about a second and 200 MB, where grouping the rows
themselves takes 11 s and 2 GB; a log without repeated rows, the usual one, then needs nothing else.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ntg_assets.sources.typed_rows import Plan, over_typed_rows
from ntg_assets.sql import Query
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import bound, run

HASHES_AT_ONCE = 1_000_000
# above this share of rows one grouping of everything is quicker than two readings and a small
# grouping
MANY_REPEATED = 0.02


def repeated_hashes(connection: Connection, plan: Plan, *, n_valid: int) -> pl.DataFrame:
    """Hashes that more than one usable row has.

    Args:
        connection: Sandboxed, may read the files.
        plan: Files and rules of the events.
        n_valid: Usable rows, as counted before.

    Returns:
        One column, row_hash, ascending. Rows with different hashes differ; rows with the same hash
        may be equal.
    """
    hashes = _row_hashes(connection, plan, n_valid)
    hashes.sort()
    repeated = hashes[1:][hashes[1:] == hashes[:-1]]
    is_first = np.ones(repeated.size, dtype=bool)
    # np.unique of numpy 2.4 hashes: 64 s for 12.5 million where this takes 0.1 s
    is_first[1:] = repeated[1:] != repeated[:-1]
    return pl.DataFrame({"row_hash": repeated[is_first]}, schema={"row_hash": pl.UInt64})


def no_hashes() -> pl.DataFrame:
    """What `repeated_hashes` gives for a log without repeated rows."""
    return pl.DataFrame(schema={"row_hash": pl.UInt64})


def accepted_events(
    plan: Plan, *, weights: Mapping[str, float], repeated: pl.DataFrame, n_valid: int
) -> Query:
    """Query that reads the files and yields the accepted events.

    Args:
        plan: Files and rules of the events.
        weights: Strength of event types; types not named weigh 1.
        repeated: See `repeated_hashes`; empty when every usable row counts.
        n_valid: Usable rows.
    """
    schema = {"event_type": pl.String, "weight": pl.Float64}
    tables = {"event_weights": pl.DataFrame(list(weights.items()), schema=schema, orient="row")}
    if repeated.is_empty():
        return over_typed_rows(plan, "events", tables)
    if repeated.height > MANY_REPEATED * n_valid:
        return over_typed_rows(plan, "grouped_events", tables)
    return over_typed_rows(plan, "distinct_events", {**tables, "repeated_hashes": repeated})


def count_kept(connection: Connection, events: Query) -> dict[int, int]:
    """Rows of each file among the accepted events, by file number
    (files without any are left out).
    """
    text = f"select load_file, count(*) as n_kept from ({events.text}) group by load_file"  # noqa: S608  # our own text, values are bound
    return dict(run(Query(text, events.tables, events.parameters), connection).iter_rows())


def _row_hashes(
    connection: Connection, plan: Plan, n_valid: int
) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    hashes = np.empty(n_valid, dtype=np.uint64)
    wanted, n_read = over_typed_rows(plan, "row_hashes"), 0
    with bound(connection, wanted):
        for batch in connection.sql(wanted.text, params=dict(wanted.parameters)).to_arrow_reader(
            HASHES_AT_ONCE
        ):
            found = batch.column(0).drop_null()
            hashes[n_read : n_read + len(found)] = found.to_numpy()
            n_read += len(found)
    return hashes[:n_read]
