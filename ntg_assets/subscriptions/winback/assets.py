"""Assets of people who left: who they are, how probably they come back, what that would bring."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST
from ntg_assets.subscriptions.hazard.snapshots import snapshot_days
from ntg_assets.subscriptions.money.values import ValueTerms
from ntg_assets.subscriptions.survival.contract_lifetimes import day_number
from ntg_assets.subscriptions.winback import lifetimes as lasting
from ntg_assets.subscriptions.winback import return_snapshots as looks
from ntg_assets.subscriptions.winback.backtest import return_backtest as evaluate
from ntg_assets.subscriptions.winback.contracts import (
    ReturnBacktest,
    ReturnHazards,
    ReturnLifetimes,
    ReturnRecalibration,
    ReturnScores,
    ReturnSnapshots,
    ReturnWalkForward,
)
from ntg_assets.subscriptions.winback.learning import chosen_model, learn_returns
from ntg_assets.subscriptions.winback.scores import ReturnModel
from ntg_assets.subscriptions.winback.scores import return_scores as score

GROUP = "subscriptions"


@staged_asset(contract=ReturnSnapshots, group=GROUP, kinds=("sql",))
def return_snapshots(
    known_terms: pl.DataFrame, user_days: Table, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """People who had left at each snapshot of the past and at the cutoff, as far as was known."""
    history, settings = train_history(split_boundaries), project.settings.subscriptions
    days = snapshot_days(
        known_terms,
        cutoff_on=history.cutoff_on,
        complete_until_on=history.complete_until_on,
        settings=project.settings.churn,
    )
    return looks.return_snapshots(
        known_terms,
        user_days,
        days,
        win_back_days=settings.win_back_days,
        most=settings.max_fit_rows,
    )


@staged_assets(
    {
        ReturnWalkForward: "What the chance to return would have been said to be at past origins",
        ReturnRecalibration: "Whether recalibrating it would have helped",
        ReturnHazards: "The hazard of coming back as a table",
    },
    group=GROUP,
    kinds=("scikitlearn",),
)
def return_model(
    return_snapshots: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Learn who comes back, judge it at past origins, and decide what it may look at."""
    return learn_returns(
        return_snapshots,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        churn=project.settings.churn,
        settings=project.settings.subscriptions,
    )


@staged_asset(contract=ReturnLifetimes, group=GROUP, kinds=("polars",))
def return_lifetimes(known_terms: pl.DataFrame, split_boundaries: pl.DataFrame) -> pl.DataFrame:
    """How long contracts last that people sign who come back."""
    cutoff = day_number(train_history(split_boundaries).cutoff_on)
    return lasting.return_lifetimes(known_terms, cutoff=cutoff)


@staged_asset(contract=ReturnScores, group=GROUP, kinds=("polars",))
def return_scores(
    return_snapshots: pl.DataFrame,
    return_hazards: pl.DataFrame,
    return_recalibration: pl.DataFrame,
    return_lifetimes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How probably each person who had left comes back, and what that would bring."""
    settings, cutoff_on = project.settings, train_history(split_boundaries).cutoff_on
    model = ReturnModel(
        return_hazards,
        return_recalibration,
        return_lifetimes,
        settings.churn.horizon_days,
        settings.subscriptions.win_back_days,
    )
    terms = ValueTerms.of(settings.value, settings.subscriptions)
    return score(return_snapshots.filter(pl.col("snapshot_on") == cutoff_on), model, terms=terms)


@staged_asset(contract=ReturnBacktest, group=GROUP, stages=(BACKTEST,), kinds=("polars",))
def return_backtest(return_walk_forward: pl.DataFrame) -> pl.DataFrame:
    """What was forecast of people who left at past origins, beside who came back."""
    return evaluate(return_walk_forward, chosen=chosen_model(return_walk_forward))
