"""Assets of the lists: business rules, and the lists of known users."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
import polars as pl

from ntg_assets.interactions.dislikes import history_columns, mark_dislikes
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.orchestration.bundles import Bundle
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.ranking.contracts import Candidates
from ntg_assets.ranking.lists.contracts import (
    ItemRules,
    RankingRulesReport,
    Recommendations,
    StrategyLists,
)
from ntg_assets.ranking.lists.excluded_items import find_excluded
from ntg_assets.ranking.lists.item_rules import validate_items
from ntg_assets.ranking.lists.list_kernel import ListKernel
from ntg_assets.ranking.lists.list_work import ItemSide
from ntg_assets.ranking.lists.progress import Progress
from ntg_assets.ranking.lists.rules_report import no_rules, report_rules
from ntg_assets.ranking.scoring.ranking_model import catalogue, ranking_model
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES, GRAPHS
from ntg_assets.splits.boundaries import train_end, zone_of
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.stages import BACKTEST, LIVE


@dataclass(frozen=True)
class GraphTables(Bundle):
    """The graphs that the blend spreads profiles over: the tables of `GRAPHS`."""

    taste_graph: Table
    sequence_graph: Table
    linear_graph: Table
    item_transitions: Table
    item_embeddings: Table

    def edges(self, project: Project) -> dict[str, pl.DataFrame]:
        """Read what a model needs of each graph, by the name of its source."""
        return {
            name: project.columns(getattr(self, table), *GRAPHS[name].columns)
            for name, table in GRAPH_TABLES.items()
        }


@dataclass(frozen=True)
class ListTables(Bundle):
    """What lists are made from beside the graphs and the users' histories."""

    ranking_weights: pl.DataFrame
    item_popularity: pl.DataFrame
    item_rules: pl.DataFrame
    user_regions: pl.DataFrame
    regional_exclusions: pl.DataFrame
    items: pl.DataFrame
    split_boundaries: pl.DataFrame

    def item_side(
        self, graphs: Mapping[str, pl.DataFrame], project: Project, tables: tuple[str, ...]
    ) -> ItemSide:
        """Put together what is known without any history.

        Args:
            graphs: Edges by the name of their source.
            project: Whose settings hold.
            tables: Which tables are made.
        """
        return ItemSide(
            popularity=self.item_popularity,
            graphs=graphs,
            weights=self.ranking_weights,
            item_rules=self.item_rules,
            titles=self.items,
            user_regions=self.user_regions,
            regional_exclusions=self.regional_exclusions,
            settings=project.settings.ranking,
            cutoff_at=train_end(self.split_boundaries),
            zone=zone_of(self.split_boundaries),
            tables=tables,
        )


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
    return validate_items(
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
    graphs: GraphTables,
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
    dislikes = settings.ranking.dislikes
    events = mark_dislikes(project.columns(train_events, *history_columns(dislikes)), dislikes)
    model = ranking_model(
        popularity=popularity,
        graphs=graphs.edges(project),
        cutoff_at=train_end(split_boundaries),
        settings=settings.ranking,
        weights=weights,
        zone=zone_of(split_boundaries),
        log=code_interactions(events, items=catalogue(popularity)),
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
    graphs: GraphTables,
    beside: ListTables,
    project: Project,
) -> tuple[Stream, ...]:
    """All three come from one walk over the users."""
    side = beside.item_side(
        graphs.edges(project), project, ("candidates", "recommendations", "strategy_lists")
    )
    return _made(project, context, train_events, side)


@staged_asset(contract=Recommendations, group="ranking", stages=(LIVE,), kinds=("numpy",))
def recommendations(
    context: dg.AssetExecutionContext,
    train_events: Table,
    graphs: GraphTables,
    beside: ListTables,
    project: Project,
) -> Stream:
    """What to show each user, with a reason on each row."""
    side = beside.item_side(graphs.edges(project), project, ("recommendations",))
    (lists,) = _made(project, context, train_events, side)
    return lists


def _made(
    project: Project, context: dg.AssetExecutionContext, train_events: Table, side: ItemSide
) -> tuple[Stream, ...]:
    """Make one stream per table from one walk over the users of TRAIN."""
    tell = Progress(context.log.info, what="lists")
    kernel = ListKernel(side, project.scratch, tell, context.log.info)
    return project.apply(train_events, kernel)
