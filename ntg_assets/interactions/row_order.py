"""Rows of a log in the one order that everything starts from: one definition,
two engines with the same bits.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Ints, Longs
from ntg_assets.interactions.rows import Rows

# rows; below, sorting them in numpy takes a second or two and compiling would take longer
COMPILED_FROM = 5_000_000


def order_rows(
    user: Ints, item: Ints, at: Longs, *, n_users: int, n_items: int, compiled: bool | None = None
) -> Rows:
    """Sort rows by user, then the most recent first, then by item code; equal ones count once.

    Args:
        user: Code of each row's user, below `n_users`; may be overwritten.
        item: Code of each row's item, below `n_items`; may be overwritten.
        at: Instant of each row.
        n_users: Users.
        n_items: Items.
        compiled: Which engine; none: by the number of rows.
    """
    if compiled is None:
        compiled = len(user) >= COMPILED_FROM
    if compiled:
        from ntg_assets.interactions.row_order_kernel import (  # noqa: PLC0415  # a small input never pays for numba
            compiled_order,
        )

        return Rows(*compiled_order(user, item, at, n_users=n_users, n_items=n_items))
    order = np.lexsort((item, -at, user))
    user, item, at = user[order], item[order], at[order]
    is_new = np.ones(len(user), np.bool_)
    is_new[1:] = (user[1:] != user[:-1]) | (at[1:] != at[:-1]) | (item[1:] != item[:-1])
    user, item, at = user[is_new], item[is_new], at[is_new]
    is_latest = (
        pl.Series(user.astype(np.int64) * max(n_items, 1) + item).is_first_distinct().to_numpy()
    )
    return Rows(user, item, at, is_latest)
