"""Compiled loops behind `CompiledScores`. Each worker takes every T-th user, so the result is the same for any T."""

import numpy as np
from numba import njit, prange

OPTIONS = {"cache": True, "error_model": "numpy"}


@njit(**OPTIONS)
def _accumulate(user, profile_start, profile_item, profile_weight, graph_start, graph_item, graph_strength, score, touched):
    """Add up what a user's profile spreads over the graph; return the number of touched items."""
    n_touched = 0
    for p in range(profile_start[user], profile_start[user + 1]):
        weight = profile_weight[p]
        for e in range(graph_start[profile_item[p]], graph_start[profile_item[p] + 1]):
            item = graph_item[e]
            before = score[item]
            touched[n_touched] = item  # kept only when it is new: cheaper than a branch that is hard to foresee
            n_touched += before == 0.0
            score[item] = before + weight * graph_strength[e]
    return n_touched


@njit(**OPTIONS)
def _is_better(score, item, other_score, other_item):
    return score > other_score or (score == other_score and item < other_item)


@njit(**OPTIONS)
def _sift_down(heap_score, heap_item, size):
    """Restore a heap whose root, the worst entry, was replaced."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        if child + 1 < size and _is_better(heap_score[child], heap_item[child], heap_score[child + 1], heap_item[child + 1]):
            child += 1
        if not _is_better(heap_score[at], heap_item[at], heap_score[child], heap_item[child]):
            return
        heap_score[at], heap_score[child] = heap_score[child], heap_score[at]
        heap_item[at], heap_item[child] = heap_item[child], heap_item[at]
        at = child


@njit(**OPTIONS)
def _sift_up(heap_score, heap_item, at):
    while at > 0:
        parent = (at - 1) // 2
        if not _is_better(heap_score[parent], heap_item[parent], heap_score[at], heap_item[at]):
            return
        heap_score[at], heap_score[parent] = heap_score[parent], heap_score[at]
        heap_item[at], heap_item[parent] = heap_item[parent], heap_item[at]
        at = parent


@njit(**OPTIONS)
def _offer(heap_score, heap_item, size, k, score, item):
    """Offer an entry to a heap of the `k` best; return its size."""
    if size < k:
        heap_score[size], heap_item[size] = score, item
        _sift_up(heap_score, heap_item, size)
        return size + 1
    if _is_better(score, item, heap_score[0], heap_item[0]):
        heap_score[0], heap_item[0] = score, item
        _sift_down(heap_score, heap_item, size)
    return size


@njit(**OPTIONS)
def _unload(heap_score, heap_item, size, scores, items):
    """Empty a heap into a row, the best first."""
    while size > 0:
        size -= 1
        scores[size], items[size] = heap_score[0], heap_item[0]
        heap_score[0], heap_item[0] = heap_score[size], heap_item[size]
        _sift_down(heap_score, heap_item, size)


@njit(parallel=True, **OPTIONS)
def spread_candidates(
    profile_start, profile_item, profile_weight, graph_start, graph_item, graph_strength, hidden_start, hidden_item, n_items, k, workers
):
    """Return the `k` best items of each user (-1: none) and their scores."""
    n_users = len(profile_start) - 1
    items, scores = np.full((n_users, k), -1, np.int32), np.zeros((n_users, k))
    for worker in prange(workers):
        score, touched = np.zeros(n_items), np.empty(n_items + 1, np.int32)
        heap_score, heap_item = np.empty(k), np.empty(k, np.int32)
        for user in range(worker, n_users, workers):
            n_touched = _accumulate(
                user, profile_start, profile_item, profile_weight, graph_start, graph_item, graph_strength, score, touched
            )
            for h in range(hidden_start[user], hidden_start[user + 1]):
                score[hidden_item[h]] = 0.0
            size, worst = 0, 0.0
            for t in range(n_touched):
                item = touched[t]
                here = score[item]
                score[item] = 0.0
                if here > 0.0 and here >= worst:
                    size = _offer(heap_score, heap_item, size, k, here, item)
                    worst = heap_score[0] if size == k else 0.0
            _unload(heap_score, heap_item, size, scores[user], items[user])
    return items, scores


@njit(parallel=True, **OPTIONS)
def spread_features(
    profile_start,
    profile_item,
    profile_weight,
    graph_start,
    graph_item,
    graph_strength,
    hidden_start,
    hidden_item,
    pair_start,
    pair_item,
    n_items,
    workers,
):
    """Return each pair's score relative to the user's best."""
    n_users = len(profile_start) - 1
    relative = np.zeros(len(pair_item))
    for worker in prange(workers):
        score, touched = np.zeros(n_items), np.empty(n_items + 1, np.int32)
        for user in range(worker, n_users, workers):
            n_touched = _accumulate(
                user, profile_start, profile_item, profile_weight, graph_start, graph_item, graph_strength, score, touched
            )
            for h in range(hidden_start[user], hidden_start[user + 1]):
                score[hidden_item[h]] = 0.0
            best = 0.0
            for t in range(n_touched):
                best = max(best, score[touched[t]])
            if best > 0.0:
                for p in range(pair_start[user], pair_start[user + 1]):
                    relative[p] = score[pair_item[p]] / best
            for t in range(n_touched):
                score[touched[t]] = 0.0
    return relative


@njit(parallel=True, **OPTIONS)
def popular_candidates(popularity, order, hidden_start, hidden_item, k, workers):
    """Return the `k` most popular items that are not hidden from each user (-1: none) and their scores."""
    n_users, n_items = len(hidden_start) - 1, len(popularity)
    items, scores = np.full((n_users, k), -1, np.int32), np.zeros((n_users, k))
    for worker in prange(workers):
        hidden_from = np.full(n_items, -1, np.int64)
        for user in range(worker, n_users, workers):
            for h in range(hidden_start[user], hidden_start[user + 1]):
                hidden_from[hidden_item[h]] = user
            found = 0
            for item in order:
                if found == k or popularity[item] <= 0.0:
                    break
                if hidden_from[item] != user:
                    items[user, found], scores[user, found] = item, popularity[item]
                    found += 1
    return items, scores


@njit(parallel=True, **OPTIONS)
def popular_features(popularity, order, hidden_start, hidden_item, pair_start, pair_item, workers):
    """Return each pair's popularity relative to the most popular item that is not hidden from the user."""
    n_users, n_items = len(hidden_start) - 1, len(popularity)
    relative = np.zeros(len(pair_item))
    for worker in prange(workers):
        hidden_from = np.full(n_items, -1, np.int64)
        for user in range(worker, n_users, workers):
            for h in range(hidden_start[user], hidden_start[user + 1]):
                hidden_from[hidden_item[h]] = user
            best = 0.0
            for item in order:
                if hidden_from[item] != user:
                    best = popularity[item]
                    break
            if best > 0.0:
                for p in range(pair_start[user], pair_start[user + 1]):
                    if hidden_from[pair_item[p]] != user:
                        relative[p] = popularity[pair_item[p]] / best
    return relative
