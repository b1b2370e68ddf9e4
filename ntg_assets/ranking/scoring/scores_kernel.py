"""Compiled loops behind `CompiledScores`: all sources of a user in one pass,
each user by itself, so workers cannot be told.

A source is a vector of popularity, or the user's profile spread over a graph. Scores are added up
in single precision and in the order of the profile, as the dense engine does. Rows of a graph are
asked for a few steps before they are read (see `prefetch`).

Arrays that lie one after the other in memory are one array with a base, and helpers are given whole
arrays with a number, not a part of them: every part that is cut out counts its references, which
took a tenth of the time. Of two scores above 0 the higher one has the higher bits; a *key* has
those bits, then the falling number of the item, so that one comparison settles ties as well.

All loops stand in this file, long as it is: numba keeps compiled code by the date of the file of
the function that is called, and would not see a change in another.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.interactions.prefetch import prefetch

OPTIONS = {"cache": True, "error_model": "numpy"}
AHEAD = 8  # profile entries between asking for a row and reading it
HALVINGS = 12  # of the range in which the k-th largest score is looked for
PER_LINE = np.int64(16)  # 4-byte values of a cache line
NOBODY = np.int32(-1)
FEW = 32  # candidates that are sorted in place
MANY = 1_024  # places; more are filled by one sort of all that may get one
HALF, LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)


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
        is_latent: Whether each spreading source spreads over the dimensions of the embeddings: only
            then strengths may be below 0.
        faint: What these say below this is nothing.
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
    faint: np.float32


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
        """Make room for at most `k` candidates of each source;
        memory is used only where it is filled.
        """
        per_source, most = (n_users, n_sources, k), min(n_sources * k, n_items)
        items, scores, sizes = (
            np.empty(per_source, np.int32),
            np.empty(per_source),
            np.zeros((n_users, n_sources), np.int64),
        )
        pairs, features = np.empty((n_users, most), np.int32), np.empty((n_users, most, n_sources))
        return cls(items, scores, sizes, pairs, features, np.zeros(n_users, np.int64))


@njit(**OPTIONS)
def _spread(histories, sources, n, user, score, touched):
    """Add up what a user's profile spreads over the graph of the n-th spreading source;
    return the end of the touched places.
    """
    graph_start, graph_item, graph_strength = (
        sources.graph_start,
        sources.graph_item,
        sources.graph_strength,
    )
    first_row, base, last = (
        np.uint64(sources.graph_of[n]),
        _base(sources, n),
        histories.start[n, user + 1],
    )
    end = base
    for p in range(histories.start[n, user], last):
        prefetch(graph_start, np.int64(first_row + histories.row[min(p + 2 * AHEAD, last - 1)]))
        _fetch(
            first_row + histories.row[min(p + AHEAD, last - 1)],
            graph_start,
            graph_item,
            graph_strength,
        )
        row, weight = first_row + histories.row[p], histories.weight[p]
        for e in range(np.uint64(graph_start[row]), np.uint64(graph_start[row + np.uint64(1)])):
            place = base + graph_item[e]
            before = score[place]
            # kept only when it is new: cheaper than a branch that is hard to foresee
            touched[end] = place
            end += np.uint64(before == 0)
            score[place] = before + weight * graph_strength[e]
    return end


@njit(**OPTIONS)
def _spread_dimensions(histories, sources, n, user, score, touched, values):
    """Add up the same over the dimensions of the embeddings,
    each of which leads to the same items; what is faint, or speaks against one, is nothing.
    """
    graph_start, first_row, base = (
        sources.graph_start,
        np.uint64(sources.graph_of[n]),
        _base(sources, n),
    )
    first, last = histories.start[n, user], histories.start[n, user + 1]
    if first == last:
        return base
    begin = np.uint64(graph_start[first_row])
    n_items = np.uint64(graph_start[first_row + np.uint64(1)]) - begin
    values[:n_items] = 0
    for p in range(first, last):
        strengths, weight = (
            np.uint64(graph_start[first_row + histories.row[p]]),
            histories.weight[p],
        )
        for e in range(n_items):
            # side by side, so the processor takes many at once
            values[e] += weight * sources.graph_strength[strengths + e]
    for e in range(n_items):
        place = base + sources.graph_item[begin + e]
        touched[base + e] = place
        score[place] = values[e] if values[e] >= sources.faint else np.float32(0)
    return base + n_items


@njit(**OPTIONS)
def _spread_any(histories, sources, n, user, score, touched, values):
    """Add up in the way that the source asks for."""
    if sources.is_latent[n]:
        return _spread_dimensions(histories, sources, n, user, score, touched, values)
    return _spread(histories, sources, n, user, score, touched)


@njit(**OPTIONS)
def _base(sources, n):
    """Return the first place of the n-th spreading source in the scores of a user."""
    return np.uint64(n) * np.uint64(sources.popularity.shape[1] + 1)


@njit(**OPTIONS)
def _announce(histories, sources, n, user):
    """Ask for the first rows that a user will read."""
    first_row, first = np.uint64(sources.graph_of[n]), histories.start[n, user]
    for p in range(first, min(first + AHEAD, histories.start[n, user + 1])):
        _fetch(
            first_row + histories.row[p],
            sources.graph_start,
            sources.graph_item,
            sources.graph_strength,
        )


@njit(**OPTIONS)
def _fetch(row, graph_start, graph_item, graph_strength):
    """Ask for the row of a graph."""
    for e in range(graph_start[row], graph_start[row + np.uint64(1)], PER_LINE):
        prefetch(graph_item, e)
        prefetch(graph_strength, e)


@njit(**OPTIONS)
def _at_least(values, n, bound):
    """Count values that reach a bound."""
    count = np.int32(0)
    for t in range(n):
        count += np.int32(values[t] >= bound)
    return count


@njit(**OPTIONS)
def _bound(values, n, k):
    """Return a number above 0 that the k-th largest value reaches: most values then need no
    heap.
    """
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
def _best_spread(score, bits, touched, base, end, values, keys, best):
    """Write the keys of the best touched items into `best`, the best first; return their number."""
    n, size, n_keys = np.int64(end - base), 0, 0
    for t in range(n):
        values[t] = score[touched[base + np.uint64(t)]]
    bound = _bound(values, n, len(best))
    for t in range(n):
        # else: nothing, hidden, or behind as many others as there is room for
        if values[t] >= bound:
            place = np.uint64(touched[base + np.uint64(t)])
            key = (np.uint64(bits[place]) << HALF) | (LOW_HALF - (place - base))
            if len(best) > MANY:
                keys[n_keys] = key
                n_keys += 1
            else:
                size = _insert(best, size, key)
    return _sort_falling(keys, n_keys, best) if len(best) > MANY else size


@njit(**OPTIONS)
def _sort_falling(keys, n_keys, best):
    """Write the highest keys in falling order; return their number."""
    size, rising = min(n_keys, len(best)), np.sort(keys[:n_keys])
    for place in range(size):
        best[place] = rising[n_keys - 1 - place]
    return size


@njit(**OPTIONS)
def _insert(best, size, key):
    """Put a key among the highest ones, which stand in falling order; return their number."""
    if size < len(best):
        size += 1
    elif key < best[size - 1]:
        return size
    at = size - 1
    while at > 0 and best[at - 1] < key:
        best[at] = best[at - 1]
        at -= 1
    best[at] = key
    return size


@njit(**OPTIONS)
def _keep_spread(score, base, best, size, items, scores, user, source):
    """Write the best items of a source that spreads a profile."""
    for rank in range(size):
        item = LOW_HALF - (best[rank] & LOW_HALF)
        items[user, source, rank], scores[user, source, rank] = item, score[base + item]


@njit(**OPTIONS)
def _keep_popular(popularity, order, p, hidden_from, items, scores, user, source):
    """Write the most popular items that are not hidden from the user; return their number."""
    size = 0
    for place in range(order.shape[1]):
        item = order[p, place]
        if size == items.shape[2] or popularity[p, item] <= 0.0:
            break
        if hidden_from[item] != user:
            items[user, source, size], scores[user, source, size] = item, popularity[p, item]
            size += 1
    return size


@njit(**OPTIONS)
def _distinct(items, sizes, user, found_for, pairs):
    """Write each candidate of a user once, ascending; return their number."""
    n_pairs = 0
    for source in range(items.shape[1]):
        for rank in range(sizes[user, source]):
            item = items[user, source, rank]
            if found_for[item] != user:
                found_for[item] = user
                pairs[n_pairs] = item
                n_pairs += 1
    _sort(pairs, n_pairs)
    return n_pairs


@njit(**OPTIONS)
def _sort(values, n):
    """Sort the first values, a few without room of their own."""
    if n > FEW:
        values[:n] = np.sort(values[:n])
        return
    for i in range(1, n):
        value, at = values[i], i
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value


@njit(**OPTIONS)
def _write_pairs(pairs, n_pairs, to, user):
    for place in range(n_pairs):
        to[user, place] = pairs[place]


@njit(**OPTIONS)
def _relate_popular(popularity, p, best, pairs, n_pairs, features, user, source):
    """Write how popular each candidate is, relative to the user's best."""
    for place in range(n_pairs):
        features[user, place, source] = popularity[p, pairs[place]] / best


@njit(**OPTIONS)
def _relate_spread(score, base, best, pairs, n_pairs, features, user, source):
    """Write what a spreading source says of each candidate, relative to its best."""
    for place in range(n_pairs):
        features[user, place, source] = np.float64(score[base + np.uint64(pairs[place])]) / best


@njit(**OPTIONS)
def _hide(hidden_item, first, last, base, score):
    """Let a source say nothing of items that are hidden from the user."""
    for h in range(first, last):
        score[base + hidden_item[h]] = 0


@njit(**OPTIONS)
def _clear(score, touched, base, end):
    for t in range(base, end):
        score[touched[t]] = 0


@njit(nogil=True, **OPTIONS)
def score_users(sources, histories, found, worker, workers):
    """Find each user's best items of each source, and what every source says of all of them.

    Args:
        sources: What is the same for all users.
        histories: The users.
        found: Arrays to be filled.
        worker: Number of this worker, which takes every user from this one on in steps of
        `workers`.
        workers: How many there are.
    """
    spread_of, popular_of, popularity, order = (
        sources.spread_of,
        sources.popular_of,
        sources.popularity,
        sources.order,
    )
    items, scores, sizes, features = found.items, found.scores, found.sizes, found.features
    hidden_start, hidden_item = histories.hidden_start, histories.hidden_item
    n_users, n_sources, n_spread = len(found.n_pairs), len(spread_of), len(sources.graph_of)
    n_items, room = popularity.shape[1], np.int64(_base(sources, n_spread))
    score, touched, ends = (
        np.zeros(room, np.float32),
        np.empty(room, np.uint32),
        np.zeros(n_spread, np.uint64),
    )
    bits, values, best = (
        score.view(np.uint32),
        np.empty(n_items + 1, np.float32),
        np.empty(items.shape[2], np.uint64),
    )
    hidden_from, found_for, pairs = (
        np.full(n_items, NOBODY),
        np.full(n_items, NOBODY),
        np.empty(found.pairs.shape[1], np.int32),
    )
    keys = np.empty(n_items if len(best) > MANY else 0, np.uint64)
    for user in range(worker, n_users, workers):
        if n_spread < n_sources:
            for h in range(hidden_start[user], hidden_start[user + 1]):
                hidden_from[hidden_item[h]] = user
        for source in range(n_sources):
            n, p = spread_of[source], popular_of[source]
            if p >= 0:
                sizes[user, source] = _keep_popular(
                    popularity, order, p, hidden_from, items, scores, user, source
                )
                continue
            if user + workers < n_users:
                _announce(histories, sources, n, user + workers)
            base, ends[n] = (
                _base(sources, n),
                _spread_any(histories, sources, n, user, score, touched, values),
            )
            _hide(hidden_item, hidden_start[user], hidden_start[user + 1], base, score)
            size = _best_spread(score, bits, touched, base, ends[n], values, keys, best)
            _keep_spread(score, base, best, size, items, scores, user, source)
            sizes[user, source] = size
        n_pairs = _distinct(items, sizes, user, found_for, pairs)
        found.n_pairs[user] = n_pairs
        _write_pairs(pairs, n_pairs, found.pairs, user)
        for source in range(n_sources):
            n, p, best_score = (
                spread_of[source],
                popular_of[source],
                scores[user, source, 0] if sizes[user, source] else 1.0,
            )
            if p >= 0:
                _relate_popular(popularity, p, best_score, pairs, n_pairs, features, user, source)
            else:
                _relate_spread(
                    score, _base(sources, n), best_score, pairs, n_pairs, features, user, source
                )
        for n in range(n_spread):
            _clear(score, touched, _base(sources, n), ends[n])
