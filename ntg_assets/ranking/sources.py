"""Where candidates come from: each source gives every user a score for every item."""

from dataclasses import dataclass
from typing import Literal

from ntg_assets.ranking.settings import RankingSettings

Kind = Literal["graph", "popularity", "consumed"]


@dataclass(frozen=True)
class Source:
    """One source of candidates, which is also one feature of the blend.

    Attributes:
        name: Feature name in every table.
        kind: `graph` spreads the user's profile over the edges of a graph, `popularity` is the same for all users,
            `consumed` is the user's own past.
        half_life: Of the profile in items (`graph`), else in days.
        graph: Which graph, for `graph`.
        default_weight: Weight in the blend while labels do not teach a better one. Taken from the measured order of the sources.
    """

    name: str
    kind: Kind
    half_life: float
    graph: str = ""
    default_weight: float = 0.0


GRAPHS = ("taste", "sequence", "linear")
PLAIN_GRAPH = "taste_recent"  # the graph strategy: the taste graph with the decayed profile
DEFAULT_POPULARITY_WEIGHT = 1.0
DEFAULT_CONSUMED_WEIGHT = 2.0


def configured_sources(settings: RankingSettings) -> list[Source]:
    """List the sources of a configuration, in the order in which their contributions are added up."""
    recent, long = settings.profile_half_life_items, settings.long_profile_half_life_items
    graphs = [
        Source("taste_recent", "graph", recent, "taste", 0.5),
        Source("taste_long", "graph", long, "taste", 0.0),
        Source("sequence_recent", "graph", recent, "sequence", 1.0),
        Source("linear_recent", "graph", recent, "linear", 0.5),
        Source("linear_long", "graph", long, "linear", 1.0),
    ]
    popularity = [Source(f"popularity_{days:g}d", "popularity", days) for days in sorted(set(settings.popularity_half_life_days))]
    if settings.recommend_consumed == "never":
        return graphs + popularity
    return graphs + popularity + [Source(f"consumed_{days:g}d", "consumed", days) for days in sorted(set(settings.consumed_half_life_days))]
