"""Matrix work over the log that can be done in one piece, or where the log lies.

What grows with events is cut by SQL and counted in blocks of whole users; what comes back has the
size of the item side, and is finished here. Blocks yield integers, which add up to the same in any
order; so `divided` gives the bits of `whole`, and a test holds every kernel to it.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import polars as pl

from ntg_assets.sql import Query, Source

Result_co = TypeVar("Result_co", covariant=True)


class Cluster(Protocol):
    """What a kernel may ask of whoever holds the log."""

    def ask(self, query: Query) -> pl.DataFrame:
        """Answer a question over the log and what was kept of it; the answer is small."""

    def keep(self, query: Query) -> Source:
        """Store what a query makes where the log lies, until the kernel is done."""

    def pair_counts(self, pairs: Source, *, n_items: int) -> Iterator[pl.DataFrame]:
        """Count the users that two items share.

        Args:
            pairs: `user_id`, `item` (0 to `n_items` - 1): who had what, each pair once.
            n_items: Items.

        Yields:
            `item`, `other`, `n_users` of the pairs of items that have users in common, `item` <=
                `other` (an item with itself: its users); sorted by `item`, then `other`; an item's
                rows may be divided between frames.
        """


class Kernel(Protocol[Result_co]):
    """Work over the whole log that ends in something small."""

    @property
    def columns(self) -> Sequence[str]:
        """Columns of the log that `whole` needs."""

    def whole(self, events: pl.DataFrame) -> Result_co:
        """Do it in one piece, with the log in memory."""

    def divided(self, events: Source, cluster: Cluster) -> Result_co:
        """Do it where the log lies; the same bits."""
