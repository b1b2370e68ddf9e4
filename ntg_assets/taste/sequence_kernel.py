"""Compiled loops behind the sequence graph; compiled once,
then cached on disk. Each worker takes every T-th item.
"""

import numpy as np
from numba import njit, prange

from ntg_assets.arrays import Longs
from ntg_assets.interactions.workers import WORKERS
from ntg_assets.taste.edge_heap import OPTIONS, offer, sort_heap
from ntg_assets.taste.edges import Neighbours, UserItems, no_neighbours
from ntg_assets.taste.neighbours_kernel import AHEAD, edges_of, fetch, places_by_item


def compiled_followers(
    matrix: UserItems,
    step: Longs,
    *,
    window: int,
    unit: int,
    k: int,
    min_shared: int,
    shrinkage: float,
    workers: int = WORKERS,
) -> Neighbours:
    """Find the `k` strongest followers of each item; see `build_sequence_graph`.

    Args:
        matrix: Who had what, each user's most recent items first.
        step: Number of the instant of each entry, counted from the most recent.
        window: Entries after an item that are looked at.
        unit: Weight of a lag of 1, a multiple of every lag up to the window.
        k: Most followers per item.
        min_shared: Fewest users of an edge, applied before the cut to `k`.
        shrinkage: Pull of little evidence towards 0.
        workers: Changes only speed and memory.
    """
    if matrix.n_items < 2:  # noqa: PLR2004  # an edge has two ends
        return no_neighbours()
    items = matrix.items.astype(np.uint32)
    place, before = places_by_item(matrix.start, items, matrix.n_items)
    support = matrix.support
    most = min(k, matrix.n_items - 1)
    arguments = (support, window, unit, most, max(min_shared, 1), float(shrinkage), workers)
    scores, ids, shared, size, units, n_found, n_supported = _followers(
        items, step.astype(np.int32), place, before, *arguments
    )
    return edges_of(
        scores, ids, shared, size, n_found, n_supported, support=support, strength=units / unit
    )


@njit(**OPTIONS)
def _count(shared, units, touched, items, step, place, before, first, last, window, unit):
    """Add up who took what up after an item; return the number of touched items."""
    n_touched = 0
    for q in range(first, last):
        ahead = np.int64(place[min(q + AHEAD, last - 1)])
        fetch(items, ahead - window, ahead)
        fetch(step, ahead - window, ahead)
        p = np.int64(place[q])
        for o in range(1, min(window, np.int64(before[q])) + 1):
            lag = step[p] - step[p - o]
            if lag == 0:
                continue
            item = items[p - o]
            if shared[item] == 0:
                touched[n_touched] = item
                n_touched += 1
            shared[item] += 1
            units[item] += unit // min(lag, window)
    return n_touched


@njit(parallel=True, **OPTIONS)
def _followers(
    items, step, place, before, support, window, unit, k, min_shared, shrinkage, workers
):
    """Return each item's best edges (similarity, item, users, units) by rank,
    their number, and the edges before each cut.
    """
    n_items = len(support)
    start = np.zeros(n_items + 1, np.int64)
    start[1:] = np.cumsum(support)
    scores, ids, counts = (
        np.zeros((n_items, k)),
        np.zeros((n_items, k), np.int32),
        np.zeros((n_items, k), np.int32),
    )
    strengths, size = np.zeros((n_items, k), np.int64), np.zeros(n_items, np.int64)
    n_found, n_supported = np.zeros(n_items, np.int64), np.zeros(n_items, np.int64)
    for worker in prange(workers):
        shared, units, touched = (
            np.zeros(n_items, np.int32),
            np.zeros(n_items, np.int64),
            np.empty(n_items, np.int32),
        )
        for i in range(worker, n_items, workers):
            n_touched = _count(
                shared,
                units,
                touched,
                items,
                step,
                place,
                before,
                start[i],
                start[i + 1],
                window,
                unit,
            )
            n_found[i] = n_touched
            for t in range(n_touched):
                j = touched[t]
                if shared[j] >= min_shared:
                    n_supported[i] += 1
                    cosine = units[j] / unit / np.sqrt(np.float64(support[i] * support[j]))
                    similarity = cosine * (shared[j] / (shared[j] + shrinkage))
                    size[i] = offer(scores[i], ids[i], counts[i], size[i], similarity, j, shared[j])
            sort_heap(scores[i], ids[i], counts[i], size[i])
            for r in range(size[i]):
                strengths[i, r] = units[ids[i, r]]
            for t in range(n_touched):
                shared[touched[t]], units[touched[t]] = 0, 0
    return scores, ids, counts, size, strengths, n_found.sum(), n_supported.sum()
