"""Everything that a list is made from, as arrays over one catalogue (`ranking_model` builds it)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Flags, Floats, Longs, starts_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.ranking.scoring.list_rules import ListRules, no_rules
from ntg_assets.ranking.scoring.matrices import Transitions
from ntg_assets.ranking.scoring.return_form import ReturnForm
from ntg_assets.ranking.scoring.sources import NEW_ITEMS, STRENGTH, Source
from ntg_assets.ranking.scoring.user_neighbours import UserNeighbours
from ntg_assets.zones import UTC_ZONE


@dataclass(frozen=True)
class RankingModel:
    """What scores a user's items.

    Attributes:
        items: The catalogue by falling number of users, then by id: a lower code wins a tie.
        now: Cutoff from which ages are counted, microseconds since 1970.
        graphs: Items x items strengths per graph (`latent`, `rising`, `transition`: dimensions x
            items) in single precision, columns ascending in each row and cut after the last that an
            edge leads to.
        embeddings: Items x dimensions; cut after the last embedded item.
        transitions: What is taken next; see `item_transitions`.
        rising: Factor of each item in the graph `rising`; see `rising_factor`.
        popularity: Decayed popularity per source name.
        return_share: Share of each item's users who come back to it, pulled towards that of all
        items where users are few.
        return_window: Time over which returns to an item are counted, microseconds.
        item_returns: Items x 4: logarithms of the shares of users who come back to an item (ever;
            in the last window, of all users before it, and of those of the window before), and of
            its recent trend.
        returns: What makes the odds of a return, learned or default.
        sources: The sources, in the order in which contributions are added up.
        settings: List length, profile, seen filter.
        weights: Weight per source name in the blend; empty while it is being learned.
        rules: Business rules of the lists; none: the score alone decides.
        zone: Whose midnights divide the days on which a user was there.
        neighbours: Who can be a neighbour; None: no source asks.
    """

    items: pl.Series
    now: int
    graphs: Mapping[str, sp.csr_array]
    embeddings: Floats
    transitions: Transitions
    rising: Floats
    popularity: Mapping[str, Floats]
    return_share: Floats
    return_window: int
    item_returns: Floats
    returns: ReturnForm
    sources: list[Source]
    settings: RankingSettings
    weights: Mapping[str, float] = field(default_factory=dict)
    rules: ListRules | None = None
    zone: str = UTC_ZONE
    neighbours: UserNeighbours | None = None

    @cached_property
    def edges_by_end(self) -> dict[str, tuple[Longs, npt.NDArray[np.float32]]]:
        """Each graph's edges as ascending numbers, end * items + start,
        with their strengths: what is asked of one end lies together.
        """
        by_end = {name: graph.tocsc() for name, graph in self.graphs.items() if name in STRENGTH}
        ends = {
            name: np.repeat(np.arange(graph.shape[1], dtype=np.int64), np.diff(graph.indptr))
            for name, graph in by_end.items()
        }
        return {
            name: (ends[name] * self.n_items + graph.indices, graph.data)
            for name, graph in by_end.items()
        }

    @property
    def weight_vector(self) -> Floats:
        """Weight of each source, in order."""
        return np.array([self.weights.get(source.name, 0.0) for source in self.sources])

    @property
    def n_items(self) -> int:
        return len(self.items)


def with_rules(model: RankingModel, rules: ListRules) -> RankingModel:
    """Let a model keep business rules: excluded items leave every source,
    so that they take no place among the candidates.

    Where places are held for new items, these get a source of candidates of their own; it has no
    weight in the blend.
    """
    popularity = {
        name: np.where(rules.excluded, 0.0, scores) for name, scores in model.popularity.items()
    }
    sources = list(model.sources)
    if rules.settings.freshness and popularity:
        steady = [source for source in sources if source.kind == "popularity"][-1]
        sources.append(replace(steady, name=NEW_ITEMS))
        popularity[NEW_ITEMS] = np.where(rules.is_new, popularity[steady.name], 0.0)
    graphs = {name: _without(graph, rules.excluded) for name, graph in model.graphs.items()}
    return replace(model, graphs=graphs, popularity=popularity, sources=sources, rules=rules)


def without_items(model: RankingModel, barred: Flags) -> RankingModel:
    """Let a model show some items to nobody, whatever its rules say.

    Args:
        model: Sources, weights, rules.
        barred: By item code.
    """
    rules = model.rules or no_rules(len(barred), settings=model.settings.rules)
    hidden = replace(rules, excluded=rules.excluded | barred)
    return replace(
        model,
        graphs={name: _without(graph, barred) for name, graph in model.graphs.items()},
        popularity={
            name: np.where(barred, 0.0, scores) for name, scores in model.popularity.items()
        },
        rules=hidden,
    )


def _without(graph: sp.csr_array, excluded: Flags) -> sp.csr_array:
    """Drop the edges that lead to excluded items."""
    kept = ~excluded[graph.indices]
    start = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))[kept]
    return sp.csr_array(
        (graph.data[kept], graph.indices[kept], starts_of(start, n_groups=graph.shape[0])),
        shape=graph.shape,
    )
