"""Assets of the ranking's evaluation: outcomes per user, the ranking report, the retrieval report."""

import polars as pl

import ntg_assets.evaluation.ranking_contracts  # noqa: F401  # registers the contracts
from ntg_assets.evaluation.ranking_comparisons import compare_strategies
from ntg_assets.evaluation.ranking_outcomes import HeldOut, list_outcomes, relevant_pairs
from ntg_assets.evaluation.ranking_report import list_breadth, measure_item_slices, report_ranking
from ntg_assets.evaluation.retrieval_report import report_retrieval
from ntg_assets.project import Project
from ntg_assets.sql import Table
from ntg_assets.stages import BACKTEST
from ntg_assets.staging import staged_asset


@staged_asset(group="evaluation", stages=(BACKTEST,), kinds=("polars",))
def ranking_outcomes(
    strategy_lists: pl.DataFrame,
    default_list: pl.DataFrame,
    item_categories: pl.DataFrame,
    train_events: pl.DataFrame,
    val_events: pl.DataFrame,
    test_events: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each strategy's list was worth to each user, on VAL and on TEST."""
    settings = project.settings.ranking
    allowed = settings.recommend_consumed == "allow"
    return pl.concat(
        list_outcomes(
            relevant_pairs(held, train_events, allow_consumed=allowed),
            split=held.split,
            lists=strategy_lists,
            default_list=default_list,
            train=train_events,
            ks=sorted(set(settings.evaluation_k)),
            categories=item_categories,
        )
        for held in _held_out(val_events, test_events)
    )


@staged_asset(group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def ranking_report(
    ranking_outcomes: pl.DataFrame,
    strategy_lists: pl.DataFrame,
    default_list: pl.DataFrame,
    item_categories: pl.DataFrame,
    train_events: pl.DataFrame,
    val_events: pl.DataFrame,
    test_events: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Every strategy held against the popularity floor, with intervals, slices and the number of users."""
    settings, ks = project.settings, sorted(set(project.settings.ranking.evaluation_k))
    by_item = measure_item_slices(
        _held_out(val_events, test_events),
        lists=strategy_lists,
        default_list=default_list,
        train=train_events,
        ks=ks,
        allow_consumed=settings.ranking.recommend_consumed == "allow",
        categories=item_categories,
    )
    gate = settings.gate
    estimates = report_ranking(ranking_outcomes, by_item, rng=project.rng, samples=gate.bootstrap_samples, minimum_users=gate.minimum_users)
    return pl.concat([estimates, list_breadth(strategy_lists, n_items=train_events["item_id"].n_unique(), ks=ks)])


@staged_asset(group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def ranking_comparisons(ranking_outcomes: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Every strategy against every other one, user by user, with intervals."""
    gate = project.settings.gate
    return compare_strategies(ranking_outcomes, rng=project.rng, samples=gate.bootstrap_samples, minimum_users=gate.minimum_users)


@staged_asset(group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def retrieval_report(
    candidates: Table, train_events: pl.DataFrame, val_events: pl.DataFrame, test_events: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """How much of what users went on to take was among the candidates, and what each source adds."""
    settings = project.settings
    return pl.concat(
        report_retrieval(
            held,
            candidates=candidates,
            train=train_events,
            allow_consumed=settings.ranking.recommend_consumed == "allow",
            rng=project.rng(f"retrieval_report:{held.split}"),
            samples=settings.gate.bootstrap_samples,
            ask=project.read,
        )
        for held in _held_out(val_events, test_events)
    )


def _held_out(val_events: pl.DataFrame, test_events: pl.DataFrame) -> list[HeldOut]:
    return [HeldOut("val", val_events, val_events.clear()), HeldOut("test", test_events, val_events)]


ranking_evaluation_assets = [*ranking_outcomes, *ranking_report, *ranking_comparisons, *retrieval_report]
