"""The strongest neighbours of each item from exact integer counts: one definition,
two engines with the same bits.

Small inputs take scipy blocks; large ones a compiled kernel, whose compilation (once, then cached
on disk) would cost a small input more than its work.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from ntg_assets.arrays import Longs
from ntg_assets.interactions.top_k import top_k_entries
from ntg_assets.taste.edges import Neighbours, UserItems, cosines, no_neighbours

# count updates; scipy needs 3 s for these, and a run builds some six graphs: as much as compiling
# once
COMPILED_FROM = 100_000_000
BLOCK_ENTRIES = 2_000_000  # entries of a dense block: 16 MB of float64


def top_neighbours(
    matrix: UserItems, *, k: int, min_shared: int, shrinkage: float, compiled: bool | None = None
) -> Neighbours:
    """Find the `k` most similar items of each item.

    Args:
        matrix: Who had what.
        k: Most neighbours per item.
        min_shared: Fewest shared users of an edge, applied before the cut to `k`.
        shrinkage: Pull of little evidence towards 0: cosine * n / (n + shrinkage).
        compiled: Which engine; none: by the amount of work. Both give the same bits.

    Returns:
        Edges by item and falling similarity; equal ones go to the item with more support, then to
        the lower id.

    Source: Sarwar et al. 2001 (item-based cosine); Koren 2008 (shrinkage by n / (n + lambda)).
    """
    if compiled is None:
        compiled = matrix.n_updates >= COMPILED_FROM
    if compiled:
        from ntg_assets.taste.neighbours_kernel import (  # noqa: PLC0415  # a small input never pays for numba
            compiled_neighbours,
        )

        return compiled_neighbours(matrix, k=k, min_shared=min_shared, shrinkage=shrinkage)
    by_user = sp.csr_array(
        (np.ones(len(matrix.items), np.int32), matrix.items, matrix.start.astype(np.int32)),
        shape=(len(matrix.start) - 1, matrix.n_items),
    )
    by_item = by_user.T.tocsr()
    at_once = rows_at_once(matrix.n_items)
    shared = (
        (first, by_item[first : first + at_once] @ by_user)
        for first in range(0, matrix.n_items, at_once)
    )
    blocks = (CountBlock(first, counts, counts) for first, counts in shared)
    return choose_neighbours(
        blocks, support=matrix.support, k=k, min_shared=min_shared, shrinkage=shrinkage
    )


class CountBlock(NamedTuple):
    """Counts of some consecutive items against all: users behind each edge,
    and its strength (the same for co-occurrence).
    """

    first: int
    shared: sp.csr_array
    strength: sp.csr_array


def rows_at_once(n_columns: int) -> int:
    """Rows of a dense block that stays within `BLOCK_ENTRIES`."""
    return max(BLOCK_ENTRIES // max(n_columns, 1), 1)


def choose_neighbours(
    blocks: Iterable[CountBlock], *, support: Longs, k: int, min_shared: int, shrinkage: float
) -> Neighbours:
    """Cut blocks of counts to the `k` best edges of each item; arguments as in `top_neighbours`."""
    parts = [
        _choose(block, support=support, k=k, min_shared=min_shared, shrinkage=shrinkage)
        for block in blocks
    ]
    if not parts:
        return no_neighbours()
    columns = zip(*(edges for edges, _, _ in parts), strict=True)
    item, neighbour, rank, shared, cosine, similarity = (
        np.concatenate(values) for values in columns
    )
    n_found, n_supported = (
        sum(found for _, found, _ in parts),
        sum(supported for _, _, supported in parts),
    )
    return Neighbours(item, neighbour, rank, shared, cosine, similarity, n_found, n_supported)


def _choose(
    block: CountBlock, *, support: Longs, k: int, min_shared: int, shrinkage: float
) -> tuple[tuple[Any, ...], int, int]:
    start = np.repeat(
        np.arange(block.shared.shape[0], dtype=np.int32), np.diff(block.shared.indptr)
    )
    is_edge = block.shared.indices != start + np.int32(block.first)
    kept = np.flatnonzero(is_edge & (block.shared.data >= min_shared))
    row, column = start[kept].astype(np.int64), block.shared.indices[kept].astype(np.int64)
    shared, strength = block.shared.data[kept].astype(np.int64), block.strength.data[kept]
    cosine = cosines(strength, row + block.first, column, support)
    similarity = cosine * (shared / (shared + shrinkage))
    best, rank = top_k_entries(row, column, similarity, shape=block.shared.shape, k=k)
    edges = (
        row[best] + block.first,
        column[best],
        rank,
        shared[best],
        cosine[best],
        similarity[best],
    )
    return edges, int(is_edge.sum()), len(kept)
