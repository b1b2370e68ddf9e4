"""Assets of terms: what was known of them, and what is worth knowing of their sources."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST
from ntg_assets.subscriptions.terms.contracts import SubscriptionReport
from ntg_assets.subscriptions.terms.known_contracts import KnownTerms
from ntg_assets.subscriptions.terms.known_terms import known_terms as keep_known
from ntg_assets.subscriptions.terms.known_terms import longest_gap
from ntg_assets.subscriptions.terms.term_checks import checks_with_log, concat_checks

GROUP = "subscriptions"


@staged_asset(contract=SubscriptionReport, group="ingest", stages=(INGEST,), kinds=("polars",))
def subscription_report(
    subscription_checks: pl.DataFrame,
    subscription_terms: pl.DataFrame,
    events: Table,
    project: Project,
) -> pl.DataFrame:
    """What is worth knowing of contracts and payments, beside the log; no rows without them."""
    if project.settings.ingest.subscriptions is None:
        return concat_checks([])
    log_users = project.columns(events, "user_id")["user_id"].unique()
    return concat_checks([subscription_checks, checks_with_log(subscription_terms, log_users)])


@staged_asset(contract=KnownTerms, group=GROUP, kinds=("polars",))
def known_terms(
    subscription_terms: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Terms of contracts by what was known before the stage's cutoff."""
    return keep_known(
        subscription_terms,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        longest_gap_days=longest_gap(project.settings.ingest.subscriptions),
    )
