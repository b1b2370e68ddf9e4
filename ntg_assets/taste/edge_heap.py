"""A compiled heap of the best edges of one item, under a total order: higher score,
then lower item number.
"""

from numba import njit

OPTIONS = {"cache": True, "boundscheck": False, "error_model": "numpy"}


@njit(**OPTIONS)
def is_better(score, item, other_score, other_item):
    """Tell whether an edge stands before another one."""
    return score > other_score or (score == other_score and item < other_item)


@njit(**OPTIONS)
def offer(scores, items, counts, size, score, item, count):
    """Offer an edge to a heap (the worst edge at the root); return the heap's size."""
    if size < len(scores):
        at = size
        while at > 0 and is_better(scores[(at - 1) // 2], items[(at - 1) // 2], score, item):
            parent = (at - 1) // 2
            scores[at], items[at], counts[at] = scores[parent], items[parent], counts[parent]
            at = parent
        scores[at], items[at], counts[at] = score, item, count
        return size + 1
    if is_better(score, item, scores[0], items[0]):
        replace_root(scores, items, counts, size, score, item, count)
    return size


@njit(**OPTIONS)
def replace_root(scores, items, counts, size, score, item, count):
    """Put an edge in place of the worst one."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and is_better(
            scores[child], items[child], scores[child + 1], items[child + 1]
        ):
            child += 1
        if not is_better(score, item, scores[child], items[child]):
            break
        scores[at], items[at], counts[at] = scores[child], items[child], counts[child]
        at = child
    scores[at], items[at], counts[at] = score, item, count


@njit(**OPTIONS)
def sort_heap(scores, items, counts, size):
    """Turn a heap into a row, the best edge first."""
    while size > 1:
        size -= 1
        score, item, count = scores[0], items[0], counts[0]
        replace_root(scores, items, counts, size, scores[size], items[size], counts[size])
        scores[size], items[size], counts[size] = score, item, count
