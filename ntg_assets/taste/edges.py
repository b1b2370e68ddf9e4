"""The matrix and edges that every graph engine shares."""

from dataclasses import dataclass

import numpy as np

from ntg_assets.arrays import Floats, Ints, Longs


@dataclass(frozen=True)
class UserItems:
    """A binary users x items matrix by user; items are numbered by falling support
    (ties by id), so a lower number wins a tie.

    Attributes:
        start: Where each user's items start (users + 1 entries).
        items: Item numbers, by user.
        n_items: Items, each with at least one user.
    """

    start: Longs
    items: Ints
    n_items: int

    @property
    def n_updates(self) -> int:
        """Count updates that all pairs of items of all users need: the work."""
        sizes = np.diff(self.start)
        return int((sizes * sizes).sum())

    @property
    def support(self) -> Longs:
        """Users of each item."""
        return np.bincount(self.items, minlength=self.n_items)


@dataclass(frozen=True)
class Neighbours:
    """Chosen edges by item and rank, and how many there were before each cut.

    Attributes:
        item: Item number of each edge's start.
        neighbour: Item number of its end.
        rank: From 0 within the item.
        shared: Users (or weighted transitions) behind the edge.
        cosine: shared / sqrt(support of start * support of end).
        similarity: cosine * shared / (shared + shrinkage).
        n_found: Edges with any shared user.
        n_supported: Edges with enough shared users.
    """

    item: Longs
    neighbour: Longs
    rank: Longs
    shared: Longs
    cosine: Floats
    similarity: Floats
    n_found: int
    n_supported: int


def no_neighbours() -> Neighbours:
    """Edges of an empty graph."""
    none = np.empty(0, np.int64)
    return Neighbours(none, none, none, none, np.empty(0), np.empty(0), n_found=0, n_supported=0)


def cosines(
    strength: Floats | Longs | Ints, item: Longs, neighbour: Longs, support: Longs
) -> Floats:
    """Return strength / sqrt(support * support) of edges: the one formula,
    for two that differ in the last bit would reorder ties.
    """
    return strength / np.sqrt((support[item] * support[neighbour]).astype(np.float64))
