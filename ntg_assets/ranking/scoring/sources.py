"""Where candidates come from: each source gives every user a score for every item."""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal, NamedTuple, Protocol

import polars as pl

from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.taste.ease_graph import linear_graph_of
from ntg_assets.taste.item_embeddings import embeddings_of
from ntg_assets.taste.item_transitions import LATELY, transitions_of
from ntg_assets.taste.sequence_graph import sequence_graph_of
from ntg_assets.taste.taste_graph import graph_of

Kind = Literal["graph", "latent", "neighbours", "popularity", "consumed"]


@dataclass(frozen=True)
class Source:
    """One source of candidates, which is also one feature of the blend.

    Attributes:
        name: Feature name in every table.
        kind: `graph` spreads the user's profile over the edges of a graph, `latent` over the
            dimensions of the embeddings, `neighbours` over the users who had most of it;
            `popularity` is the same for all users, `consumed` is the user's own past.
        half_life: Of the profile in items (`graph`, `neighbours`, `latent`), else in days; None:
            the whole past counts (`latent`), or several do (`RETURNS`).
        graph: Which graph, for `graph`; for `latent` that of dimensions x items: of the embeddings,
            as they are or with what rises lifted, or of what is taken next.
    """

    name: str
    kind: Kind
    half_life: float | None
    graph: str = ""


RETURNS = "consumed_return"  # the probability of a return, from the parts below
RETURN_BASE = "return_base"
# weights while labels teach no better ones: faded frequency times the root of the share of users
# who come back
RETURN_DEFAULTS = {
    RETURN_BASE: 0.001,
    "return_short": 0.0,
    "return_medium": 1.0,
    "return_long": 0.0,
    "return_visits_few": 0.0,
    "return_visits_many": 0.0,
    "return_events_few": 0.0,
    "return_events_many": 0.0,
    "return_staying": 0.1,
    "return_item_share": 0.5,
    "return_item_standing": 0.0,
    "return_item_recent": 0.0,
    "return_item_trend": 0.0,
}
RETURN_PARTS = tuple(RETURN_DEFAULTS)[1:]
# what two parts say together, by name: the places of both in `RETURN_PARTS`
RETURN_PAIRS = {
    f"{RETURN_PARTS[first]} x {RETURN_PARTS[second]}": (first, second)
    for first, second in combinations_with_replacement(range(len(RETURN_PARTS)), 2)
}
LATENT = "latent"
TRANSITION = "transition"  # what is taken next, over dimensions of its own
# a score over dimensions below this is made of the last digits of their values: it says nothing,
# and relative to the user's best it could look like everything
FAINT = 1e-7
NEIGHBOURS = "neighbours"  # users x items: what those took who can be neighbours
RISING = "rising"  # the same embeddings, each item by how many of its users are new


class MakeGraph(Protocol):
    """Makes one graph of a log."""

    def __call__(self, log: Interactions, *, taste: TasteSettings, seed: int) -> pl.DataFrame: ...


class Graph(NamedTuple):
    """What the profile of a user is spread over.

    Attributes:
        table: Its table.
        ends: Column to which a profile is spread from an item: `NEIGHBOUR`, or `DIMENSION`.
        values: Columns of what an item counts there; between items it is the strength of an edge.
        reason: What its sources say of an item in words (`KINDS_OF_REASONS`).
        make: Makes it of a log: at the inner cuts that teach the weights.
    """

    table: str
    ends: str
    values: tuple[str, ...]
    reason: str
    make: MakeGraph

    @property
    def columns(self) -> tuple[str, ...]:
        """What is read of the table."""
        return ("item_id", self.ends, *self.values)


NEIGHBOUR, DIMENSION = "neighbour_id", "dimension"
GRAPHS = {
    "taste": Graph(
        "taste_graph",
        NEIGHBOUR,
        ("similarity",),
        "goes",
        lambda log, *, taste, seed: graph_of(log, settings=taste).edges,  # noqa: ARG005
    ),
    "sequence": Graph(
        "sequence_graph",
        NEIGHBOUR,
        ("similarity",),
        "next",
        lambda log, *, taste, seed: sequence_graph_of(log, settings=taste).edges,  # noqa: ARG005
    ),
    "linear": Graph(
        "linear_graph",
        NEIGHBOUR,
        ("weight",),
        "goes",
        lambda log, *, taste, seed: linear_graph_of(log, settings=taste),  # noqa: ARG005
    ),
    LATENT: Graph(
        "item_embeddings",
        DIMENSION,
        ("value",),
        "near",
        lambda log, *, taste, seed: embeddings_of(log, settings=taste, seed=seed),
    ),
    TRANSITION: Graph(
        "item_transitions",
        DIMENSION,
        ("taken", "next"),
        "next",
        lambda log, *, taste, seed: transitions_of(log, settings=taste, seed=seed),
    ),
}
GRAPH_TABLES = {name: graph.table for name, graph in GRAPHS.items()}
# graphs with edges between items, and their strength
STRENGTH = {name: graph.values[0] for name, graph in GRAPHS.items() if graph.ends == NEIGHBOUR}


def graphs_of(log: Interactions, *, taste: TasteSettings, seed: int) -> dict[str, pl.DataFrame]:
    """Make every graph that a model spreads profiles over, by its name in `GRAPHS`."""
    return {name: graph.make(log, taste=taste, seed=seed) for name, graph in GRAPHS.items()}


NEW_ITEMS = "new_items"  # candidates for places held for new items; without weight in the blend
PLAIN_GRAPH = "taste_recent"  # the graph strategy: the taste graph with the decayed profile


def popularity_name(half_life_days: float) -> str:
    """Name the source that is popularity at a half-life."""
    return f"popularity_{half_life_days:g}d"


def configured_sources(settings: RankingSettings) -> list[Source]:
    """List the sources of a configuration (half-lives filled in),
    in the order in which their contributions are added up.
    """
    recent, long, whole = (
        settings.profile_half_life_items,
        settings.long_profile_half_life_items,
        settings.whole_profile_half_life_items,
    )
    graphs = [
        Source("taste_recent", "graph", recent, "taste"),
        Source("taste_long", "graph", long, "taste"),
        Source("taste_whole", "graph", whole, "taste"),
        Source("sequence_recent", "graph", recent, "sequence"),
        Source("linear_recent", "graph", recent, "linear"),
        Source("linear_long", "graph", long, "linear"),
        Source("linear_whole", "graph", whole, "linear"),
        Source("latent_whole", "latent", None, LATENT),
        Source("neighbours_recent", "neighbours", recent, NEIGHBOURS),
        Source("transition_recent", "latent", LATELY, TRANSITION),
    ]
    popularity = [
        Source(popularity_name(days), "popularity", days)
        for days in sorted(set(settings.popularity_half_life_days or ()))
    ]
    if settings.recommend_consumed == "never":
        # who takes an item up for the first time
        return [*graphs, Source("latent_rising", "latent", None, RISING), *popularity]
    half_lives = sorted(set(settings.consumed_half_life_days))
    own = [Source(f"consumed_{days:g}d", "consumed", days) for days in half_lives]
    return [
        *graphs,
        *popularity,
        *own,
        Source(RETURNS, "consumed", None),
    ]
