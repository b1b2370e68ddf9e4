"""Assets of the contacts: whom to contact first, and who must not be."""

import polars as pl

from ntg_assets.churn.log_holes import daily_users, find_holes
from ntg_assets.churn.population.thin_weeks import find_thin_weeks
from ntg_assets.churn.snapshots import train_history
from ntg_assets.history.contacts import contacts_taken_back
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.contacts import strategies
from ntg_assets.revenue.contacts.assignments import intervention_assignments as log_assignments
from ntg_assets.revenue.contacts.candidate_contracts import ContactCandidates, ContactRules
from ntg_assets.revenue.contacts.contact_candidates import contact_candidates as bring_together
from ntg_assets.revenue.contacts.contact_rules import contact_rules as rule_contacts
from ntg_assets.revenue.contacts.contact_rules import latest_instant
from ntg_assets.revenue.contacts.contacts_taken import made_contacts
from ntg_assets.revenue.contacts.hidden_silence import leave_out_hidden
from ntg_assets.revenue.contacts.intervention_contracts import (
    InterventionAssignments,
    InterventionExclusions,
    InterventionTargets,
    StrategyComparison,
    StrategyOverlaps,
)
from ntg_assets.revenue.contacts.lists.user_lists import UserLists
from ntg_assets.revenue.contacts.policy import intervention_exclusions as exclude
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison as compare
from ntg_assets.revenue.contacts.strategy_comparison import strategy_overlaps as count_overlaps
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Table
from ntg_assets.stages import BACKTEST, LIVE
from ntg_assets.subscriptions.terms.known_terms import longest_gap


@staged_asset(contract=ContactCandidates, group="revenue", kinds=("polars",))
def contact_candidates(
    revenue_risk_radar: pl.DataFrame,
    churn_scores: pl.DataFrame,
    contract_scores: pl.DataFrame,
    contract_values: pl.DataFrame,
    return_scores: pl.DataFrame,
    user_days: Table,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whom a contact could be about: subscribers by their contracts, people who left by what would
    bring them back, everyone else by silence, as far as the log can tell it.
    """
    settings = project.settings
    candidates = bring_together(
        revenue_risk_radar,
        churn_scores.select("user_id", "churn_probability_before"),
        contract_scores,
        contract_values,
        return_scores,
        unit=settings.value.unit,
        conversion=settings.subscriptions.conversion,
    )
    # of tonight: `log_holes` is of what is learned, which may end days before
    daily = project.read(daily_users(user_days))
    holes = find_holes(daily)
    history = train_history(split_boundaries, holes)
    thin = find_thin_weeks(daily, history, at_risk_days=settings.churn.at_risk_window_days)
    return leave_out_hidden(candidates, churn_scores, holes, thin, cutoff_on=history.cutoff_on)


@staged_asset(
    contract=ContactRules,
    group="revenue",
    name="contact_rules",
    stages=(BACKTEST,),
    kinds=("polars",),
)
def past_contact_rules(
    contact_candidates: pl.DataFrame,
    known_terms: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Who would have been on no list, by what was known at the cutoff."""
    return rule_contacts(
        contact_candidates,
        known_terms,
        attributes,
        consent=project.settings.ingest.attributes.consent,
        at=train_end(split_boundaries),
        on=train_history(split_boundaries).cutoff_on,
        longest_gap_days=longest_gap(project.settings.ingest.subscriptions),
    )


@staged_asset(contract=ContactRules, group="revenue", stages=(LIVE,), kinds=("polars",))
def contact_rules(
    contact_candidates: pl.DataFrame,
    subscription_terms: pl.DataFrame,
    subscription_quarantine: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Who is on no contact list tonight, by all that the sources hold."""
    return rule_contacts(
        contact_candidates,
        subscription_terms,
        attributes,
        consent=project.settings.ingest.attributes.consent,
        at=latest_instant(attributes, train_end(split_boundaries)),
        on=train_history(split_boundaries).cutoff_on,
        longest_gap_days=longest_gap(project.settings.ingest.subscriptions),
        refused=subscription_quarantine,
    )


@staged_asset(
    contract=InterventionExclusions,
    group="revenue",
    files=("data/history/assignments", "data/history/generations"),
    kinds=("polars",),
)
def intervention_exclusions(
    contact_candidates: pl.DataFrame,
    contact_rules: pl.DataFrame,
    user_lists: pl.DataFrame,
    contact_holds: pl.DataFrame,
    contacts_taken: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Why users are not contacted: withheld lists, opt-outs, exclusions,
    contact caps, the random holdout.
    """
    as_of = train_history(split_boundaries).cutoff_on
    lists = UserLists.of(user_lists)
    return exclude(
        contact_candidates,
        settings=project.settings.radar,
        lists=lists,
        holds=contact_holds,
        rules=contact_rules,
        as_of=as_of,
        taken_back=contacts_taken_back(project.paths.history, as_of),
        made=made_contacts(contacts_taken),
    )


@staged_asset(contract=InterventionTargets, group="revenue", kinds=("polars",))
def intervention_targets(
    contact_candidates: pl.DataFrame,
    intervention_exclusions: pl.DataFrame,
    contact_holds: pl.DataFrame,
    uplift_estimates: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whom to contact tonight, by strategy, with expected value, cost and reason."""
    return strategies.intervention_targets(
        contact_candidates,
        settings=project.settings.radar,
        exclusions=intervention_exclusions,
        holds=contact_holds,
        seed=project.settings.seed,
        warnings=contact_candidates.select("user_id", "churn_probability_before"),
        uplift=uplift_estimates,
        as_of=train_history(split_boundaries).cutoff_on,
    )


@staged_asset(contract=InterventionAssignments, group="revenue", kinds=("polars",))
def intervention_assignments(
    intervention_targets: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Who is treated and who is held out tonight,
    and with what probability: what a later measurement of the programme reads.
    """
    return log_assignments(
        intervention_targets,
        assigned_on=train_history(split_boundaries).cutoff_on,
        holdout_share=project.settings.radar.holdout_share,
    )


@staged_asset(contract=StrategyComparison, group="revenue", kinds=("polars",))
def strategy_comparison(
    intervention_targets: pl.DataFrame, contact_candidates: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """The strategies side by side: expected value, cost, overlap,
    and how far the save rate may fall.
    """
    return compare(intervention_targets, contact_candidates, settings=project.settings.radar)


@staged_asset(contract=StrategyOverlaps, group="revenue", kinds=("polars",))
def strategy_overlaps(intervention_targets: pl.DataFrame, project: Project) -> pl.DataFrame:
    """How many of the contacts of one strategy another one contacts too."""
    return count_overlaps(intervention_targets, settings=project.settings.radar)
