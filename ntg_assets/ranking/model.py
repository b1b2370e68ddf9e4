"""Everything that a list is made from, as arrays over one catalogue: built from the published tables alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp

from ntg_assets.ranking.list_rules import ListRules, list_rules
from ntg_assets.ranking.popularity import microseconds
from ntg_assets.ranking.settings import RankingSettings
from ntg_assets.ranking.sources import GRAPHS, NEW_ITEMS, PLAIN_GRAPH, Source, configured_sources
from ntg_assets.taste.interactions import Flags, Floats, Longs, codes_of, starts_of

STRENGTH = {"taste": "similarity", "sequence": "similarity", "linear": "weight"}  # column of each graph that a profile is spread over
RETURN_PRIOR_USERS = 5  # users of an item that weigh as much as what is known of all items


@dataclass(frozen=True)
class RankingModel:
    """What scores a user's items.

    Attributes:
        items: The catalogue by falling number of users, then by id: a lower code wins a tie.
        now: Cutoff from which ages are counted, microseconds since 1970.
        graphs: Items x items strengths per graph in single precision, columns ascending in each row and cut after the last that an
            edge leads to.
        popularity: Decayed popularity per source name.
        return_share: Share of each item's users who come back to it, pulled towards that of all items where users are few.
        sources: The sources, in the order in which contributions are added up.
        settings: List length, profile, seen filter.
        weights: Weight per source name in the blend; empty while it is being learned.
        rules: Business rules of the lists; none: the score alone decides.
    """

    items: pl.Series
    now: int
    graphs: Mapping[str, sp.csr_array]
    popularity: Mapping[str, Floats]
    return_share: Floats
    sources: list[Source]
    settings: RankingSettings
    weights: Mapping[str, float] = field(default_factory=dict)
    rules: ListRules | None = None

    @cached_property
    def edge_keys(self) -> dict[str, Longs]:
        """Each graph's edges as ascending numbers: start * items + end."""
        starts = {name: np.repeat(np.arange(self.n_items, dtype=np.int64), np.diff(graph.indptr)) for name, graph in self.graphs.items()}
        return {name: starts[name] * self.n_items + graph.indices for name, graph in self.graphs.items()}

    @property
    def weight_vector(self) -> Floats:
        """Weight of each source, in order."""
        return np.array([self.weights.get(source.name, 0.0) for source in self.sources])

    @property
    def n_items(self) -> int:
        return len(self.items)


def ranking_model(
    *,
    popularity: pl.DataFrame,
    graphs: Mapping[str, pl.DataFrame],
    cutoff_at: datetime,
    settings: RankingSettings,
    weights: pl.DataFrame | None = None,
    item_rules: pl.DataFrame | None = None,
) -> RankingModel:
    """Build the model from tables.

    Args:
        popularity: `item_popularity`: the catalogue and its popularity.
        graphs: Edge tables by name (`taste`, `sequence`, `linear`); a missing or empty one makes its sources silent.
        cutoff_at: The cutoff of the stage.
        settings: The configuration.
        weights: `ranking_weights`: sources without weight are left out, but for the popularity floor and the plain graph, which
            are strategies of their own. None: the blend cannot be used yet, and every source stays.
        item_rules: `item_rules`. None: lists without business rules, as in learning.
    """
    sources = [source for source in configured_sources(settings) if source.kind != "graph" or source.graph in graphs]
    learned: dict[str, float] = {}
    if weights is not None:
        learned = dict(weights.select("feature", "weight").iter_rows())
        floors = set(weights.filter("is_floor")["feature"])
        sources = [source for source in sources if learned.get(source.name, 0.0) > 0 or source.name in floors | {PLAIN_GRAPH}]
    catalogue = popularity.select("item_id", "n_users", "n_repeat_users").unique()
    catalogue = catalogue.sort("n_users", "item_id", descending=[True, False])
    items = catalogue["item_id"]
    model = RankingModel(
        items=items,
        now=microseconds(cutoff_at),
        graphs={name: _edges(graphs[name], items, STRENGTH[name]) for name in GRAPHS if name in graphs},
        popularity={source.name: _scores(popularity, items, source.half_life) for source in sources if source.kind == "popularity"},
        return_share=_return_share(catalogue["n_users"].to_numpy(), catalogue["n_repeat_users"].to_numpy()),
        sources=sources,
        settings=settings,
        weights=learned,
    )
    if item_rules is None or not settings.rules.are_set:
        return model
    return with_rules(model, list_rules(item_rules, items=items, settings=settings.rules))


def with_rules(model: RankingModel, rules: ListRules) -> RankingModel:
    """Let a model keep business rules: excluded items leave every source, so that they take no place among the candidates.

    Where places are held for new items, these get a source of candidates of their own; it has no weight in the blend.
    """
    popularity = {name: np.where(rules.excluded, 0.0, scores) for name, scores in model.popularity.items()}
    sources = list(model.sources)
    if rules.settings.freshness and popularity:
        steady = [source for source in sources if source.kind == "popularity"][-1]
        sources.append(replace(steady, name=NEW_ITEMS, default_weight=0.0))
        popularity[NEW_ITEMS] = np.where(rules.is_new, popularity[steady.name], 0.0)
    graphs = {name: _without(graph, rules.excluded) for name, graph in model.graphs.items()}
    return replace(model, graphs=graphs, popularity=popularity, sources=sources, rules=rules)


def _without(graph: sp.csr_array, excluded: Flags) -> sp.csr_array:
    """Drop the edges that lead to excluded items."""
    kept = ~excluded[graph.indices]
    start = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))[kept]
    return sp.csr_array((graph.data[kept], graph.indices[kept], starts_of(start, n_groups=graph.shape[0])), shape=graph.shape)


def _return_share(n_users: Longs, n_repeat_users: Longs) -> Floats:
    overall = n_repeat_users.sum() / max(n_users.sum(), 1)
    return (n_repeat_users + RETURN_PRIOR_USERS * overall) / (n_users + RETURN_PRIOR_USERS)


def _edges(table: pl.DataFrame, items: pl.Series, strength: str) -> sp.csr_array:
    ends = (codes_of(table["item_id"], known=items), codes_of(table["neighbour_id"], known=items))
    edges = sp.csr_array((table[strength].cast(pl.Float32).to_numpy(), ends), shape=(len(items), int(ends[1].max(initial=-1)) + 1))
    edges.sort_indices()
    return edges


def _scores(popularity: pl.DataFrame, items: pl.Series, half_life: float) -> Floats:
    rows = popularity.filter(pl.col("half_life_days") == half_life)
    scores = np.zeros(len(items))
    scores[codes_of(rows["item_id"], known=items)] = rows["score"].to_numpy()
    return scores
