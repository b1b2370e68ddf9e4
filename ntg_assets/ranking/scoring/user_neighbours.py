"""User neighbours: what those lately took who had what a user took last.

A user's decayed profile is compared with what others had; the nearest of them speak for what they
took, the later the louder, and rare items louder than what everybody has. Only so many users can be
neighbours, those who were there last, with so many of their latest items: the cost of a user does
not grow with the log.

Source: Ludewig and Jannach 2018 (V-SKNN: decayed profile, cosine, rarity); Garg et al. 2019 (STAN:
what a neighbour took last counts most).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Floats, Longs, position_in_group, starts_of
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.interactions.top_k import top_k_rows

# of a user; 100 were as good within noise and took twice the time, 300 were worse on songs
MOST_NEIGHBOURS = 50
MOST_USERS = 5_000  # who can be neighbours
MOST_ITEMS = 100  # of each of them, the latest
PROFILE_ITEMS = 30  # of the user: what lies further back hardly counts at a half-life of 3
HALF_LIFE = 20.0  # items of a neighbour after which one counts half: "lately"
MOST_WHOLE = 20_000_000  # entries of a matrix that is laid out whole: 80 MB
ENTRIES_AT_ONCE = 4_000_000  # rows of evidence x items: 16 MB
ROWS_AT_ONCE = 512  # users beside all who can be neighbours: 10 MB


@dataclass(frozen=True)
class UserNeighbours:
    """Users who can be neighbours, and what they took.

    Attributes:
        users: Their ids, ascending; a position is a code.
        likeness: Items x users: what sharing an item says, 1 / sqrt(items of the other user).
        takes: Users x items: 0.5 ** (place / `HALF_LIFE`) times the rarity log((users + 1) / its
            users), above 0; a place counts the user's items from the latest on.
    """

    users: pl.Series
    likeness: sp.csr_array
    takes: sp.csr_array

    @cached_property
    def likeness_in_use(self) -> sp.csr_array | npt.NDArray[np.float32]:
        """`likeness`, as a whole where that is small: a third of the time."""
        size = self.likeness.shape[0] * self.likeness.shape[1]
        return self.likeness.toarray() if size <= MOST_WHOLE else self.likeness

    @cached_property
    def codes(self) -> dict[object, int]:
        """Code of each id: a request asks for one of many, which no join is worth."""
        return {user: code for code, user in enumerate(self.users.to_list())}

    @cached_property
    def shared(self) -> sp.csr_array:
        """`likeness` by user: users x items."""
        return self.likeness.T.tocsr()


class Takes(NamedTuple):
    """What those took who can be neighbours.

    Attributes:
        rows: `user_id`, `item` (code), `place` (from 0, the latest), `at` (microseconds): by user,
            then by place; at most `MOST_ITEMS` of a user.
        n_users: Users of the whole log.
    """

    rows: pl.DataFrame
    n_users: int


def user_neighbours(log: Interactions) -> UserNeighbours:
    """Choose who can be a neighbour: the users who were there last (ties: the lower id).

    Args:
        log: Everything before the cutoff, coded with the items of the model. What a user disliked
            is no take.
    """
    return neighbours_among(latest_takes(log), n_users_of_item=log.n_users_of_item)


def latest_takes(log: Interactions) -> Takes:
    """Choose who can be a neighbour, and return what they took last; see `user_neighbours`."""
    liked = log.liked
    pairs = np.flatnonzero(liked.is_latest)
    place = position_in_group(liked.user[pairs], n_groups=log.n_users)
    pairs, place = pairs[place < MOST_ITEMS], place[place < MOST_ITEMS]
    first = np.flatnonzero(place == 0)  # each user's latest item
    latest = first[np.argsort(-liked.at[pairs[first]], kind="stable")][:MOST_USERS]
    is_chosen = np.zeros(log.n_users, np.bool_)
    is_chosen[liked.user[pairs[latest]]] = True
    kept = is_chosen[liked.user[pairs]]
    rows = pairs[kept]
    columns = {
        "user_id": log.users.gather(liked.user[rows]),
        "item": liked.item[rows],
        "place": place[kept],
        "at": liked.at[rows],
    }
    return Takes(pl.DataFrame(columns), log.n_users)


def neighbours_among(takes: Takes, *, n_users_of_item: Longs) -> UserNeighbours:
    """Lay out what possible neighbours took.

    Args:
        takes: Their items.
        n_users_of_item: Users of the whole log who had each item, by its code.
    """
    user = takes.rows["user_id"].rle_id().to_numpy().astype(np.int64)
    item = takes.rows["item"].to_numpy().astype(np.int64)
    users = takes.rows["user_id"].unique(maintain_order=True)
    shape = (len(users), len(n_users_of_item))
    rarity = np.log((takes.n_users + 1) / np.maximum(n_users_of_item, 1))
    share = 1 / np.sqrt(np.maximum(np.bincount(user, minlength=len(users)), 1))
    strengths = np.exp2(-takes.rows["place"].to_numpy() / HALF_LIFE) * rarity[item]
    return UserNeighbours(
        users,
        _matrix(share[user], item, user, shape[::-1]),
        _matrix(strengths, user, item, shape),
    )


def _matrix(values: Floats, row: Longs, column: Longs, shape: tuple[int, int]) -> sp.csr_array:
    matrix = sp.csr_array((values.astype(np.float32), (row, column)), shape=shape)
    matrix.sort_indices()
    return matrix


def nearest_users(
    profile: sp.csr_array, users: pl.Series, known: UserNeighbours, *, most: int = MOST_NEIGHBOURS
) -> sp.csr_array:
    """Find the users who had most of what each user took last.

    Args:
        profile: Users x items: what of each user's past counts, in single precision.
        users: Their ids: nobody is their own neighbour.
        known: Who can be a neighbour.
        most: Neighbours of a user.

    Returns:
        Users x neighbours in single precision, each row from the nearest on (ties: the lower id).
    """
    own = np.array([known.codes.get(user, -1) for user in users.to_list()], np.int64)
    shape, parts = (profile.shape[0], len(known.users)), []
    for first in range(0, shape[0], ROWS_AT_ONCE):
        rows = own[first : first + ROWS_AT_ONCE]
        near = profile[first : first + ROWS_AT_ONCE] @ known.likeness_in_use
        near = near.toarray() if sp.issparse(near) else near
        near[np.flatnonzero(rows >= 0), rows[rows >= 0]] = 0.0
        best = top_k_rows(near, most)
        parts.append((best.row + first, best.column, best.value))
    if not parts:
        parts.append(top_k_rows(np.zeros((0, shape[1]), np.float32), most)[:3])
    user, other, value = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return sp.csr_array((value, other, starts_of(user, n_groups=shape[0])), shape=shape)


def shared_strengths(
    near: sp.csr_array, known: UserNeighbours, user: Longs, item: Longs
) -> sp.csr_array:
    """Say through which items the neighbours who took an item are alike.

    What a profile gives to an item is the sum, over the profile, of weight times this: so a history
    item has a part of the score, as one has by the edge of a graph.

    Args:
        near: Users x neighbours; see `nearest_users`.
        known: The neighbours.
        user: Row of `near` of each pair.
        item: Code of its item.

    Returns:
        Pairs x items: what having the item adds to the score of the pair's item, per weight.
    """
    sizes = np.diff(near.indptr)[user]
    pair = np.repeat(np.arange(len(user)), sizes)
    entry = (
        near.indptr[user][pair] + np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    )
    other = near.indices[entry].astype(np.int64)
    takes = np.asarray(known.takes[other, item[pair]]).ravel()
    took = np.flatnonzero(takes)
    shape = (len(user), near.shape[1])
    return sp.csr_array((takes[took], (pair[took], other[took])), shape=shape) @ known.shared


def shared_with(
    near: sp.csr_array, known: UserNeighbours, pairs: tuple[Longs, Longs], of: tuple[Longs, Longs]
) -> Floats:
    """Look up `shared_strengths` of some history items of each pair.

    Args:
        near: Users x neighbours.
        known: The neighbours.
        pairs: Row of `near` and item of each pair.
        of: Number of the pair, ascending, and history item of each entry.

    Returns:
        One strength per entry; 0: no neighbour who took the pair's item had the history item.
    """
    (user, item), (pair, had) = pairs, of
    strength, at_once = np.zeros(len(pair)), max(ENTRIES_AT_ONCE // known.takes.shape[1], 1)
    for first in range(0, len(user), at_once):
        last = first + at_once
        rows = slice(*np.searchsorted(pair, (first, last)))
        shared = shared_strengths(near, known, user[first:last], item[first:last]).toarray()
        strength[rows] = shared[pair[rows] - first, had[rows]]
    return strength
