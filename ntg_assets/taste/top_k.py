"""The largest values of each row, with a total order: value, then column."""

from typing import NamedTuple

import numpy as np

from ntg_assets.taste.interactions import Floats, Longs, position_in_group


class Entries(NamedTuple):
    """Chosen entries of a matrix, by row and rank (from 0)."""

    row: Longs
    column: Longs
    value: Floats
    rank: Longs


def top_k_rows(values: Floats, k: int) -> Entries:
    """Choose the `k` largest positive entries of each row of a dense block; equal values go to the lower column."""
    n_columns = values.shape[1]
    keep = values > 0
    if k < n_columns:
        keep &= values >= np.partition(values, n_columns - k, axis=1)[:, n_columns - k, None]
    row, column = np.nonzero(keep)
    value = values[row, column]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    rank = position_in_group(row, n_groups=values.shape[0])
    kept = rank < k
    return Entries(row[kept], column[kept], value[kept], rank[kept])
