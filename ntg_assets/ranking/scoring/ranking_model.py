"""The model of a list, built from the published tables alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl
import scipy.sparse as sp

from ntg_assets.arrays import Floats
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.list_rules import list_rules
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
from ntg_assets.ranking.scoring.model import RankingModel, with_rules
from ntg_assets.ranking.scoring.popularity import (
    HALF_LIVES,
    MICROSECONDS_PER_DAY,
    RETURN_COLUMNS,
    microseconds,
)
from ntg_assets.ranking.scoring.return_form import return_form
from ntg_assets.ranking.scoring.sources import (
    LATENT,
    NEIGHBOURS,
    PLAIN_GRAPH,
    RISING,
    STRENGTH,
    TRANSITION,
    Source,
    configured_sources,
)
from ntg_assets.ranking.scoring.user_neighbours import (
    Takes,
    UserNeighbours,
    neighbours_among,
    user_neighbours,
)
from ntg_assets.zones import UTC_ZONE


def ranking_model(
    *,
    popularity: pl.DataFrame,
    graphs: Mapping[str, pl.DataFrame],
    cutoff_at: datetime,
    settings: RankingSettings,
    weights: pl.DataFrame | None = None,
    item_rules: pl.DataFrame | None = None,
    zone: str = UTC_ZONE,
    log: Interactions | Takes | None = None,
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
        log: Everything before the cutoff, coded with `catalogue`, or what those of its users took
            who can be neighbours. None: nobody can, and the sources that ask are left out.
    """
    settings = _with_half_lives(settings, popularity)
    learned = {} if weights is None else dict(weights.select("feature", "weight").iter_rows())
    sources = _sources(settings, {*graphs, *([] if log is None else [NEIGHBOURS])}, weights)
    facts = _item_facts(popularity)
    items = facts["item_id"]
    embeddings, rising = embeddings_of(graphs.get(LATENT), items), rising_factor(facts)
    transitions = transitions_of(graphs.get(TRANSITION), items)
    is_asked = any(source.kind == NEIGHBOURS for source in sources)
    neighbours = _neighbours(log, facts) if log is not None and is_asked else None
    model = RankingModel(
        items=items,
        now=microseconds(cutoff_at),
        graphs=_matrices(graphs, items, embeddings, transitions, rising, neighbours),
        embeddings=embeddings,
        transitions=transitions,
        rising=rising,
        popularity=_popularities(popularity, items, sources),
        return_share=shrunk_share(facts["n_repeat_users"], facts["n_users"], RETURN_PRIOR_USERS),
        return_window=_window(facts),
        item_returns=return_logarithms(facts),
        returns=return_form(learned),
        sources=sources,
        settings=settings,
        weights=learned,
        zone=zone,
        neighbours=neighbours,
    )
    if item_rules is None or not _act(item_rules, settings):
        return model
    return with_rules(model, list_rules(item_rules, items=items, settings=settings.rules))


def _neighbours(log: Interactions | Takes, facts: pl.DataFrame) -> UserNeighbours:
    if isinstance(log, Takes):
        return neighbours_among(log, n_users_of_item=facts["n_users"].to_numpy())
    return user_neighbours(log)


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


def _popularities(
    popularity: pl.DataFrame, items: pl.Series, sources: Sequence[Source]
) -> dict[str, Floats]:
    """Look up the popularities that are sources, by their names."""
    return {
        source.name: popularity_scores(popularity, items, source.half_life or 0.0)
        for source in sources
        if source.kind == "popularity"
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


def asks_for_neighbours(weights: pl.DataFrame) -> bool:
    """Whether lists are made from what other users took: their histories are then read."""
    return not weights.filter((pl.col("kind") == NEIGHBOURS) & (pl.col("weight") > 0)).is_empty()
