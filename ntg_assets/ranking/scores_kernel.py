"""Compiled loops behind `CompiledScores`: all sources of a user in one pass, each user by itself, so workers cannot be told.

A source is a vector of popularity, or the user's profile spread over a graph. Scores are added up in single precision and in the
order of the profile, as the dense engine does. Rows of a graph are asked for a few steps before they are read: waiting for them is
most of the work (see `prefetch`).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ntg_assets.taste.interactions import Flags, Floats, Longs
from ntg_assets.taste.prefetch import prefetch

OPTIONS = {"cache": True, "error_model": "numpy"}
AHEAD = 8  # profile entries between asking for a row and reading it
HALVINGS = 12  # of the range in which the k-th largest score is looked for
PER_LINE = np.int64(16)  # 4-byte values of a cache line
NOBODY = np.int32(-1)


class Sources(NamedTuple):
    """What all users have in common.

    Attributes:
        spread_of: Number of each source among those that spread a profile, or -1.
        popular_of: Number of each source among the popularities, or -1.
        graph_of: First row of the graph of each spreading source in `graph_start`.
        graph_start: Where the edges of each row start, all graphs one after the other.
        graph_item: Item of each edge, in 16 bits where the catalogue allows it.
        graph_strength: Strength of each edge.
        popularity: Popularities x items.
        order: Popularities x items: the items by falling popularity.
        is_latent: Whether each spreading source spreads over the dimensions of the embeddings: only then strengths may be below 0.
    """

    spread_of: Longs
    popular_of: Longs
    graph_of: Longs
    graph_start: npt.NDArray[np.uint32]
    graph_item: npt.NDArray[np.unsignedinteger]
    graph_strength: npt.NDArray[np.float32]
    popularity: Floats
    order: Longs
    is_latent: Flags


class Histories(NamedTuple):
    """The users of a block.

    Attributes:
        start: Spreading sources x (users + 1): where each user's profile starts.
        row: Row of the graph of each entry of a profile.
        weight: What it counts.
        hidden_start: Where the items start that are hidden from each user.
        hidden_item: These items.
    """

    start: Longs
    row: npt.NDArray[np.uint32]
    weight: npt.NDArray[np.float32]
    hidden_start: Longs
    hidden_item: npt.NDArray[np.uint32]


class Found(NamedTuple):
    """What is filled in.

    Attributes:
        items: Users x sources x most candidates of a source: the best items.
        scores: Their scores.
        sizes: Users x sources: their numbers.
        pairs: Users x most distinct candidates: each user's, ascending.
        features: The same x sources: what each source says of them, relative to its best.
        n_pairs: Users: numbers of distinct candidates.
    """

    items: npt.NDArray[np.int32]
    scores: Floats
    sizes: Longs
    pairs: npt.NDArray[np.int32]
    features: Floats
    n_pairs: Longs

    @classmethod
    def room(cls, *, n_users: int, n_sources: int, n_items: int, k: int) -> "Found":
        """Make room for at most `k` candidates of each source; memory is used only where it is filled."""
        per_source, most = (n_users, n_sources, k), min(n_sources * k, n_items)
        items, scores, sizes = np.empty(per_source, np.int32), np.empty(per_source), np.zeros((n_users, n_sources), np.int64)
        pairs, features = np.empty((n_users, most), np.int32), np.empty((n_users, most, n_sources))
        return cls(items, scores, sizes, pairs, features, np.zeros(n_users, np.int64))


@njit(**OPTIONS)
def _spread(histories, sources, n, user, score, touched):
    """Add up what a user's profile spreads over the graph of the n-th spreading source; return the number of touched items."""
    graph_start, graph_item, graph_strength = sources.graph_start[sources.graph_of[n] :], sources.graph_item, sources.graph_strength
    n_touched, last = np.uint64(0), histories.start[n, user + 1]
    for p in range(histories.start[n, user], last):
        prefetch(graph_start, np.int64(histories.row[min(p + 2 * AHEAD, last - 1)]))
        _fetch(histories.row[min(p + AHEAD, last - 1)], graph_start, graph_item, graph_strength)
        row, weight = histories.row[p], histories.weight[p]
        items, strengths = graph_item[graph_start[row] : graph_start[row + 1]], graph_strength[graph_start[row] : graph_start[row + 1]]
        for e in range(len(items)):
            item = items[e]
            before = score[item]
            touched[n_touched] = item  # kept only when it is new: cheaper than a branch that is hard to foresee
            n_touched += np.uint64(before == 0)
            score[item] = before + weight * strengths[e]
    return np.int64(n_touched)


@njit(**OPTIONS)
def _spread_dimensions(histories, sources, n, user, score, touched, values):
    """Add up the same over the dimensions of the embeddings, each of which leads to the same items; what speaks against one is nothing."""
    graph_start, first, last = sources.graph_start[sources.graph_of[n] :], histories.start[n, user], histories.start[n, user + 1]
    if first == last:
        return 0
    items = sources.graph_item[graph_start[0] : graph_start[1]]
    values[: len(items)] = 0
    for p in range(first, last):
        row, weight = histories.row[p], histories.weight[p]
        strengths = sources.graph_strength[graph_start[row] : graph_start[row + 1]]
        for e in range(len(items)):
            values[e] += weight * strengths[e]  # side by side, so the processor takes many at once
    for e in range(len(items)):
        touched[e] = items[e]
        score[items[e]] = max(values[e], np.float32(0))
    return len(items)


@njit(**OPTIONS)
def _spread_any(histories, sources, n, user, score, touched, values):
    """Add up in the way that the source asks for."""
    if sources.is_latent[n]:
        return _spread_dimensions(histories, sources, n, user, score, touched, values)
    return _spread(histories, sources, n, user, score, touched)


@njit(**OPTIONS)
def _announce(histories, sources, n, user):
    """Ask for the first rows that a user will read."""
    graph_start = sources.graph_start[sources.graph_of[n] :]
    first = histories.start[n, user]
    for p in range(first, min(first + AHEAD, histories.start[n, user + 1])):
        _fetch(histories.row[p], graph_start, sources.graph_item, sources.graph_strength)


@njit(**OPTIONS)
def _fetch(row, graph_start, graph_item, graph_strength):
    """Ask for the row of a graph."""
    for e in range(graph_start[row], graph_start[row + 1], PER_LINE):
        prefetch(graph_item, e)
        prefetch(graph_strength, e)


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
def _at_least(values, n, bound):
    """Count values that reach a bound."""
    count = np.int32(0)
    for t in range(n):
        count += np.int32(values[t] >= bound)
    return count


@njit(**OPTIONS)
def _bound(values, n, k):
    """Return a number above 0 that the k-th largest value reaches: most values then need no heap."""
    low, high = np.float32(0), np.float32(0)
    for t in range(n):
        high = max(high, values[t])
    for _ in range(HALVINGS):
        middle = (low + high) * np.float32(0.5)
        count = _at_least(values, n, middle)
        if count < k:
            high = middle
        else:
            low = middle
            if count <= 2 * k:
                break
    return max(low, np.finfo(np.float32).tiny)


@njit(**OPTIONS)
def _best_spread(score, touched, n_touched, values, heap_score, heap_item):
    """Fill the heap's arrays with the best touched items, the best first; return their number."""
    k, size = len(heap_score), 0
    for t in range(n_touched):
        values[t] = score[touched[t]]
    bound = _bound(values, n_touched, k)
    for t in range(n_touched):
        if values[t] < bound:
            continue  # nothing, hidden, or behind k others
        item = np.int32(touched[t])
        if size < k:
            heap_score[size], heap_item[size] = values[t], item
            size += 1
            _sift_up(heap_score, heap_item, size - 1)
        elif _is_better(values[t], item, heap_score[0], heap_item[0]):
            heap_score[0], heap_item[0] = values[t], item
            _sift_down(heap_score, heap_item, size)
    for last in range(size - 1, 0, -1):
        heap_score[0], heap_score[last] = heap_score[last], heap_score[0]
        heap_item[0], heap_item[last] = heap_item[last], heap_item[0]
        _sift_down(heap_score, heap_item, last)
    return size


@njit(**OPTIONS)
def _best_popular(user, popularity, order, hidden_from, scores, items):
    """Write the most popular items that are not hidden from the user; return their number."""
    size = 0
    for item in order:
        if size == len(items) or popularity[item] <= 0.0:
            break
        if hidden_from[item] != user:
            items[size], scores[size] = item, popularity[item]
            size += 1
    return size


@njit(**OPTIONS)
def _distinct(user, items, sizes, found_for, pairs):
    """Write each candidate once, ascending; return their number."""
    n_pairs = 0
    for source in range(len(sizes)):
        for rank in range(sizes[source]):
            item = items[source, rank]
            if found_for[item] != user:
                found_for[item] = user
                pairs[n_pairs] = item
                n_pairs += 1
    pairs[:n_pairs] = np.sort(pairs[:n_pairs])
    return n_pairs


@njit(nogil=True, **OPTIONS)
def score_users(sources, histories, found, worker, workers):
    """Find each user's best items of each source, and what every source says of all of them.

    Args:
        sources: What is the same for all users.
        histories: The users.
        found: Arrays to be filled.
        worker: Number of this worker, which takes every user from this one on in steps of `workers`.
        workers: How many there are.
    """
    n_users, n_sources, n_spread = len(found.n_pairs), len(sources.spread_of), len(sources.graph_of)
    n_items = sources.popularity.shape[1]
    score, touched = np.zeros((n_spread, n_items), np.float32), np.empty((n_spread, n_items + 1), np.uint32)
    n_touched, values = np.zeros(n_spread, np.int64), np.empty(n_items + 1, np.float32)
    hidden_from, found_for = np.full(n_items, NOBODY), np.full(n_items, NOBODY)
    for user in range(worker, n_users, workers):
        items, scores, sizes = found.items[user], found.scores[user], found.sizes[user]
        hidden = histories.hidden_item[histories.hidden_start[user] : histories.hidden_start[user + 1]]
        if n_spread < n_sources:
            for item in hidden:
                hidden_from[item] = user
        for source in range(n_sources):
            n, p = sources.spread_of[source], sources.popular_of[source]
            if p >= 0:
                popularity, order = sources.popularity[p], sources.order[p]
                sizes[source] = _best_popular(user, popularity, order, hidden_from, scores[source], items[source])
                continue
            if user + workers < n_users:
                _announce(histories, sources, n, user + workers)
            n_touched[n] = _spread_any(histories, sources, n, user, score[n], touched[n], values)
            for item in hidden:
                score[n, item] = 0
            sizes[source] = _best_spread(score[n], touched[n], n_touched[n], values, scores[source], items[source])
        n_pairs = _distinct(user, items, sizes, found_for, found.pairs[user])
        found.n_pairs[user] = n_pairs
        _relate(sources, score, scores, sizes, found.pairs[user, :n_pairs], found.features[user])
        for n in range(n_spread):
            for t in range(n_touched[n]):
                score[n, touched[n, t]] = 0


@njit(**OPTIONS)
def _relate(sources, score, scores, sizes, pairs, features):
    """Write what each source says of each item, relative to its best."""
    for source in range(len(sizes)):
        n, p = sources.spread_of[source], sources.popular_of[source]
        best = scores[source, 0] if sizes[source] else 1.0
        for place, item in enumerate(pairs):
            features[place, source] = (sources.popularity[p, item] if p >= 0 else np.float64(score[n, item])) / best
