"""Assets of the off-policy evaluation: the log of exposures, the report, the comparisons."""

import polars as pl

import ntg_assets.off_policy.contracts  # noqa: F401  # registers the contracts
from ntg_assets.events.assets import place_of
from ntg_assets.off_policy.report import Lists, report_off_policy
from ntg_assets.off_policy.shown_log import read_shown
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets.project import Project
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST
from ntg_assets.staging import staged_assets

READ = {
    "shown_items": "What was shown to whom, how probable that was, what came of it: the usable rows of the configured log of exposures.",
    "shown_log_report": "What became of each row of the log of exposures: used, before the cutoff, left out and why.",
}
ESTIMATED = {
    "off_policy_report": "What each strategy's lists would have earned per shown place, and whether the estimate can be believed.",
    "off_policy_comparisons": "Every strategy's estimated value against every other one's, on the same exposures.",
}


@staged_assets(READ, group="evaluation", stages=(BACKTEST,), kinds=("sql",))
def shown_log(split_boundaries: pl.DataFrame, project: Project) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the log of exposures and account for its rows."""
    settings = project.settings
    read = read_shown(
        settings.off_policy.shown,
        place=place_of(project),
        ids=project.id_types,
        max_bad_share=settings.ingest.max_bad_share,
        day_zone=settings.ingest.zone,
    )
    slots = divide_slots(read.rows, cutoff_at=train_end(split_boundaries), list_length=settings.off_policy_list_length)
    return read.rows, pl.concat([slots.fates, read.fates])


@staged_assets(ESTIMATED, group="evaluation", stages=(BACKTEST,), kinds=("numpy",))
def off_policy(
    shown_items: pl.DataFrame,
    strategy_lists: Table,
    default_list: pl.DataFrame,
    train_events: Table,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Estimate the value of every strategy's lists from what was shown after the cutoff."""
    settings, length = project.settings, project.settings.off_policy_list_length
    users = project.read(Query("select distinct user_id from stored", {"stored": train_events}))
    items = project.read(Query("select distinct item_id from stored", {"stored": train_events}))
    lists = Lists(project.columns(strategy_lists, "strategy", "user_id", "rank", "item_id"), default_list, users, items)
    slots = divide_slots(shown_items, cutoff_at=train_end(split_boundaries), list_length=length)
    return report_off_policy(slots, lists, settings=settings.off_policy, list_length=length, minimum_users=settings.gate.minimum_users)


off_policy_assets = [*shown_log, *off_policy]
