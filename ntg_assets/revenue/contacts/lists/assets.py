"""Assets of the lists that the configuration names: whom they name, and why nobody is contacted."""

import polars as pl

from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.contacts.lists.contact_holds import (
    contract_holds,
    hold_contacts,
    list_holds,
    volume_holds,
)
from ntg_assets.revenue.contacts.lists.list_contracts import ContactHolds, UserListReport
from ntg_assets.revenue.contacts.lists.user_list_report import report_user_lists
from ntg_assets.stages import BACKTEST, LIVE


@staged_asset(contract=UserListReport, group="revenue", kinds=("polars",))
def user_list_report(
    optional_sources: pl.DataFrame,
    user_lists: pl.DataFrame,
    trial_log: pl.DataFrame,
    contact_candidates: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How the ids of each configured list meet the users of the log: found,
    nearly found, not found, blank.
    """
    is_accepted = project.settings.radar.unmatched_lists == "accept"
    return report_user_lists(
        optional_sources,
        user_lists,
        trial_log,
        contact_candidates["user_id"],
        accept_unmatched=is_accepted,
    )


@staged_asset(
    contract=ContactHolds,
    group="revenue",
    name="contact_holds",
    stages=(BACKTEST,),
    kinds=("polars",),
)
def past_contact_holds(
    user_list_report: pl.DataFrame, optional_sources: pl.DataFrame
) -> pl.DataFrame:
    """Why nobody would have been contacted; how the log ends is not known before its end."""
    return hold_contacts([*list_holds(user_list_report), *contract_holds(optional_sources)])


@staged_asset(contract=ContactHolds, group="revenue", stages=(LIVE,), kinds=("polars",))
def contact_holds(
    user_list_report: pl.DataFrame,
    optional_sources: pl.DataFrame,
    volume_report: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Why nobody is contacted tonight, whatever a strategy says;
    a further source of such reasons is added here.
    """
    return hold_contacts(
        [
            *list_holds(user_list_report),
            *contract_holds(optional_sources),
            *volume_holds(volume_report, limit=project.settings.ingest.volume.quiet_below),
        ]
    )
