"""The largest values of each row, with a total order: value, then column."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats, Longs, position_in_group


class Entries(NamedTuple):
    """Chosen entries of a matrix, by row and rank (from 0)."""

    row: Longs
    column: Longs
    value: Floats
    rank: Longs


def top_k_rows(values: Floats, k: int) -> Entries:
    """Choose the `k` largest positive entries of each row of a dense block;
    equal values go to the lower column.
    """
    row, column = np.nonzero((values > 0) & (values >= _thresholds(values, k)[:, None]))
    value = values[row, column]
    order, rank = _by_rank(row, column, value, k, n_rows=len(values))
    return Entries(row[order], column[order], value[order], rank)


def top_k_entries(
    row: npt.NDArray[np.integer],
    column: npt.NDArray[np.integer],
    value: Floats,
    *,
    shape: tuple[int, int],
    k: int,
) -> tuple[Longs, Longs]:
    """Choose the `k` largest of positive entries in each row;
    return their positions, by row and rank, and their ranks (from 0).
    """
    dense = np.zeros(shape)
    dense[row, column] = value
    near = np.flatnonzero(value >= _thresholds(dense, k)[row])
    order, rank = _by_rank(row[near], column[near], value[near], k, n_rows=shape[0])
    return near[order], rank


def _thresholds(values: Floats, k: int) -> Floats:
    """Return the k-th largest value of each row; with fewer columns nothing is cut."""
    n_columns = values.shape[1]
    return (
        np.partition(values, n_columns - k, axis=1)[:, n_columns - k]
        if k < n_columns
        else np.zeros(len(values))
    )


def _by_rank(
    row: npt.NDArray[np.integer],
    column: npt.NDArray[np.integer],
    value: Floats,
    k: int,
    *,
    n_rows: int,
) -> tuple[Longs, Longs]:
    order = np.lexsort((column, -value, row))
    rank = position_in_group(row[order], n_groups=n_rows)
    return order[rank < k], rank[rank < k]
