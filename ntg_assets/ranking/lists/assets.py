"""Assets of the lists: business rules, lists of known users and of newcomers."""

from collections.abc import Iterable, Sequence

import dagster as dg
import polars as pl

from ntg_assets.attributes.regions import ANYWHERE
from ntg_assets.interactions.dislikes import history_columns, mark_dislikes
from ntg_assets.interactions.interactions import HISTORY, Interactions, code_interactions
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.ranking.contracts import Candidates
from ntg_assets.ranking.lists.audiences import Audience, audiences, excluded_there
from ntg_assets.ranking.lists.cold_start import (
    chosen_half_life,
    floor_half_life,
    judge_half_lives,
    newcomer_settings,
)
from ntg_assets.ranking.lists.contracts import (
    DefaultList,
    DefaultListReport,
    ItemRules,
    RankingRulesReport,
    Recommendations,
    StrategyLists,
)
from ntg_assets.ranking.lists.excluded_items import find_excluded
from ntg_assets.ranking.lists.item_rules import judge_items
from ntg_assets.ranking.lists.progress import Progress
from ntg_assets.ranking.lists.recommendations import default_list as popular_list
from ntg_assets.ranking.lists.rules_report import no_rules, report_rules
from ntg_assets.ranking.lists.scored_users import (
    RowsOf,
    candidate_rows,
    recommendation_rows,
    strategy_list_rows,
    walk_audiences,
)
from ntg_assets.ranking.scoring.model import (
    GRAPH_COLUMNS,
    RankingModel,
    catalogue,
    ranking_model,
)
from ntg_assets.ranking.scoring.popularity import with_half_lives
from ntg_assets.splits.boundaries import train_end, zone_of
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.stages import BACKTEST, LEARNED_FROM, LIVE
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
    events = _history(project, train_events)
    log = code_interactions(events, items=catalogue(popularity))
    model = _model(
        project,
        log,
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
    log = code_interactions(_history(project, train_events), items=catalogue(item_popularity))
    model = _model(
        project,
        log,
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
    log = code_interactions(_history(project, train_events), items=catalogue(item_popularity))
    model = _model(
        project,
        log,
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


@staged_asset(
    contract=DefaultListReport,
    group="ranking",
    kinds=("numpy",),
    live_reads=LEARNED_FROM,
)
def default_list_report(
    train_events: Table, ranking_weights: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """How well each half-life of popularity served the newcomers of the past,
    and which one is used for tomorrow's.
    """
    settings, log = project.settings, code_interactions(project.columns(train_events, *HISTORY))
    ranking = with_half_lives(settings.ranking, log.at)
    return judge_half_lives(
        log,
        floor=floor_half_life(ranking_weights, settings=ranking),
        settings=ranking,
        seed=settings.seed,
        rng=project.rng("default_list_report"),
        samples=settings.gate.bootstrap_samples,
    )


@staged_asset(contract=DefaultList, group="ranking", kinds=("numpy",))
def default_list(
    item_popularity: pl.DataFrame,
    default_list_report: pl.DataFrame,
    item_rules: pl.DataFrame,
    regional_exclusions: pl.DataFrame,
    items: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What to show to users without history, wherever they are."""
    rules = excluded_there(item_rules, regional_exclusions, ANYWHERE)
    settings = newcomer_settings(project.settings.ranking, rules)
    model = ranking_model(
        popularity=item_popularity,
        graphs={},
        cutoff_at=train_end(split_boundaries),
        settings=settings,
        item_rules=rules,
    )
    return popular_list(model, chosen_half_life(default_list_report), titles=items)


def _model(
    project: Project,
    log: Interactions,
    popularity: pl.DataFrame,
    boundaries: pl.DataFrame,
    weights: pl.DataFrame,
    rules: pl.DataFrame | None,
    **graphs: Table,
) -> RankingModel:
    """Build the model that lists are made with, reading what it needs of each graph."""
    tables = {name: project.columns(table, *GRAPH_COLUMNS[name]) for name, table in graphs.items()}
    return ranking_model(
        popularity=popularity,
        graphs=tables,
        cutoff_at=train_end(boundaries),
        settings=project.settings.ranking,
        weights=weights,
        item_rules=rules,
        zone=zone_of(boundaries),
        log=log,
    )


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
