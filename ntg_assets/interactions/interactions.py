"""The log as dense codes: what every matrix computation of taste and ranking starts from.

Codes live inside the computation only; every table carries the ids of the source.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Ints, Longs, codes_of, distinct, starts_of
from ntg_assets.interactions.dislikes import MARK
from ntg_assets.interactions.row_order import order_rows
from ntg_assets.interactions.rows import Rows

HISTORY = ("user_id", "item_id", "event_at")  # columns of a log that interactions are made from
# integer ids are looked up in an array while their range is below so many times the rows; sparse
# ones are joined
LOOKUP_SHARE = 4


@dataclass(frozen=True)
class Interactions:
    """Distinct (user, item, instant) rows, each user's most recent first
    (then by item id): the same for rows in any order.

    Attributes:
        users: User ids, ascending; a user's code is the position.
        items: Item ids by falling number of users, then by id, so that a lower code breaks a tie;
        an item's code is the position.
        user: Code of each row's user.
        item: Code of each row's item.
        at: Instant of each row, microseconds since 1970.
        is_latest: Whether the row is the user's latest with this item: these rows are the distinct
            (user, item) pairs.
        is_disliked: Whether the row's user disliked its item, by the latest event; None: nothing
            says so.
    """

    users: pl.Series
    items: pl.Series
    user: Ints
    item: Ints
    at: Longs
    is_latest: Flags
    is_disliked: Flags | None = None

    @cached_property
    def liked(self) -> "Interactions":
        """The same users without what they disliked: what their profiles are made of."""
        if self.is_disliked is None:
            return self
        kept = ~self.is_disliked
        rows = (self.user[kept], self.item[kept], self.at[kept], self.is_latest[kept])
        return Interactions(self.users, self.items, *rows)

    @cached_property
    def memo(self) -> dict[object, object]:
        """What was made of these users and may be asked for again, by what makes it."""
        return {}

    @cached_property
    def n_users_of_item(self) -> Longs:
        """Distinct users of each item."""
        return np.bincount(self.item[self.is_latest], minlength=len(self.items))

    @cached_property
    def n_repeat_users_of_item(self) -> Longs:
        """Distinct users of each item who had it at more than one instant."""
        earlier = ~self.is_latest
        pairs = distinct(
            self.user[earlier].astype(np.int64) * max(self.n_items, 1) + self.item[earlier]
        )
        return np.bincount(pairs % max(self.n_items, 1), minlength=len(self.items))

    @cached_property
    def id_rank(self) -> Longs:
        """Position of each item's id in ascending order, for ties that go to the lower id."""
        return np.argsort(self.items.arg_sort().to_numpy(), kind="stable")

    @cached_property
    def start(self) -> Longs:
        """Where each user's rows start, with the end as last entry."""
        return starts_of(self.user, n_groups=self.n_users)

    def block(self, first: int, last: int) -> "Interactions":
        """Return the users with codes in [first, last), with all their rows."""
        rows = slice(self.start[first], self.start[min(last, self.n_users)])
        user = self.user[rows] - np.int32(first)
        return Interactions(
            self.users[first:last],
            self.items,
            user,
            self.item[rows],
            self.at[rows],
            self.is_latest[rows],
            None if self.is_disliked is None else self.is_disliked[rows],
        )

    def only(self, kept: Flags) -> "Interactions":
        """Return some of the users (flags by code), with all their rows."""
        rows = kept[self.user]
        code = (np.cumsum(kept) - 1).astype(np.int32)
        return Interactions(
            self.users.filter(pl.Series(kept)),
            self.items,
            code[self.user[rows]],
            self.item[rows],
            self.at[rows],
            self.is_latest[rows],
            None if self.is_disliked is None else self.is_disliked[rows],
        )

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)


def code_interactions(
    events: pl.DataFrame, *, items: pl.Series | None = None, compiled: bool | None = None
) -> Interactions:
    """Code a log.

    Args:
        events: One row per event: `user_id`, `item_id` (integers or strings), `event_at`. Rows of
        one user, item and instant count once. `is_disliked` (`mark_dislikes`) may stand beside.
        items: The catalogue in the order of its codes, where it is known already; rows of other
        items are left out. None: that of the log.
        compiled: Which engine sorts; none: by the number of rows. Both give the same bits.
    """
    (users, user), (known, item) = _ranked(events["user_id"]), _ranked(events["item_id"])
    at = events["event_at"].to_physical().cast(pl.Int64).to_numpy()
    marks = _marks(events, user, item, at, n_items=len(known))
    rows = order_rows(user, item, at, n_users=len(users), n_items=len(known), compiled=compiled)
    disliked = None if marks is None else _disliked(rows, marks, n_items=len(known))
    if items is None:
        order = np.argsort(
            -np.bincount(rows.item[rows.is_latest], minlength=len(known)), kind="stable"
        )
        number = np.empty(len(known), np.int32)
        number[order] = np.arange(len(known), dtype=np.int32)
        columns = (rows.user, number[rows.item], rows.at, rows.is_latest, disliked)
        return Interactions(users, known.gather(order), *columns)
    number = codes_of(known, known=items).astype(np.int32)
    if number.min(initial=0) >= 0:
        columns = (rows.user, number[rows.item], rows.at, rows.is_latest, disliked)
        return Interactions(users, items, *columns)
    return _only_known(users, items, rows, number[rows.item], disliked)


class _Marks(NamedTuple):
    """Events that dislike: (user, item) as a number, instant."""

    pair: Longs
    at: Longs


def _marks(
    events: pl.DataFrame, user: Ints, item: Ints, at: Longs, *, n_items: int
) -> _Marks | None:
    if MARK not in events.columns:
        return None
    rows = events[MARK].fill_null(value=False).to_numpy()
    return _Marks(user[rows].astype(np.int64) * n_items + item[rows], at[rows])


def _disliked(rows: Rows, marks: _Marks, *, n_items: int) -> Flags:
    """Say of each row whether the latest event of its user with its item dislikes it."""
    pair = rows.user.astype(np.int64) * n_items + rows.item
    latest = np.flatnonzero(rows.is_latest)
    latest = latest[np.argsort(pair[latest])]
    place = np.searchsorted(pair[latest], marks.pair)
    return np.isin(pair, marks.pair[rows.at[latest[place]] == marks.at])


def _only_known(
    users: pl.Series, items: pl.Series, rows: Rows, item: Ints, disliked: Flags | None
) -> Interactions:
    """Leave out rows without a code of an item, and users without any other."""
    kept = item >= 0
    is_left = np.zeros(len(users), np.bool_)
    is_left[rows.user[kept]] = True
    number = np.cumsum(is_left, dtype=np.int32) - np.int32(1)
    return Interactions(
        users.filter(is_left),
        items,
        number[rows.user[kept]],
        item[kept],
        rows.at[kept],
        rows.is_latest[kept],
        None if disliked is None else disliked[kept],
    )


def _ranked(ids: pl.Series) -> tuple[pl.Series, Ints]:
    """Return the distinct ids, ascending, and the position of each row's id among them."""
    low, high = (ids.min(), ids.max()) if ids.dtype.is_integer() else (None, None)
    if isinstance(low, int) and isinstance(high, int) and high - low < LOOKUP_SHARE * len(ids):
        offset = ids.to_numpy() - low
        is_there = np.zeros(high - low + 1, np.bool_)
        is_there[offset] = True
        number = np.cumsum(is_there, dtype=np.int32) - np.int32(1)
        return pl.Series(ids.name, np.flatnonzero(is_there) + low, dtype=ids.dtype), number[offset]
    distinct = ids.unique().sort()
    return distinct, codes_of(ids, known=distinct).astype(np.int32)
