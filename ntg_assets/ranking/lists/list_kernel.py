"""Lists made in one piece, or by workers where the log lies; the bits are the same.

There, each worker has the item side as a file, and makes the lists of blocks of whole users. Only
what those took who can be neighbours comes home before, since it is part of the item side.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ntg_assets.engines.kernel import Cluster, Note
from ntg_assets.interactions.dislikes import history_columns
from ntg_assets.ranking.lists.list_work import ItemSide
from ntg_assets.ranking.scoring.ranking_model import asks_for_neighbours
from ntg_assets.ranking.scoring.scores import Tell, are_many
from ntg_assets.ranking.scoring.user_neighbours import MOST_USERS, Takes, latest_takes
from ntg_assets.sql import Query, Source, Stream, query
from ntg_assets.storage.set_aside import divided


@dataclass(frozen=True)
class ListKernel:
    """Makes the tables of an item side for every user of a log, as one stream each, to be stored in
    their order.

    Attributes:
        side: What lists are made from, and which tables.
        scratch: Where tables wait that are too large for memory.
        tell: Is told how many of how many users are done, where that is seen.
        note: Is told what workers are given, where there are any.
    """

    side: ItemSide
    scratch: Path
    tell: Tell | None = None
    note: Note = lambda _: None

    @property
    def columns(self) -> Sequence[str]:
        return history_columns(self.side.settings.dislikes)

    def whole(self, events: pl.DataFrame) -> tuple[Stream, ...]:
        log = self.side.histories(events)
        steps = self.side.lists(log, self.side.model(log), tell=self.tell)
        return divided(steps, n_tables=len(self.side.tables), folder=self.scratch)

    def divided(self, events: Source, cluster: Cluster) -> tuple[Stream, ...]:
        tables = {"events": events}
        n_users = int(cluster.ask(query("ranking.lists", "users_of_log", tables)).item())
        takes = None
        if asks_for_neighbours(self.side.weights):
            takes = self._takes(events, cluster)._replace(n_users=n_users)
        n_items = self.side.popularity["item_id"].n_unique()
        work = self.side.work(takes, compiled=are_many(n_users, n_items))
        made = cluster.by_users(Query(self._columns_of_events, tables), work, note=self.note)
        return tuple(map(Stream, made))

    @property
    def _columns_of_events(self) -> str:
        return f"select {', '.join(self.columns)} from events"  # noqa: S608  # named in code

    def _takes(self, events: Source, cluster: Cluster) -> Takes:
        """Bring home the histories of so many of the latest users that no other can be among those
        chosen: whose last takes are disliked counts as there earlier.
        """
        n_asked = MOST_USERS
        while True:
            tables: dict[str, Source] = {"events": events}
            latest = cluster.ask(query("ranking.lists", "latest_users", tables, most=n_asked))
            tables["latest"] = latest.select("user_id")
            those = " where user_id in (select latest.user_id from latest)"
            text = self._columns_of_events + those
            takes = latest_takes(self.side.histories(cluster.ask(Query(text, tables))))
            if latest.height < n_asked or _are_settled(takes, latest):
                return takes
            n_asked *= 2


def _are_settled(takes: Takes, latest: pl.DataFrame) -> bool:
    """Whether nobody beyond the latest users can be among those chosen."""
    chosen = takes.rows.filter(pl.col("place") == 0).sort("at", "user_id", descending=[True, False])
    if chosen.height < MOST_USERS:
        return False
    [(user, at)] = chosen.tail(1).select("user_id", "at").rows()
    [(last_user, last_at)] = (
        latest.tail(1).select("user_id", pl.col("latest_at").to_physical()).rows()
    )
    return bool(at > last_at or (at == last_at and user <= last_user))
