"""Assets of the off-policy evaluation: what became of the log of exposures,
the report, the comparisons.
"""

from functools import partial

import polars as pl

from ntg_assets.off_policy.contracts import (
    OffPolicyComparisons,
    OffPolicyProblems,
    OffPolicyReport,
    ShownLogReport,
)
from ntg_assets.off_policy.isolation import report_or_problem
from ntg_assets.off_policy.report import Lists, report_off_policy
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST

ESTIMATED = {
    OffPolicyReport: (
        "What each strategy's lists would have earned per shown place, and whether the estimate can"
        " be believed."
    ),
    OffPolicyComparisons: (
        "Every strategy's estimated value against every other one's, on the same exposures."
    ),
    OffPolicyProblems: (
        "Why nothing could be estimated from the log of exposures; no rows: nothing went wrong."
    ),
}


@staged_asset(contract=ShownLogReport, group="evaluation", stages=(BACKTEST,), kinds=("polars",))
def shown_log_report(
    shown_items: pl.DataFrame,
    shown_log_losses: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What became of each row of the log of exposures: used, before the cutoff,
    left out and why.
    """
    length = project.settings.off_policy_list_length
    cutoff_at = train_end(split_boundaries)
    slots = divide_slots(shown_items, cutoff_at=cutoff_at, list_length=length)
    return pl.concat([slots.fates, shown_log_losses])


@staged_assets(ESTIMATED, group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def off_policy(
    shown_items: pl.DataFrame,
    strategy_lists: Table,
    default_list: pl.DataFrame,
    train_events: Table,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Estimate the value of every strategy's lists from what was shown after the cutoff."""
    settings, length = project.settings, project.settings.off_policy_list_length
    trained = {"stored": train_events}
    users = project.read(Query("select distinct user_id from stored", trained))
    items = project.read(Query("select distinct item_id from stored", trained))
    shown = project.columns(strategy_lists, "strategy", "user_id", "rank", "item_id")
    lists = Lists(shown, default_list, users, items)
    slots = divide_slots(shown_items, cutoff_at=train_end(split_boundaries), list_length=length)
    n_users = settings.gate.minimum_users
    report = partial(
        report_off_policy,
        lists=lists,
        settings=settings.off_policy,
        list_length=length,
        minimum_users=n_users,
    )
    return report_or_problem(report, slots)
