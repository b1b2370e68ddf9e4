"""The item graphs, made in one piece or where the log lies; the bits are the same.

Where it lies, SQL applies the guardrails, blocks of users count what items share, and the counts,
which have the size of the item side, come home to be cut to the strongest edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Floats, Longs
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.engines.kernel import Cluster
from ntg_assets.interactions.interactions import HISTORY
from ntg_assets.sql import Source, query
from ntg_assets.taste.ease_graph import (
    build_linear_graph,
    linear_edges,
    weights_from_gram,
)
from ntg_assets.taste.edges import Neighbours, no_neighbours
from ntg_assets.taste.neighbours import CountBlock, choose_neighbours, rows_at_once
from ntg_assets.taste.taste_graph import (
    GUARDRAIL_SCHEMA,
    Graph,
    build_taste_graph,
    edge_cuts,
    edges_by_id,
)


class Members(NamedTuple):
    """What the guardrails on rows left, where the log lies.

    Attributes:
        pairs: Rows of `graph_pairs.sql`.
        rows: Rows of `graph_members.sql`.
        supports: Rows of `graph_support.sql`.
        ids: Item ids by their numbers: falling support, ties by id.
        support: Users of each.
        max_items: Items of a user that count.
    """

    pairs: Source
    rows: Source
    supports: pl.DataFrame
    ids: pl.Series
    support: Longs
    max_items: int


@dataclass(frozen=True)
class TasteGraphKernel:
    """Builds the taste graph; see `build_taste_graph`."""

    settings: TasteSettings
    columns: Sequence[str] = HISTORY

    def whole(self, events: pl.DataFrame) -> Graph:
        return build_taste_graph(events, settings=self.settings)

    def divided(self, events: Source, cluster: Cluster) -> Graph:
        settings = self.settings
        members = _members(
            events,
            cluster,
            max_items=settings.max_items_per_user,
            min_support=settings.min_item_support,
        )
        found = _neighbours(members, cluster, settings=settings)
        guardrails = [
            *_row_cuts(members, cluster),
            *edge_cuts(found, n_items=len(members.ids)),
        ]
        return Graph(
            edges_by_id(found, members.ids, members.support),
            pl.DataFrame(guardrails, schema=GUARDRAIL_SCHEMA),
        )


@dataclass(frozen=True)
class LinearGraphKernel:
    """Learns the linear graph; see `build_linear_graph`."""

    settings: TasteSettings
    columns: Sequence[str] = HISTORY

    def whole(self, events: pl.DataFrame) -> pl.DataFrame:
        return build_linear_graph(events, settings=self.settings)

    def divided(self, events: Source, cluster: Cluster) -> pl.DataFrame:
        """Solve on this side: a matrix of all items is inverted. With fewer users than items their
        histories come home, since the smaller matrix is that of the users.
        """
        settings = self.settings
        members = _members(
            events,
            cluster,
            max_items=settings.linear_max_items_per_user,
            min_support=settings.linear_min_item_support,
            most=settings.linear_max_items,
        )
        n_items = len(members.ids)
        if n_items == 0:
            return linear_edges(members.ids, None)
        if int(_work(members, cluster)["n_users"].item()) < n_items:
            columns = query("taste", "graph_history", {"events": events})
            return self.whole(cluster.ask(columns))
        gram = np.zeros((n_items, n_items))
        for counts in cluster.pair_counts(members.rows, n_items=n_items):
            item, other, n_users = (counts[name].to_numpy() for name in counts.columns)
            gram[item, other] = gram[other, item] = n_users
        return linear_edges(members.ids, weights_from_gram(gram, settings=settings))


def _members(
    events: Source, cluster: Cluster, *, max_items: int, min_support: int, most: int | None = None
) -> Members:
    """Apply the guardrails on rows, as `guarded_nodes` does."""
    pairs = cluster.keep(query("taste", "graph_pairs", {"events": events}))
    tables = {"pairs": pairs}
    supports = cluster.ask(query("taste", "graph_support", tables, max_items=max_items))
    kept = (
        supports.filter(pl.col("n_users") >= max(min_support, 1))
        .sort("n_users", "item_id", descending=[True, False])
        .head(supports.height if most is None else most)
    )
    numbers = kept.select("item_id", item=pl.int_range(pl.len(), dtype=pl.Int32))
    rows = cluster.keep(
        query("taste", "graph_members", {**tables, "numbers": numbers}, max_items=max_items)
    )
    support = kept["n_users"].to_numpy().astype(np.int64)
    return Members(pairs, rows, supports, kept["item_id"], support, max_items)


def _neighbours(members: Members, cluster: Cluster, *, settings: TasteSettings) -> Neighbours:
    """Cut the counts of shared users to the strongest edges of each item."""
    n_items, n_found = len(members.ids), 0
    if n_items == 0:
        return no_neighbours()
    parts: list[tuple[Floats, Longs, Longs]] = []
    for counts in cluster.pair_counts(members.rows, n_items=n_items):
        edges = counts.filter(pl.col("item") < pl.col("other"))
        n_found += 2 * edges.height
        enough = edges.filter(pl.col("n_users") >= settings.min_shared_users)
        item, other, n_users = (enough[name].to_numpy() for name in enough.columns)
        parts += [(n_users, item, other), (n_users, other, item)]
    shared = _matrix(parts, n_items)
    at_once = rows_at_once(n_items)
    blocks = (
        CountBlock(first, shared[first : first + at_once], shared[first : first + at_once])
        for first in range(0, n_items, at_once)
    )
    found = choose_neighbours(
        blocks,
        support=members.support,
        k=settings.neighbours_per_item,
        min_shared=settings.min_shared_users,
        shrinkage=settings.shrinkage,
    )
    return replace(found, n_found=n_found)


def _matrix(parts: list[tuple[Floats, Longs, Longs]], n_items: int) -> sp.csr_array:
    shape = (n_items, n_items)
    parts = parts or [(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))]
    data, row, column = (np.concatenate(values) for values in zip(*parts, strict=True))
    return sp.csr_array((data.astype(np.int32), (row, column)), shape=shape)


def _work(members: Members, cluster: Cluster) -> pl.DataFrame:
    tables = {"pairs": members.pairs, "members": members.rows}
    return cluster.ask(query("taste", "graph_work", tables, max_items=members.max_items))


def _row_cuts(members: Members, cluster: Cluster) -> list[dict[str, object]]:
    """Report the guardrails on rows, as `guarded_nodes` does."""
    supports, work = members.supports, _work(members, cluster).row(0, named=True)
    n_events = [
        int(supports["n_instants"].sum()),
        int(supports["n_pairs"].sum()),
        int(supports["n_users"].sum()),
        int(members.support.sum()),
    ]
    n_items = [
        supports.height,
        supports.height,
        supports.filter(pl.col("n_users") > 0).height,
        len(members.ids),
    ]
    updates = [work[f"{name}_updates"] for name in ("all", "pair", "capped", "member")]
    names = ("repeated_events", "max_items_per_user", "min_item_support")
    return [
        {
            "guardrail": name,
            "position": position,
            "n_events_removed": n_events[position - 1] - n_events[position],
            "n_items_removed": n_items[position - 1] - n_items[position],
            "n_events_left": n_events[position],
            "n_items_left": n_items[position],
            "n_updates_saved": updates[position - 1] - updates[position],
        }
        for position, name in enumerate(names, start=1)
    ]
