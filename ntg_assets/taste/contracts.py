"""Contracts of taste."""

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

GUARDRAILS = (
    "repeated_events",
    "max_items_per_user",
    "min_item_support",
    "min_shared_users",
    "neighbours_per_item",
)
SIMILARITY_CEILING = 1.0 + 1e-9  # a cosine of 1 may be one rounding above it


class Edge(Contract):
    """One row per edge, with its evidence."""

    item_id: str = identifier("item", "Where the edge starts")
    neighbour_id: str = identifier("item", "Where the edge ends")
    rank: int = column("Place among the item's edges, the strongest first", ge=1)
    similarity: float = column(
        "Cosine, pulled towards 0 where few users stand behind it: cosine * n / (n + shrinkage)",
        gt=0,
    )
    cosine: float = column("Weight shared / sqrt(users of the item * users of the neighbour)", gt=0)
    shared_users: int = column("Users behind the edge", ge=1)
    item_users: int = column("Users of the item, after the power-user cap", ge=1)
    neighbour_users: int = column("Users of the neighbour, after the power-user cap", ge=1)

    class Config:
        unique = ["item_id", "neighbour_id"]


@contract("taste_graph")
@summary(
    measures={
        "n_items": "count(distinct item_id)",
        "mean_similarity": "avg(similarity)",
        "mean_shared_users": "avg(shared_users)",
        "neighbours_per_item": "count(*) / count(distinct item_id)",
    },
)
class TasteGraph(Edge):
    """One row per edge between items that are had by the same users;
    at most `neighbours_per_item` leave an item.
    """

    similarity: float = column(
        "Cosine, pulled towards 0 where few users stand behind it", gt=0, le=SIMILARITY_CEILING
    )
    cosine: float = column(
        "shared_users / sqrt(item_users * neighbour_users)", gt=0, le=SIMILARITY_CEILING
    )


@contract("sequence_graph")
class SequenceGraph(Edge):
    """One row per directed edge to an item that is taken up soon after;
    a user who does so `lag` steps later weighs 1 / lag.
    """


@contract("linear_graph")
class LinearGraph(Contract):
    """One row per learned edge of the linear graph (EASE); no rows when it is off."""

    item_id: str = identifier("item", "Item in a user's history")
    neighbour_id: str = identifier("item", "Item whose presence it predicts")
    rank: int = column(
        "Place among the edges that lead to the neighbour, the strongest first", ge=1
    )
    weight: float = column("Learned weight", gt=0)

    class Config:
        unique = ["item_id", "neighbour_id"]


@contract("graph_guardrails")
@summary(
    measures={
        "n_events_removed": "sum(n_events_removed)",
        "n_items_removed": "sum(n_items_removed)",
        "n_edges_removed": "sum(n_edges_removed)",
        "n_edges_left": "arg_max(n_edges_left, position)",
    },
)
class GraphGuardrails(Contract):
    """One row per guardrail of the taste graph,
    in the order in which they act: what it removed and what it left.
    """

    guardrail: str = column("Guardrail, named as its setting", isin=GUARDRAILS)
    position: int = column("Order in which it acts", ge=1)
    n_events_removed: int = column("Rows (user, item, instant) that it removed", ge=0)
    n_items_removed: int = column("Items that it removed altogether", ge=0)
    n_edges_removed: int = column(
        "Edges that it removed; null before edges are counted", ge=0, nullable=True
    )
    n_events_left: int = column("Rows left; null once only edges are cut", ge=0, nullable=True)
    n_items_left: int = column("Items left", ge=0)
    n_edges_left: int = column("Edges left; null before edges are counted", ge=0, nullable=True)
    n_updates_saved: int = column(
        "Counting steps that it saved (sum over users of their items squared)", ge=0
    )

    class Config:
        unique = ["guardrail"]


@contract("taste_axes")
@summary(
    measures={
        "n_axes": "count(distinct axis)",
        "mean_loading": "avg(loading)",
        "items_per_axis": "count(*) / count(distinct axis)",
    },
    order=("axis", "rank"),
)
class TasteAxes(Contract):
    """One row per axis and item that loads on it, the strongest items of each axis."""

    axis: int = column("Number of the axis, in the order of the names", ge=1)
    name: str = column(
        "The categories that set its strongest items apart (in the order of the alphabet), and its"
        " strongest item"
    )
    item_id: str = identifier("item", "Item")
    rank: int = column("Place of the item on the axis", ge=1)
    loading: float = column(
        "Strength of the item on the axis, relative to the strongest", gt=0, le=1
    )

    class Config:
        unique = ["axis", "item_id"]


@contract("user_taste")
class UserTaste(Contract):
    """One row per user and axis."""

    user_id: str = identifier("user", "User")
    axis: int = column("Number of the axis", ge=1)
    score: float = column(
        "Share of the axis in the user's total loading; 0 without any item of an axis",
        ge=0,
        le=SIMILARITY_CEILING,
    )
    percentile: float = column("Share of users with a lower score, ties counted half", ge=0, le=1)

    class Config:
        unique = ["user_id", "axis"]


@contract("item_embeddings")
class ItemEmbeddings(Contract):
    """One row per item and dimension of the SVD embeddings; no rows when they are off."""

    item_id: str = identifier("item", "Item")
    dimension: int = column("Dimension, the strongest first", ge=1)
    value: float = column(
        "Coordinate; the product of two items says how much one speaks for the other", ge=-1, le=1
    )

    class Config:
        unique = ["item_id", "dimension"]


@contract("item_transitions")
class ItemTransitions(Contract):
    """One row per item and dimension of what is taken next; no rows when it is off."""

    item_id: str = identifier("item", "Item")
    dimension: int = column("Dimension, the strongest first", ge=1)
    taken: float = column("Coordinate of the item among what a user took lately")
    next: float = column(
        "Coordinate of the item as what is taken next; the product of one item's `taken` and"
        " another's `next` says how likely the one makes the other",
        ge=-1,
        le=1,
    )

    class Config:
        unique = ["item_id", "dimension"]
