"""Assets of taste: graphs, axes, where users stand, embeddings."""

import polars as pl

from ntg_assets.interactions.interactions import HISTORY
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.sql import Table
from ntg_assets.taste.contracts import (
    GraphGuardrails,
    ItemEmbeddings,
    ItemTransitions,
    LinearGraph,
    SequenceGraph,
    TasteAxes,
    TasteGraph,
    UserTaste,
)
from ntg_assets.taste.graph_kernels import LinearGraphKernel, TasteGraphKernel
from ntg_assets.taste.item_embeddings import embed_items
from ntg_assets.taste.item_transitions import learn_transitions
from ntg_assets.taste.sequence_graph import build_sequence_graph
from ntg_assets.taste.taste_axes import find_taste_axes, score_users


@staged_assets(
    {
        TasteGraph: (
            "Which items are had by the same users: the strongest neighbours of each item, with the"
            " evidence of each edge."
        ),
        GraphGuardrails: "What each guardrail of the taste graph removed, and what it left.",
    },
    group="taste",
    kinds=("numpy",),
)
def taste_graph(train_events: Table, project: Project) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both come from one count of shared users."""
    made = project.apply(train_events, TasteGraphKernel(project.settings.taste))
    return made.edges, made.guardrails


@staged_asset(contract=SequenceGraph, group="taste", kinds=("numpy",))
def sequence_graph(train_events: Table, project: Project) -> pl.DataFrame:
    """What users take up next: directed edges,
    with the guardrails and the evidence of the taste graph.
    """
    return build_sequence_graph(
        project.columns(train_events, *HISTORY), settings=project.settings.taste
    ).edges


@staged_asset(contract=LinearGraph, group="taste", kinds=("numpy",))
def linear_graph(train_events: Table, project: Project) -> pl.DataFrame:
    """Learned item weights that predict one item of a user from the others,
    where the catalogue's size allows it.
    """
    return project.apply(train_events, LinearGraphKernel(project.settings.taste))


@staged_asset(contract=TasteAxes, group="taste", kinds=("scikitlearn",))
def taste_axes(
    taste_graph: pl.DataFrame, item_categories: pl.DataFrame, items: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Named groups of items that belong together, by which a user's taste can be read."""
    return find_taste_axes(
        taste_graph, item_categories=item_categories, titles=items, settings=project.settings.taste
    )


@staged_asset(contract=UserTaste, group="taste", kinds=("numpy",))
def user_taste(train_events: Table, taste_axes: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Where each user stands on each axis, with the percentile among all users."""
    return score_users(project.columns(train_events, *HISTORY), axes=taste_axes)


@staged_asset(contract=ItemEmbeddings, group="taste", kinds=("scikitlearn",))
def item_embeddings(train_events: Table, project: Project) -> pl.DataFrame:
    """SVD embeddings of the best supported items; empty when `taste.embedding_dimensions` is 0."""
    return embed_items(
        project.columns(train_events, *HISTORY),
        settings=project.settings.taste,
        seed=project.settings.seed,
    )


@staged_asset(contract=ItemTransitions, group="taste", kinds=("scipy",))
def item_transitions(train_events: Table, project: Project) -> pl.DataFrame:
    """What users take up next after what they took lately, learned for the best supported items;
    empty when `taste.transition_dimensions` is 0.
    """
    return learn_transitions(
        project.columns(train_events, *HISTORY),
        settings=project.settings.taste,
        seed=project.settings.seed,
    )
