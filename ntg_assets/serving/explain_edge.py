"""Why two items are neighbours, or why they are not: the evidence of an edge and the arithmetic of
its similarity.
"""

from dataclasses import dataclass, field
from math import sqrt

import polars as pl

from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.errors import UnknownItemError
from ntg_assets.serving.published import Item, Published
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Table, query
from ntg_assets.stages import INGEST, LIVE
from ntg_assets.storage.run import run


@dataclass(frozen=True)
class Counts:
    """Users of two items: in all (`..._any`), and among each user's most recent items,
    which are those that count.
    """

    item_users_any: int
    neighbour_users_any: int
    shared_users_any: int
    item_users: int
    neighbour_users: int
    shared_users: int


@dataclass(frozen=True)
class EdgeExplanation:
    """The taste edge from one item to another.

    Attributes:
        item: Where the edge starts.
        neighbour: Where it ends.
        is_edge: Whether the graph holds it.
        verdict: The answer in one sentence.
        counts: Users behind it.
        cosine: shared_users / sqrt(item_users * neighbour_users), recomputed.
        similarity: cosine * shared_users / (shared_users + shrinkage), recomputed.
        shrinkage: Setting of that name.
        rank: Place among the item's edges; None without an edge.
        stored_similarity: What the table says; equal to `similarity` to the last bit.
        other_edges: Strength of the edge in each of the other graphs that hold it, by name and
            direction.
    """

    item: Item
    neighbour: Item
    is_edge: bool
    verdict: str
    counts: Counts
    cosine: float
    similarity: float
    shrinkage: float
    rank: int | None = None
    stored_similarity: float | None = None
    other_edges: dict[str, float] = field(default_factory=dict)


def explain_edge(published: Published, item: str, neighbour: str) -> EdgeExplanation:
    """Explain the edge between two items.

    Raises:
        UnknownItemError: one of them is not in the log, or both are the same.
    """
    start, end = published.item(item), published.item(neighbour)
    if start.item_id == end.item_id:
        raise UnknownItemError(
            f"{start.title!r} was asked for twice: an item has no edge to itself."
        )
    settings = published.settings.taste
    counts = _counts(published, start, end)
    cosine, similarity = similarity_of(counts, shrinkage=settings.shrinkage)
    edges = published.rows(LIVE, "taste_graph", item_id=start.item_id)
    found = edges.filter(pl.col("neighbour_id") == end.item_id)
    return EdgeExplanation(
        start,
        end,
        found.height > 0,
        (
            why_edge(found, settings)
            if found.height
            else why_no_edge(counts, similarity, edges, settings)
        ),
        counts,
        cosine,
        similarity,
        settings.shrinkage,
        found["rank"][0] if found.height else None,
        found["similarity"][0] if found.height else None,
        _other_edges(published, start, end),
    )


def similarity_of(counts: Counts, *, shrinkage: float) -> tuple[float, float]:
    """Return cosine and similarity of two items by the formulas of the graph,
    operation by operation.
    """
    if not counts.shared_users:
        return 0.0, 0.0
    cosine = counts.shared_users / sqrt(float(counts.item_users * counts.neighbour_users))
    return cosine, cosine * (counts.shared_users / (counts.shared_users + shrinkage))


def why_edge(found: pl.DataFrame, settings: TasteSettings) -> str:
    """Say that there is an edge, and where it stands."""
    return (
        f"An edge: number {found['rank'][0]} of the at most {settings.neighbours_per_item} that"
        " leave the item."
    )


def why_no_edge(
    counts: Counts, similarity: float, edges: pl.DataFrame, settings: TasteSettings
) -> str:
    """Name the guardrail that keeps two items from being neighbours."""
    ends = (
        ("item", counts.item_users_any, counts.item_users),
        ("neighbour", counts.neighbour_users_any, counts.neighbour_users),
    )
    for what, n_any, n in ends:
        if n < settings.min_item_support:
            if n_any >= settings.min_item_support:
                return _capped(f"the {what} has {n_any} users, {n}", settings)
            return (
                f"No edge: the {what} has {n} users, and a node needs {settings.min_item_support}"
                " (min_item_support)."
            )
    if counts.shared_users < settings.min_shared_users:
        if counts.shared_users_any >= settings.min_shared_users:
            return _capped(
                f"{counts.shared_users_any} users have had both, {counts.shared_users}", settings
            )
        return (
            f"No edge: {counts.shared_users} users have had both, and an edge needs"
            f" {settings.min_shared_users} (min_shared_users)."
        )
    kept = f"the item keeps its {edges.height} strongest (neighbours_per_item)"
    weakest = float(edges["similarity"].sort()[0]) if edges.height else 0.0
    return (
        f"No edge: {kept}, of which the weakest has {weakest:.4f}; this one has {similarity:.4f}."
    )


def _capped(told: str, settings: TasteSettings) -> str:
    return (
        f"No edge: {told} of them among their {settings.max_items_per_user} most recent items"
        " (max_items_per_user)."
    )


def _counts(published: Published, start: Item, end: Item) -> Counts:
    asked = query(
        "serving",
        "edge_counts",
        {"events": Table(INGEST, "events")},
        item_id=start.item_id,
        neighbour_id=end.item_id,
        cutoff_at=train_end(published.rows(LIVE, "split_boundaries")),
        most_items=published.settings.taste.max_items_per_user,
    )
    return Counts(**run(asked, published.connection).row(0, named=True))


def _other_edges(published: Published, start: Item, end: Item) -> dict[str, float]:
    wanted = {
        "taken up next": ("sequence_graph", "similarity", start, end),
        "taken up before": ("sequence_graph", "similarity", end, start),
        "predicts": ("linear_graph", "weight", start, end),
        "is predicted by": ("linear_graph", "weight", end, start),
        "taste, the other way": ("taste_graph", "similarity", end, start),
    }
    found = {
        name: published.rows(LIVE, table, item_id=first.item_id, neighbour_id=last.item_id)[column]
        for name, (table, column, first, last) in wanted.items()
    }
    return {name: float(values[0]) for name, values in found.items() if len(values)}
