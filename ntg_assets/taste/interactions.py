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
    def id_rank(self) -> Longs:
        """Position of each item's id in ascending order, for ties that go to the lower id."""
        return np.argsort(self.items.arg_sort().to_numpy(), kind="stable")

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)


def code_interactions(events: pl.DataFrame) -> Interactions:
    """Code a log.

    Args:
        events: One row per event: `user_id`, `item_id` (integers or strings), `event_at`. Rows of one user, item and instant count once.
    """
    rows = events.select("user_id", "item_id", pl.col("event_at").to_physical().cast(pl.Int64).alias("at")).unique()
    users, items = rows["user_id"].unique().sort(), rows["item_id"].unique().sort()
    coded = rows.select(
        (pl.col("user_id").rank("dense") - 1).cast(pl.Int32).alias("user"),
        (pl.col("item_id").rank("dense") - 1).cast(pl.Int32).alias("item"),
        "at",
    ).sort("user", "at", "item", descending=[False, True, False])
    is_latest = (coded["user"].cast(pl.Int64) * max(len(items), 1) + coded["item"].cast(pl.Int64)).is_first_distinct().to_numpy()
    by_id = coded["item"].to_numpy()
    order = np.argsort(-np.bincount(by_id[is_latest], minlength=len(items)), kind="stable")
    code = np.empty(len(items), np.int32)
    code[order] = np.arange(len(items), dtype=np.int32)
    return Interactions(users, items.gather(order), coded["user"].to_numpy(), code[by_id], coded["at"].to_numpy(), is_latest)


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
