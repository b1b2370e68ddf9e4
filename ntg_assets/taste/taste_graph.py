"""The taste graph: which items are had by the same users, with guardrails,
and the evidence of each edge.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Longs, position_in_group, starts_of
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.taste.edges import Neighbours, UserItems
from ntg_assets.taste.neighbours import top_neighbours


class Graph(NamedTuple):
    """A graph and what its guardrails removed.

    Attributes:
        edges: `taste_graph`: one row per (item, neighbour).
        guardrails: `graph_guardrails`: one row per guardrail, in the order in which they act.
    """

    edges: pl.DataFrame
    guardrails: pl.DataFrame


class Nodes(NamedTuple):
    """What the guardrails on rows left.

    Attributes:
        matrix: The kept (user, item) pairs.
        codes: Item code of each item number of the matrix.
        rows: Rows of the interactions behind the matrix.
        removed: Rows of the guardrail report so far.
    """

    matrix: UserItems
    codes: Longs
    rows: Longs
    removed: list[dict[str, object]]


def build_taste_graph(
    events: pl.DataFrame, *, settings: TasteSettings, compiled: bool | None = None
) -> Graph:
    """Build the item-item graph of a log.

    Args:
        events: One row per event: `user_id`, `item_id`, `event_at`.
        settings: Guardrails and shrinkage.
        compiled: Which engine; none: by the amount of work. The bits are the same.

    Returns:
        Edges, at most `neighbours_per_item` per item by falling similarity (ties: more users, then
        the lower id), and the guardrail report.
    """
    return graph_of(code_interactions(events), settings=settings, compiled=compiled)


def graph_of(
    interactions: Interactions, *, settings: TasteSettings, compiled: bool | None = None
) -> Graph:
    """Build the graph of a coded log; see `build_taste_graph`."""
    nodes = guarded_nodes(interactions, settings=settings)
    found = top_neighbours(
        nodes.matrix,
        k=settings.neighbours_per_item,
        min_shared=settings.min_shared_users,
        shrinkage=settings.shrinkage,
        compiled=compiled,
    )
    guardrails = [*nodes.removed, *edge_cuts(found, n_items=len(nodes.codes))]
    return Graph(
        edge_table(found, nodes, interactions), pl.DataFrame(guardrails, schema=GUARDRAIL_SCHEMA)
    )


GUARDRAIL_SCHEMA = {
    "guardrail": pl.String,
    "position": pl.Int64,
    "n_events_removed": pl.Int64,
    "n_items_removed": pl.Int64,
    "n_edges_removed": pl.Int64,
    "n_events_left": pl.Int64,
    "n_items_left": pl.Int64,
    "n_edges_left": pl.Int64,
    "n_updates_saved": pl.Int64,
}


def guarded_nodes(interactions: Interactions, *, settings: TasteSettings) -> Nodes:
    """Apply the guardrails on rows: one row per (user, item),
    the most recent items of each user, items with enough users.
    """
    kept = np.flatnonzero(interactions.is_latest)
    report = [
        _row_cut(
            "repeated_events",
            1,
            interactions.is_latest,
            np.ones(len(interactions.item), np.bool_),
            interactions,
        )
    ]
    recent = (
        position_in_group(interactions.user[kept], n_groups=interactions.n_users)
        < settings.max_items_per_user
    )
    capped = _only(kept[recent], len(interactions.item))
    report.append(_row_cut("max_items_per_user", 2, capped, interactions.is_latest, interactions))
    support = np.bincount(interactions.item[capped], minlength=interactions.n_items)
    supported = capped & (support >= settings.min_item_support)[interactions.item]
    report.append(_row_cut("min_item_support", 3, supported, capped, interactions))
    codes = _by_support(
        np.where(support >= settings.min_item_support, support, 0), interactions.id_rank
    )
    number = np.full(interactions.n_items, -1, np.int32)
    number[codes] = np.arange(len(codes), dtype=np.int32)
    start = starts_of(interactions.user[supported], n_groups=interactions.n_users)
    return Nodes(
        UserItems(start, number[interactions.item[supported]], len(codes)),
        codes,
        np.flatnonzero(supported),
        report,
    )


def edge_cuts(found: Neighbours, *, n_items: int) -> list[dict[str, object]]:
    """Report the guardrails on edges."""
    cuts = [
        ("min_shared_users", found.n_found, found.n_supported),
        ("neighbours_per_item", found.n_supported, len(found.item)),
    ]
    return [
        {
            "guardrail": name,
            "position": position,
            "n_events_removed": 0,
            "n_items_removed": 0,
            "n_edges_removed": before - after,
            "n_items_left": n_items,
            "n_edges_left": after,
            "n_updates_saved": 0,
        }
        for position, (name, before, after) in enumerate(cuts, start=4)
    ]


def edge_table(found: Neighbours, nodes: Nodes, interactions: Interactions) -> pl.DataFrame:
    """Write edges with the ids of the source."""
    return edges_by_id(found, interactions.items.gather(nodes.codes), nodes.matrix.support)


def edges_by_id(found: Neighbours, ids: pl.Series, support: Longs) -> pl.DataFrame:
    """Write edges with ids.

    Args:
        found: Edges between item numbers.
        ids: Id of each item number.
        support: Users of each item number.
    """
    return pl.DataFrame(
        {
            "item_id": ids.gather(found.item),
            "neighbour_id": ids.gather(found.neighbour),
            "rank": found.rank + 1,
            "similarity": found.similarity,
            "cosine": found.cosine,
            "shared_users": found.shared,
            "item_users": support[found.item],
            "neighbour_users": support[found.neighbour],
        }
    )


def _row_cut(
    name: str, position: int, after: Flags, before: Flags, interactions: Interactions
) -> dict[str, object]:
    left, had = (np.count_nonzero(np.bincount(interactions.item[rows])) for rows in (after, before))
    return {
        "guardrail": name,
        "position": position,
        "n_events_removed": int(before.sum() - after.sum()),
        "n_items_removed": had - left,
        "n_events_left": int(after.sum()),
        "n_items_left": left,
        "n_updates_saved": _updates(before, interactions) - _updates(after, interactions),
    }


def _updates(rows: Flags, interactions: Interactions) -> int:
    sizes = np.bincount(interactions.user[rows], minlength=interactions.n_users).astype(np.int64)
    return int((sizes * sizes).sum())


def _only(rows: Longs, n_rows: int) -> Flags:
    flags = np.zeros(n_rows, np.bool_)
    flags[rows] = True
    return flags


def _by_support(support: Longs, id_rank: Longs) -> Longs:
    """Return the codes of supported items by falling support, ties by id."""
    order = np.lexsort((id_rank, -support))
    return order[: np.count_nonzero(support)]
