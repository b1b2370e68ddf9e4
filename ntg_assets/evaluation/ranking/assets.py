"""Assets of the ranking's evaluation: outcomes per user, the ranking report,
the retrieval report.
"""

import polars as pl

from ntg_assets.evaluation.ranking.comparisons import compare_strategies
from ntg_assets.evaluation.ranking.contracts import (
    RankingComparisons,
    RankingOutcomes,
    RankingReport,
    RetrievalReport,
)
from ntg_assets.evaluation.ranking.held_out import HeldOut, relevant_pairs
from ntg_assets.evaluation.ranking.item_slices import measure_item_slices
from ntg_assets.evaluation.ranking.list_breadth import list_breadth
from ntg_assets.evaluation.ranking.outcomes import list_outcomes
from ntg_assets.evaluation.ranking.past import past_of
from ntg_assets.evaluation.ranking.report import report_ranking
from ntg_assets.evaluation.ranking.retrieval_report import report_retrieval
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST


@staged_asset(contract=RankingOutcomes, group="evaluation", stages=(BACKTEST,), kinds=("polars",))
def ranking_outcomes(
    strategy_lists: pl.DataFrame,
    default_list: pl.DataFrame,
    item_categories: pl.DataFrame,
    train_events: Table,
    val_events: Table,
    test_events: Table,
    project: Project,
) -> pl.DataFrame:
    """What each strategy's list was worth to each user, on VAL and on TEST."""
    settings, train = project.settings.ranking, _pairs(project, train_events)
    allowed, past = settings.recommend_consumed == "allow", past_of(train, item_categories)
    return pl.concat(
        list_outcomes(
            relevant_pairs(held, train, allow_consumed=allowed),
            split=held.split,
            lists=strategy_lists,
            default_list=default_list,
            past=past,
            ks=sorted(set(settings.evaluation_k)),
        )
        for held in _held_out(project, val_events, test_events)
    )


@staged_asset(contract=RankingReport, group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def ranking_report(
    ranking_outcomes: pl.DataFrame,
    strategy_lists: pl.DataFrame,
    default_list: pl.DataFrame,
    item_categories: pl.DataFrame,
    train_events: Table,
    val_events: Table,
    test_events: Table,
    project: Project,
) -> pl.DataFrame:
    """Every strategy held against the popularity floor, with intervals,
    slices and the number of users.
    """
    settings, ks = project.settings, sorted(set(project.settings.ranking.evaluation_k))
    train = _pairs(project, train_events)
    by_item = measure_item_slices(
        _held_out(project, val_events, test_events),
        lists=strategy_lists,
        default_list=default_list,
        train=train,
        ks=ks,
        allow_consumed=settings.ranking.recommend_consumed == "allow",
        categories=item_categories,
    )
    estimates = report_ranking(
        ranking_outcomes,
        by_item,
        rng=project.rng,
        samples=settings.gate.bootstrap_samples,
        minimum_users=settings.gate.minimum_users,
    )
    breadth = list_breadth(strategy_lists, n_items=train["item_id"].n_unique(), ks=ks)
    return pl.concat([estimates, breadth])


@staged_asset(contract=RankingComparisons, group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def ranking_comparisons(ranking_outcomes: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Every strategy against every other one, user by user, with intervals."""
    gate = project.settings.gate
    return compare_strategies(
        ranking_outcomes,
        rng=project.rng,
        samples=gate.bootstrap_samples,
        minimum_users=gate.minimum_users,
    )


@staged_asset(contract=RetrievalReport, group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def retrieval_report(
    candidates: Table, train_events: Table, val_events: Table, test_events: Table, project: Project
) -> pl.DataFrame:
    """How much of what users went on to take was among the candidates,
    and what each source adds.
    """
    settings, train = project.settings, _pairs(project, train_events)
    return pl.concat(
        report_retrieval(
            held,
            candidates=candidates,
            train=train,
            allow_consumed=settings.ranking.recommend_consumed == "allow",
            rng=project.rng(f"retrieval_report:{held.split}"),
            samples=settings.gate.bootstrap_samples,
            ask=project.read,
        )
        for held in _held_out(project, val_events, test_events)
    )


def _held_out(project: Project, val_events: Table, test_events: Table) -> list[HeldOut]:
    val, test = _pairs(project, val_events), _pairs(project, test_events)
    return [HeldOut("val", val, val.clear()), HeldOut("test", test, val)]


def _pairs(project: Project, events: Table) -> pl.DataFrame:
    """Read who had what: all that lists are judged by,
    and a fraction of the memory of the events.
    """
    return project.read(Query("select distinct user_id, item_id from events", {"events": events}))
