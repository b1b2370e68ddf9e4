"""Assets of the lists: business rules, and the lists of known users."""

from collections.abc import Iterable, Sequence

import dagster as dg
import polars as pl

from ntg_assets.interactions.dislikes import history_columns, mark_dislikes
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.ranking.contracts import Candidates
from ntg_assets.ranking.lists.audiences import Audience, audiences
from ntg_assets.ranking.lists.contracts import (
    ItemRules,
    RankingRulesReport,
    Recommendations,
    StrategyLists,
)
from ntg_assets.ranking.lists.excluded_items import find_excluded
from ntg_assets.ranking.lists.item_rules import judge_items
from ntg_assets.ranking.lists.progress import Progress
from ntg_assets.ranking.lists.rules_report import no_rules, report_rules
from ntg_assets.ranking.lists.scored_users import (
    RowsOf,
    candidate_rows,
    recommendation_rows,
    strategy_list_rows,
    walk_audiences,
)
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.sources import GRAPHS
from ntg_assets.splits.boundaries import train_end, zone_of
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.stages import BACKTEST, LIVE
from ntg_assets.storage.set_aside import divided


@staged_asset(contract=ItemRules, group="ranking", kinds=("polars",))
def item_rules(
    train_events: Table,
    item_categories: pl.DataFrame,
    excluded_items: pl.DataFrame,
    unavailable_items: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What the business rules say of each item: shown or not, boosted, new."""
    rules = project.settings.ranking.rules
    events = project.columns(train_events, "item_id", "event_at")
    excluded = find_excluded(excluded_items["listed_id"], events["item_id"].unique()).ids
    return judge_items(
        events,
        item_categories,
        rules=rules,
        cutoff_at=train_end(split_boundaries),
        excluded=excluded,
        unavailable=unavailable_items,
    )


@staged_asset(contract=RankingRulesReport, group="ranking", kinds=("numpy",))
def ranking_rules_report(
    train_events: Table,
    excluded_items: pl.DataFrame,
    item_rules: Table,
    ranking_weights: Table,
    item_popularity: Table,
    taste_graph: Table,
    sequence_graph: Table,
    linear_graph: Table,
    item_transitions: Table,
    item_embeddings: Table,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How many places of the lists each business rule changed; no rows without rules."""
    settings = project.settings
    if not settings.ranking.rules.are_set:
        return no_rules()
    judged, weights, popularity = (
        project.read(Query("select * from stored", {"stored": table}))
        for table in (item_rules, ranking_weights, item_popularity)
    )
    _, model = _scored_by(
        project,
        train_events,
        popularity,
        split_boundaries,
        weights,
        None,
        taste=taste_graph,
        sequence=sequence_graph,
        linear=linear_graph,
        transition=item_transitions,
        latent=item_embeddings,
    )
    excluded = find_excluded(excluded_items["listed_id"], judged["item_id"])
    events = _history(project, train_events)
    return report_rules(events, model, facts=judged, excluded=excluded, seed=settings.seed)


CANDIDATES = "What each source with a weight would show each user, before anything is weighed."
RECOMMENDATIONS = "What to show each user, with a reason on each row."


@staged_assets(
    {
        Candidates: CANDIDATES,
        Recommendations: RECOMMENDATIONS,
        StrategyLists: (
            "What each strategy would show each user, to be compared on what users went on to take."
        ),
    },
    group="ranking",
    stages=(BACKTEST,),
    kinds=("numpy",),
)
def compared_lists(
    context: dg.AssetExecutionContext,
    train_events: Table,
    ranking_weights: pl.DataFrame,
    item_popularity: pl.DataFrame,
    taste_graph: Table,
    sequence_graph: Table,
    linear_graph: Table,
    item_transitions: Table,
    item_embeddings: Table,
    item_rules: pl.DataFrame,
    user_regions: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
    items: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[Stream, ...]:
    """All three come from one walk over the users."""
    log, model = _scored_by(
        project,
        train_events,
        item_popularity,
        split_boundaries,
        ranking_weights,
        item_rules,
        taste=taste_graph,
        sequence=sequence_graph,
        linear=linear_graph,
        transition=item_transitions,
        latent=item_embeddings,
    )
    settings = model.settings
    recommend = recommendation_rows(model, titles=items, cutoff_at=train_end(split_boundaries))
    compare = strategy_list_rows(
        model, ranking_weights, k=max(settings.top_k, *settings.evaluation_k)
    )
    divided_users = audiences(
        log, model, user_regions=user_regions, regional_exclusions=regional_exclusions
    )
    return _walked(project, context, log, divided_users, (candidate_rows, recommend, compare))


@staged_asset(contract=Recommendations, group="ranking", stages=(LIVE,), kinds=("numpy",))
def recommendations(
    context: dg.AssetExecutionContext,
    train_events: Table,
    ranking_weights: pl.DataFrame,
    item_popularity: pl.DataFrame,
    taste_graph: Table,
    sequence_graph: Table,
    linear_graph: Table,
    item_transitions: Table,
    item_embeddings: Table,
    item_rules: pl.DataFrame,
    user_regions: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
    items: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> Stream:
    """What to show each user, with a reason on each row."""
    log, model = _scored_by(
        project,
        train_events,
        item_popularity,
        split_boundaries,
        ranking_weights,
        item_rules,
        taste=taste_graph,
        sequence=sequence_graph,
        linear=linear_graph,
        transition=item_transitions,
        latent=item_embeddings,
    )
    recommend = recommendation_rows(model, titles=items, cutoff_at=train_end(split_boundaries))
    divided_users = audiences(
        log, model, user_regions=user_regions, regional_exclusions=regional_exclusions
    )
    (lists,) = _walked(project, context, log, divided_users, (recommend,))
    return lists


def _scored_by(
    project: Project,
    train_events: Table,
    popularity: pl.DataFrame,
    boundaries: pl.DataFrame,
    weights: pl.DataFrame,
    rules: pl.DataFrame | None,
    **graphs: Table,
) -> tuple[Interactions, RankingModel]:
    """Return the log of TRAIN and the model that makes its lists, reading what that needs of each
    graph.
    """
    log = code_interactions(_history(project, train_events), items=catalogue(popularity))
    tables = {name: project.columns(table, *GRAPHS[name].columns) for name, table in graphs.items()}
    model = ranking_model(
        popularity=popularity,
        graphs=tables,
        cutoff_at=train_end(boundaries),
        settings=project.settings.ranking,
        weights=weights,
        item_rules=rules,
        zone=zone_of(boundaries),
        log=log,
    )
    return log, model


def _walked(
    project: Project,
    context: dg.AssetExecutionContext,
    log: Interactions,
    divided_users: Iterable[Audience],
    tables: Sequence[RowsOf],
) -> tuple[Stream, ...]:
    """Make one stream per table from one walk over the users of TRAIN."""
    tell = Progress(context.log.info, what="lists")
    parts = walk_audiences(log, divided_users, tables, tell=tell)
    return divided(parts, n_tables=len(tables), folder=project.scratch)


def _history(project: Project, train_events: Table) -> pl.DataFrame:
    """Read the histories of TRAIN, with what users disliked."""
    dislikes = project.settings.ranking.dislikes
    return mark_dislikes(project.columns(train_events, *history_columns(dislikes)), dislikes)
