"""Coded rows of a log, as arrays."""

from typing import NamedTuple

from ntg_assets.arrays import Flags, Ints, Longs


class Rows(NamedTuple):
    """Coded rows.

    Attributes:
        user: Code of the user.
        item: Code of the item.
        at: Instant.
        is_latest: Whether the row is the user's latest with the item.
    """

    user: Ints
    item: Ints
    at: Longs
    is_latest: Flags
