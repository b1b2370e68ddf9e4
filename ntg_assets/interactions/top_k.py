"""The largest values of each row, with a total order: value, then column."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats, Longs, position_in_group, starts_of

SPARE = 4  # times the entries: rows of very different lengths would be padded to more than this
SPARSE = 4  # entries in less than every fourth cell: rows are shorter without their zeros


class Entries(NamedTuple):
    """Chosen entries of a matrix, by row and rank (from 0)."""

    row: Longs
    column: Longs
    value: Floats
    rank: Longs


def top_k_rows(values: Floats, k: int, *, digits: int | None = None) -> Entries:
    """Choose the `k` largest positive entries of each row of a dense block;
    equal values go to the lower column.

    Args:
        values: Rows x columns.
        k: Entries to choose in a row.
        digits: Decimals to which values are rounded before they are compared; None: they are not.
            Only what may be chosen is rounded: a larger value is never rounded to a smaller one.
    """
    least = _rounded(_thresholds(values, k), digits)
    least = np.maximum(least, np.nextafter(0.0, 1.0, dtype=values.dtype))
    near = least if digits is None else least - 10.0**-digits
    place = np.flatnonzero(values >= near[:, None])
    row, column = np.divmod(place, max(values.shape[1], 1))
    value = _rounded(values[row, column], digits)
    if digits is not None:
        kept = value >= least[row]
        row, column, value = row[kept], column[kept], value[kept]
    order, rank = _by_rank(row, value, k, n_rows=len(values))
    return Entries(row[order], column[order], value[order], rank)


def _rounded(values: Floats, digits: int | None) -> Floats:
    return values if digits is None else np.round(values, digits)


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

    Args:
        row: Row of each entry; entries of one row are together, rows ascend.
        column: Column of each entry.
        value: Value of each entry.
        shape: Rows and columns of the matrix.
        k: Entries to choose in a row.
    """
    if len(row) * SPARSE > shape[0] * shape[1]:
        dense = np.zeros(shape)
        dense[row, column] = value
        least = _thresholds(dense, k)
    else:
        least = _entry_thresholds(row, value, k, n_rows=shape[0])
    near = np.flatnonzero(value >= least[row])
    near = near[np.argsort(row[near].astype(np.int64) * shape[1] + column[near])]
    order, rank = _by_rank(row[near], value[near], k, n_rows=shape[0])
    return near[order], rank


def _thresholds(values: Floats, k: int) -> Floats:
    """Return the k-th largest value of each row; with fewer columns nothing is cut. Of a single
    row only the positive ones are looked at, which are few: zero says the same where there are
    fewer than `k`.
    """
    if len(values) == 1:
        values = values[:, values[0] > 0]
    n_columns = values.shape[1]
    if k >= n_columns:
        return np.zeros(len(values))
    return np.partition(values, n_columns - k, axis=1)[:, n_columns - k]


def _entry_thresholds(
    row: npt.NDArray[np.integer], value: Floats, k: int, *, n_rows: int
) -> Floats:
    """Return the k-th largest entry of each row that has more than `k`, 0 for all others.

    Only such rows are laid out, side by side: most rows of a graph have few entries.
    """
    start = starts_of(row, n_groups=n_rows)
    size = np.diff(start)
    is_cut = size > k
    least = np.zeros(n_rows)
    if is_cut.any():
        entry = np.flatnonzero(is_cut[row])
        beside = np.zeros((int(is_cut.sum()), int(size.max())))
        beside[(np.cumsum(is_cut) - 1)[row[entry]], entry - start[row[entry]]] = value[entry]
        least[is_cut] = _thresholds(beside, k)
    return least


def _by_rank(
    row: npt.NDArray[np.integer], value: Floats, k: int, *, n_rows: int
) -> tuple[Longs, Longs]:
    """Order entries, by row and column, by row and falling value: the first `k` of each row.

    Rows of about one length are sorted side by side, a third of the cost of one sort by all keys.
    """
    if n_rows == 1:
        order = np.argsort(-value, kind="stable")[:k]
        return order, np.arange(len(order))
    start = starts_of(row, n_groups=n_rows)
    size = np.diff(start)
    width = int(size.max(initial=0))
    if n_rows * width > SPARE * len(row):
        order = np.lexsort((-value, row))
        rank = position_in_group(row[order], n_groups=n_rows)
        return order[rank < k], rank[rank < k]
    beside = np.full((n_rows, width), np.inf)
    beside[row, np.arange(len(row)) - start[row]] = -value
    chosen = np.argsort(beside, axis=1, kind="stable")[:, :k]
    is_there = chosen < size[:, None]
    order = (start[:-1, None] + chosen)[is_there]
    return order, np.broadcast_to(np.arange(chosen.shape[1]), chosen.shape)[is_there]
