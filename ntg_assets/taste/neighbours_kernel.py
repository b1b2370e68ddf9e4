"""Compiled loops behind `top_neighbours`; compiled once, then cached on disk.

Items are numbered by falling support, so that ties go to the better supported item by themselves,
and the busy head of the accumulator stays in the first-level cache. Co-occurrence is symmetric: an
item counts only the items before it and offers each edge to both ends, which halves the counting.
Every end keeps its `k` best under a total order, so neither the order of the offers nor the number
of workers can be seen in the result. Measured in `benchmarks/graph.py`.
"""

import numpy as np
from numba import njit, prange

from ntg_assets.arrays import Floats, Ints, Longs
from ntg_assets.interactions.prefetch import prefetch
from ntg_assets.interactions.workers import NARROW, WORKERS
from ntg_assets.taste.edge_heap import OPTIONS, offer, sort_heap
from ntg_assets.taste.edges import Neighbours, UserItems, cosines, no_neighbours

AHEAD = 4  # histories between asking for one and reading it
BLOCK = 32  # items that one vectorised test lets a row skip
PER_LINE = 32  # 2-byte item numbers of a cache line
# single precision decides what is skipped; this keeps it on the safe side
SLACK = np.float32(1.00001)


def compiled_neighbours(
    matrix: UserItems, *, k: int, min_shared: int, shrinkage: float, workers: int = WORKERS
) -> Neighbours:
    """Find the `k` most similar items of each item; see `top_neighbours`."""
    if matrix.n_items < 2:  # noqa: PLR2004  # an edge has two ends
        return no_neighbours()
    narrow = np.uint16 if matrix.n_items <= NARROW else np.uint32
    items = _ascending(matrix.start, matrix.items.astype(narrow))
    place, before = places_by_item(matrix.start, items, matrix.n_items)
    support = matrix.support
    most = min(k, matrix.n_items - 1)
    scores, ids, shared, *found = _co_occurrences(
        items, place, before, support, most, max(min_shared, 1), float(shrinkage), workers
    )
    return edges_of(scores, ids, shared, *found, support=support, strength=shared)


def compiled_gram(matrix: UserItems) -> Floats:
    """Count the users of each pair of items, as a dense matrix;
    the diagonal is the items' support.
    """
    items = _ascending(matrix.start, matrix.items)
    place, before = places_by_item(matrix.start, items, matrix.n_items)
    return _gram(items, place, before, matrix.support, WORKERS)


def edges_of(
    scores: Floats,
    ids: Ints,
    shared: Ints,
    size: Longs,
    n_found: int,
    n_supported: int,
    *,
    support: Longs,
    strength: Floats | Ints,
) -> Neighbours:
    """Lay the rows of the compiled loops out as edges."""
    item = np.repeat(np.arange(len(size), dtype=np.int64), size)
    rank = np.arange(len(item), dtype=np.int64) - np.repeat(np.cumsum(size) - size, size)
    neighbour, count = ids[item, rank].astype(np.int64), shared[item, rank].astype(np.int64)
    cosine = cosines(strength[item, rank], item, neighbour, support)
    return Neighbours(
        item, neighbour, rank, count, cosine, scores[item, rank], int(n_found), int(n_supported)
    )


@njit(parallel=True, **OPTIONS)
def _ascending(start, items):
    """Sort each user's items."""
    ordered = np.empty_like(items)
    for user in prange(len(start) - 1):
        ordered[start[user] : start[user + 1]] = np.sort(items[start[user] : start[user + 1]])
    return ordered


@njit(**OPTIONS)
def places_by_item(start, items, n_items):
    """Return, by item, the places of its entries and how many entries of the same user stand before
    each.
    """
    cursor = np.zeros(n_items + 1, np.int64)
    for item in items:
        cursor[item + 1] += 1
    cursor = np.cumsum(cursor)
    place, before = np.empty(len(items), np.uint32), np.empty(len(items), np.uint32)
    for user in range(len(start) - 1):
        for p in range(start[user], start[user + 1]):
            at = cursor[items[p]]
            place[at], before[at] = p, p - start[user]
            cursor[items[p]] = at + 1
    return place, before


@njit(**OPTIONS)
def fetch(values, first, last):
    """Ask for a stretch of an array."""
    for p in range(first, last, PER_LINE):
        prefetch(values, p)


@njit(**OPTIONS)
def _count(counts, items, place, before, first, last):
    """Count the items that stand before an item in its users' histories."""
    one = counts.dtype.type(1)
    for q in range(first, last):
        ahead = min(q + AHEAD, last - 1)
        fetch(items, np.int64(place[ahead]) - np.int64(before[ahead]), np.int64(place[ahead]))
        end = np.int64(place[q])
        for p in range(end - np.int64(before[q]), end):
            counts[items[p]] += one


@njit(parallel=True, **OPTIONS)
def _gram(items, place, before, support, workers):
    """Fill both halves of the matrix from counts of the items before each item;
    whole numbers, so no order of sums shows.
    """
    n_items = len(support)
    start, gram = np.zeros(n_items + 1, np.int64), np.zeros((n_items, n_items))
    start[1:] = np.cumsum(support)
    for worker in prange(workers):
        counts = np.zeros(n_items, np.uint32)
        for i in range(worker, n_items, workers):
            _count(counts, items, place, before, start[i], start[i + 1])
            gram[i, :i], gram[:i, i], gram[i, i] = counts[:i], counts[:i], support[i]
            counts[:i] = 0
    return gram


@njit(**OPTIONS)
def _n_edges(counts, first, min_shared):
    """Return how many counts of a block are above 0, and, times 65,536,
    how many reach `min_shared`.
    """
    n = np.int32(0)
    for j in range(first, first + BLOCK):
        count = np.int32(counts[j])
        n += np.int32(count > 0) + (np.int32(count >= min_shared) << 16)
    return n


@njit(fastmath=True, **OPTIONS)
def _may_enter(counts, norm, worst, first, scale, shrinkage, worst_here):
    """Tell whether any edge of a block may enter the heap of either end."""
    margin = np.float32(-1)
    for j in range(first, first + BLOCK):
        count = np.float32(np.int32(counts[j]))
        margin = max(
            margin,
            count * count * norm[j] * scale - min(worst[j], worst_here) * (count + shrinkage),
        )
    return margin >= 0


@njit(**OPTIONS)
def _offer_row(
    i, counts, norm, worst, support, scores, ids, shared, size, min_shared, shrinkage, found
):
    """Offer the edges of item `i` to both ends. `worst` holds what enters no heap any more;
    it is safe when it lags behind.
    """
    k = scores.shape[1]
    scale, shrink, fewest = norm[i] * SLACK, np.float32(shrinkage), np.int32(min_shared)
    for first in range(0, i, BLOCK):
        n_edges = _n_edges(counts, first, fewest)
        found[0] += n_edges & 0xFFFF
        found[1] += n_edges >> 16
        if n_edges >> 16 == 0 or not _may_enter(
            counts, norm, worst, first, scale, shrink, worst[i]
        ):
            continue
        for j in range(first, min(first + BLOCK, i)):
            c = np.int64(counts[j])
            if c < min_shared:
                continue
            bound, per_worst = (
                np.float32(c) * np.float32(c) * norm[j] * scale,
                np.float32(c) + shrink,
            )
            if bound < min(worst[i], worst[j]) * per_worst:
                continue
            similarity = c / np.sqrt(np.float64(support[i] * support[j])) * (c / (c + shrinkage))
            for here, there in ((i, j), (j, i)):
                if bound >= worst[here] * per_worst:
                    size[here] = offer(
                        scores[here], ids[here], shared[here], size[here], similarity, there, c
                    )
                    if size[here] == k:
                        worst[here] = max(worst[here], np.float32(scores[here, 0]))


@njit(parallel=True, **OPTIONS)
def _co_occurrences(items, place, before, support, k, min_shared, shrinkage, workers):
    """Return each item's best edges (similarity, item, users) by rank,
    their number, and the edges before each cut.
    """
    n_items = len(support)
    start = np.zeros(n_items + 1, np.int64)
    start[1:] = np.cumsum(support)
    norm, worst = np.zeros(n_items + BLOCK, np.float32), np.zeros(n_items + BLOCK, np.float32)
    norm[:n_items] = 1.0 / np.sqrt(support)
    scores, ids = np.zeros((workers, n_items, k)), np.zeros((workers, n_items, k), np.int32)
    shared, size = np.zeros((workers, n_items, k), np.int32), np.zeros((workers, n_items), np.int64)
    # as wide as a cache line and more, so that workers do not slow each other
    found = np.zeros((workers, BLOCK), np.int64)
    n_wide = np.sum(support > NARROW)
    for worker in prange(workers):
        narrow, wide = (
            np.zeros(n_items + BLOCK, np.uint16),
            np.zeros((n_wide > 0) * n_items + BLOCK, np.uint32),
        )
        heaps = scores[worker], ids[worker], shared[worker], size[worker]
        for i in range(worker, n_items, workers):
            if i < n_wide:
                _count(wide, items, place, before, start[i], start[i + 1])
                _offer_row(
                    i, wide, norm, worst, support, *heaps, min_shared, shrinkage, found[worker]
                )
                wide[:i] = 0
            else:
                _count(narrow, items, place, before, start[i], start[i + 1])
                _offer_row(
                    i, narrow, norm, worst, support, *heaps, min_shared, shrinkage, found[worker]
                )
                narrow[:i] = 0
    for i in prange(n_items):
        for worker in range(1, workers):
            for r in range(size[worker, i]):
                size[0, i] = offer(
                    scores[0, i],
                    ids[0, i],
                    shared[0, i],
                    size[0, i],
                    scores[worker, i, r],
                    ids[worker, i, r],
                    shared[worker, i, r],
                )
        sort_heap(scores[0, i], ids[0, i], shared[0, i], size[0, i])
    return scores[0], ids[0], shared[0], size[0], 2 * found[:, 0].sum(), 2 * found[:, 1].sum()
