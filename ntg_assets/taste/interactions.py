"""The log as dense codes: what every matrix computation of taste and ranking starts from.

Codes live inside the computation only; every table carries the ids of the source.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Interactions:
    """Distinct (user, item, instant) rows, each user's most recent first (then by item id): the same for rows in any order.

    Attributes:
        users: User ids, ascending; a user's code is the position.
        items: Item ids by falling number of users, then by id, so that a lower code breaks a tie; an item's code is the position.
        user: Code of each row's user.
        item: Code of each row's item.
        at: Instant of each row, microseconds since 1970.
        is_latest: Whether the row is the user's latest with this item: these rows are the distinct (user, item) pairs.
    """

    users: pl.Series
    items: pl.Series
    user: Ints
    item: Ints
    at: Longs
    is_latest: Flags

    @cached_property
    def n_users_of_item(self) -> Longs:
        """Distinct users of each item."""
        return np.bincount(self.item[self.is_latest], minlength=len(self.items))

    @cached_property
    def n_repeat_users_of_item(self) -> Longs:
        """Distinct users of each item who had it at more than one instant."""
        earlier = ~self.is_latest
        pairs = np.unique(self.user[earlier].astype(np.int64) * max(self.n_items, 1) + self.item[earlier])
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
        return Interactions(self.users[first:last], self.items, user, self.item[rows], self.at[rows], self.is_latest[rows])

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)


def code_interactions(events: pl.DataFrame, *, items: pl.Series | None = None) -> Interactions:
    """Code a log.

    Args:
        events: One row per event: `user_id`, `item_id` (integers or strings), `event_at`. Rows of one user, item and instant count once.
        items: The catalogue in the order of its codes, where it is known already; rows of other items are left out. None: that of the log.
    """
    rows = events.select("user_id", "item_id", pl.col("event_at").to_physical().cast(pl.Int64).alias("at")).unique()
    catalogue = _by_users(rows) if items is None else items
    rows = rows.join(_numbered(catalogue, "item_id", "item"), on="item_id")
    users = rows["user_id"].unique().sort()
    coded = rows.join(_numbered(users, "user_id", "user"), on="user_id").sort("user", "at", "item_id", descending=[False, True, False])
    user, item = coded["user"], coded["item"]
    is_latest = (user.cast(pl.Int64) * max(len(catalogue), 1) + item.cast(pl.Int64)).is_first_distinct()
    return Interactions(users, catalogue, user.to_numpy(), item.to_numpy(), coded["at"].to_numpy(), is_latest.to_numpy())


def _by_users(rows: pl.DataFrame) -> pl.Series:
    """Return the items by falling number of users, then by id."""
    pairs = rows.select("user_id", "item_id").unique()
    return pairs.group_by("item_id").len().sort("len", "item_id", descending=[True, False])["item_id"]


def _numbered(ids: pl.Series, name: str, code: str) -> pl.DataFrame:
    return pl.DataFrame({name: ids, code: np.arange(len(ids), dtype=np.int32)})


def starts_of(groups: npt.NDArray[np.integer], *, n_groups: int) -> Longs:
    """Return where each group starts in rows sorted by group, with the end as last entry (a CSR row pointer)."""
    return np.concatenate(([0], np.cumsum(np.bincount(groups, minlength=n_groups)))).astype(np.int64)


def position_in_group(groups: npt.NDArray[np.integer], *, n_groups: int) -> Longs:
    """Return each row's position (from 0) inside its group; rows are sorted by group."""
    return np.arange(len(groups), dtype=np.int64) - starts_of(groups, n_groups=n_groups)[groups]


def codes_of(ids: pl.Series, *, known: pl.Series) -> Longs:
    """Return the code of each id: its position in `known`, or -1 where it is unknown."""
    lookup = pl.DataFrame({"id": known, "code": np.arange(len(known), dtype=np.int64)})
    wanted = pl.DataFrame({"id": ids.cast(known.dtype)})
    return wanted.join(lookup, on="id", how="left", maintain_order="left")["code"].fill_null(-1).to_numpy()
