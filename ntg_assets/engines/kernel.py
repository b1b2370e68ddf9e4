"""Matrix work over the log that can be done in one piece, or where the log lies.

What grows with events is cut by SQL and worked on in blocks of whole users. What is counted comes
back as integers, which add up to the same in any order; what is made of each user (`by_users`)
depends on the user's own rows and on the item side alone. So `divided` gives the bits of `whole`,
and a test holds every kernel to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import polars as pl

from ntg_assets.sql import Query, Source

Result_co = TypeVar("Result_co", covariant=True)
# rows of whole users in, a frame of each table out, at every step
OnUsers: TypeAlias = Callable[[pl.DataFrame], Iterator[tuple[pl.DataFrame, ...]]]

Note: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class UserWork:
    """Work on blocks of whole users (or files), as what a worker far away makes it from.

    Attributes:
        maker: Function of a module of this package that makes it, called with `frames` and `facts`.
        n_tables: Tables of which every step makes a frame.
        frames: Tables of the item side.
        facts: Whatever JSON holds.
        key: Column whose equal rows are worked on together.
    """

    maker: Callable[[Mapping[str, pl.DataFrame], Mapping[str, Any]], OnUsers]
    n_tables: int
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str = "user_id"


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

    def by_users(
        self, rows: Query, work: UserWork, *, note: Note
    ) -> Sequence[Iterator[pl.DataFrame]]:
        """Work on blocks of whole users where the log lies.

        Args:
            rows: Has `user_id`; a user's rows are worked on together, in no order.
            work: What is done with them.
            note: Is told what the workers are given, for the record.

        Returns:
            The frames of each table (at least one), in no order, to be read once.
        """


class FileWorkers(Protocol):
    """Workers that see the source files, by the paths by which they are seen here."""

    @property
    def least_bytes(self) -> int:
        """Bytes of files below which asking them costs more than reading here."""

    @property
    def shared(self) -> Path:
        """A folder that both sides see, until the run ends."""

    def ask(self, query: Query) -> pl.DataFrame:
        """As `Cluster.ask`; the query names `Rows`."""

    def by_files(
        self, files: pl.DataFrame, work: UserWork, *, note: Note
    ) -> Sequence[Iterator[pl.DataFrame]]:
        """Work on files, each wherever a worker is free.

        Args:
            files: `number`, of each file once, and what else the work takes; those that take
                longest first.
            work: What is done with them; its key is `number`.
            note: As of `Cluster.by_users`.

        Returns:
            As `Cluster.by_users`.
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
