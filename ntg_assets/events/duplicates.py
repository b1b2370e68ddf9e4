"""Rows that occur more than once: found by their hashes, decided by their values.

25 million 8-byte hashes are sorted in about a second and 200 MB, where grouping the rows themselves takes 11 s and 2 GB;
a log without repeated rows, the usual one, then needs nothing else.
"""

import duckdb
import numpy as np
import polars as pl

from ntg_assets.events.typed_rows import Plan, over_typed_rows
from ntg_assets.sql import bound, run

HASHES_AT_ONCE = 1_000_000


def repeated_hashes(connection: duckdb.DuckDBPyConnection, plan: Plan, *, n_valid: int) -> pl.DataFrame:
    """Hashes that more than one usable row has.

    Args:
        connection: Sandboxed, may read the files.
        plan: Files and rules of the events.
        n_valid: Usable rows, as counted before.

    Returns:
        One column, row_hash, ascending. Rows with different hashes differ; rows with the same hash may be equal.
    """
    hashes = _row_hashes(connection, plan, n_valid)
    hashes.sort()
    return pl.DataFrame({"row_hash": np.unique(hashes[1:][hashes[1:] == hashes[:-1]])}, schema={"row_hash": pl.UInt64})


def no_hashes() -> pl.DataFrame:
    """What `repeated_hashes` gives for a log without repeated rows."""
    return pl.DataFrame(schema={"row_hash": pl.UInt64})


def count_duplicates(connection: duckdb.DuckDBPyConnection, plan: Plan, repeated: pl.DataFrame) -> dict[int, int]:
    """Rows of each file that an equal row stands for already, by file number (files without any are left out)."""
    if repeated.is_empty():
        return {}
    counted = run(over_typed_rows(plan, "duplicate_counts", {"repeated_hashes": repeated}), connection)
    return dict(counted.select("load_file", "n_duplicates").iter_rows())


def _row_hashes(connection: duckdb.DuckDBPyConnection, plan: Plan, n_valid: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    hashes = np.empty(n_valid, dtype=np.uint64)
    wanted, n_read = over_typed_rows(plan, "row_hashes"), 0
    with bound(connection, wanted):
        for batch in connection.sql(wanted.text, params=dict(wanted.parameters)).to_arrow_reader(HASHES_AT_ONCE):
            found = batch.column(0)
            hashes[n_read : n_read + len(found)] = found.to_numpy()
            n_read += len(found)
    return hashes[:n_read]
