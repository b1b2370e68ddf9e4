"""Assets of the hand-over: what the CRM is to do tonight, and what it did."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.revenue.contacts.contact_rules import latest_instant
from ntg_assets.revenue.contacts.contacts_taken import kept_taken
from ntg_assets.revenue.handover import crm_handover as handing
from ntg_assets.revenue.handover.contracts import (
    ContactsTaken,
    CrmHandover,
    HandoverAttributes,
    HandoverReport,
)
from ntg_assets.splits.boundaries import train_end
from ntg_assets.stages import LIVE

GROUP = "revenue"


@staged_asset(contract=ContactsTaken, group=GROUP, files=("data/history/taken",), kinds=("polars",))
def contacts_taken(
    contact_candidates: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """What the CRM did of the contacts of nights before the cutoff, as far as it was read back."""
    return kept_taken(
        project.paths.history,
        user_type=contact_candidates.schema["user_id"],
        before=train_history(split_boundaries).cutoff_on,
    )


@staged_assets(
    {
        CrmHandover: "What the CRM is to do tonight, one row per person",
        HandoverReport: "What became of the people whom each strategy wants",
        HandoverAttributes: "What is passed through of each person",
    },
    group=GROUP,
    stages=(LIVE,),
    kinds=("polars",),
)
def crm_lists(
    intervention_targets: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Hand each person to one strategy."""
    settings = project.settings.radar
    handed = handing.crm_handover(
        intervention_targets,
        settings=settings,
        handed_over_on=train_history(split_boundaries).cutoff_on,
    )
    at = latest_instant(attributes, train_end(split_boundaries))
    return (
        handed,
        handing.handover_report(intervention_targets, handed, settings=settings),
        handing.handover_attributes(handed, attributes, settings.handover.attributes, at=at),
    )
