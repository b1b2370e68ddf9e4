"""Everything that a list is made from, as arrays over one catalogue: built from the published
tables alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Flags, Floats, Longs, starts_of
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.list_rules import ListRules, list_rules, no_rules
from ntg_assets.ranking.scoring.matrices import (
    RETURN_PRIOR_USERS,
    Transitions,
    dimension_rows,
    edges_between,
    embeddings_of,
    popularity_scores,
    return_logarithms,
    rising_factor,
    shrunk_share,
    transitions_of,
)
from ntg_assets.ranking.scoring.popularity import (
    HALF_LIVES,
    MICROSECONDS_PER_DAY,
    RETURN_COLUMNS,
    microseconds,
)
from ntg_assets.ranking.scoring.sources import (
    LATENT,
    NEIGHBOURS,
    NEW_ITEMS,
    PLAIN_GRAPH,
    RETURN_DEFAULTS,
    RISING,
    STRENGTH,
    TRANSITION,
    Source,
    configured_sources,
)
from ntg_assets.ranking.scoring.user_neighbours import UserNeighbours, user_neighbours
from ntg_assets.zones import UTC_ZONE

# column of each graph that a profile is spread over
GRAPH_COLUMNS = {
    graph: ("item_id", "neighbour_id", strength) for graph, strength in STRENGTH.items()
} | {
    LATENT: ("item_id", "dimension", "value"),
    TRANSITION: ("item_id", "dimension", "taken", "next"),
}


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
        return_weights: Weights of `RETURN_DEFAULTS`, learned or default.
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
    return_weights: Floats
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


def ranking_model(
    *,
    popularity: pl.DataFrame,
    graphs: Mapping[str, pl.DataFrame],
    cutoff_at: datetime,
    settings: RankingSettings,
    weights: pl.DataFrame | None = None,
    item_rules: pl.DataFrame | None = None,
    zone: str = UTC_ZONE,
    log: Interactions | None = None,
) -> RankingModel:
    """Build the model from tables.

    Args:
        popularity: `item_popularity`: the catalogue and its popularity.
        graphs: Edge tables by name (`taste`, `sequence`, `linear`), `item_embeddings` as
            `latent`, `item_transitions` as `transition`; a missing or empty one makes its sources
            silent.
        cutoff_at: The cutoff of the stage.
        settings: The configuration.
        weights: `ranking_weights`: sources without weight are left out, but for the popularity
            floor and the plain graph, which are strategies of their own. None: the blend cannot be
            used yet, and every source stays.
        item_rules: `item_rules`. None: lists without business rules, as in learning.
        zone: Whose midnights divide the days.
        log: Everything before the cutoff, coded with `catalogue`: whose users can be neighbours.
            None: nobody can, and the sources that ask are left out.
    """
    settings = _with_half_lives(settings, popularity)
    learned = {} if weights is None else dict(weights.select("feature", "weight").iter_rows())
    sources = _sources(settings, {*graphs, *([] if log is None else [NEIGHBOURS])}, weights)
    facts = _item_facts(popularity)
    items = facts["item_id"]
    embeddings, rising = embeddings_of(graphs.get(LATENT), items), rising_factor(facts)
    transitions = transitions_of(graphs.get(TRANSITION), items)
    is_asked = any(source.kind == NEIGHBOURS for source in sources)
    neighbours = user_neighbours(log) if log is not None and is_asked else None
    model = RankingModel(
        items=items,
        now=microseconds(cutoff_at),
        graphs=_matrices(graphs, items, embeddings, transitions, rising, neighbours),
        embeddings=embeddings,
        transitions=transitions,
        rising=rising,
        popularity={
            source.name: popularity_scores(popularity, items, source.half_life or 0.0)
            for source in sources
            if source.kind == "popularity"
        },
        return_share=shrunk_share(facts["n_repeat_users"], facts["n_users"], RETURN_PRIOR_USERS),
        return_window=_window(facts),
        item_returns=return_logarithms(facts),
        return_weights=np.array(
            [learned.get(name, weight) for name, weight in RETURN_DEFAULTS.items()]
        ),
        sources=sources,
        settings=settings,
        weights=learned,
        zone=zone,
        neighbours=neighbours,
    )
    if item_rules is None or not _act(item_rules, settings):
        return model
    return with_rules(model, list_rules(item_rules, items=items, settings=settings.rules))


def _with_half_lives(settings: RankingSettings, popularity: pl.DataFrame) -> RankingSettings:
    """Name the half-lives of the table where none are configured."""
    half_lives = (
        settings.popularity_half_life_days
        or popularity["half_life_days"].unique().sort().to_list()
        or [HALF_LIVES[-1]]
    )
    return settings.model_copy(update={"popularity_half_life_days": half_lives})


def _item_facts(popularity: pl.DataFrame) -> pl.DataFrame:
    """What `item_popularity` says of each item at any half-life, in the order of codes."""
    facts = popularity.select("item_id", "n_users", "n_repeat_users", *RETURN_COLUMNS).unique()
    return facts.sort("n_users", "item_id", descending=[True, False])


def _sources(
    settings: RankingSettings, present: set[str], weights: pl.DataFrame | None
) -> list[Source]:
    """Leave out sources whose graph is not there, and those that have no part in any list."""
    present = {"", *present, *([RISING] if LATENT in present else [])}
    sources = [source for source in configured_sources(settings) if source.graph in present]
    if weights is None:
        return sources
    weighed = weights.filter((pl.col("weight") > 0) | pl.col("is_floor"))
    kept = {*weighed["feature"], PLAIN_GRAPH}
    return [source for source in sources if source.name in kept]


def _matrices(
    graphs: Mapping[str, pl.DataFrame],
    items: pl.Series,
    embeddings: Floats,
    transitions: Transitions,
    rising: Floats,
    neighbours: UserNeighbours | None,
) -> dict[str, sp.csr_array]:
    """Lay out what profiles are spread over, by name."""
    between_items = {
        name: edges_between(graphs[name], items, strength)
        for name, strength in STRENGTH.items()
        if name in graphs
    }
    return {
        **between_items,
        LATENT: dimension_rows(embeddings),
        RISING: dimension_rows(embeddings * rising[: len(embeddings), None]),
        TRANSITION: dimension_rows(transitions.next),
        **({NEIGHBOURS: neighbours.takes} if neighbours else {}),
    }


def _window(facts: pl.DataFrame) -> int:
    """Return the time over which returns are counted, microseconds."""
    days = float(facts["return_window_days"].to_numpy().max(initial=0.0))
    return round(days * MICROSECONDS_PER_DAY) or 1


def _act(item_rules: pl.DataFrame, settings: RankingSettings) -> bool:
    """Whether any rule does anything."""
    return settings.rules.are_set or item_rules["exclusion"].null_count() < item_rules.height


def catalogue(popularity: pl.DataFrame) -> pl.Series:
    """Return the items of `item_popularity` in the order of their codes."""
    items = popularity.select("item_id", "n_users").unique()
    return items.sort("n_users", "item_id", descending=[True, False])["item_id"]


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
