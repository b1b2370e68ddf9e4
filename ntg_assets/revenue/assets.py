"""Assets of revenue: what users are worth, what their leaving would cost, whom to contact first."""

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import labelled_snapshots, train_history
from ntg_assets.history.contacts import contacts_taken_back
from ntg_assets.history.days import SEGMENT_DAYS, last_day_before
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.contacts import strategies, trials
from ntg_assets.revenue.contacts.assignments import intervention_assignments as log_assignments
from ntg_assets.revenue.contacts.candidate_contracts import ContactCandidates, ContactRules
from ntg_assets.revenue.contacts.contact_candidates import contact_candidates as bring_together
from ntg_assets.revenue.contacts.contact_holds import hold_contacts, list_holds, volume_holds
from ntg_assets.revenue.contacts.contact_rules import contact_rules as rule_contacts
from ntg_assets.revenue.contacts.contact_rules import contract_holds, latest_instant
from ntg_assets.revenue.contacts.intervention_contracts import (
    InterventionAssignments,
    InterventionExclusions,
    InterventionTargets,
    PersuadabilityReport,
    StrategyComparison,
    StrategyOverlaps,
    TrialOutcomes,
    UpliftEstimates,
)
from ntg_assets.revenue.contacts.list_contracts import ContactHolds, UserListReport
from ntg_assets.revenue.contacts.policy import intervention_exclusions as exclude
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison as compare
from ntg_assets.revenue.contacts.strategy_comparison import strategy_overlaps as count_overlaps
from ntg_assets.revenue.contacts.uplift import Uplift, measure_uplift, uplift_or_problem
from ntg_assets.revenue.contacts.user_list_report import report_user_lists
from ntg_assets.revenue.contacts.user_lists import UserLists
from ntg_assets.revenue.contracts import (
    CappedDays,
    LtvEstimates,
    LtvRanges,
    RadarPortfolio,
    RadarSegments,
    RadarStability,
    RevenueRiskRadar,
    ValueCoefficients,
    ValueRanges,
    ValueShapes,
    ValueWalkForward,
)
from ntg_assets.revenue.radar import uncertainty
from ntg_assets.revenue.radar.revenue_risk_radar import revenue_risk_radar as rank_by_risk
from ntg_assets.revenue.radar.segments import radar_segments as roll_up
from ntg_assets.revenue.value import ltv, worth
from ntg_assets.revenue.value import value_shapes as shaping
from ntg_assets.revenue.value.horizon_forecasts import fit_ltv_ranges
from ntg_assets.revenue.value.past_values import past_values
from ntg_assets.revenue.value.population import period_ends
from ntg_assets.revenue.value.value_model import fit_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.splits.boundaries import train_end
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST, LIVE, PUBLISHED


@staged_asset(contract=CappedDays, group="revenue", kinds=("sql",))
def capped_days(user_days: Table, split_boundaries: pl.DataFrame, project: Project) -> Query:
    """Active days whose amount counts only up to what the log, or the user,
    has shown often enough.
    """
    return worth.capped_days(
        user_days,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        settings=project.settings.value,
    )


@staged_asset(contract=ValueCoefficients, group="revenue", kinds=("scikitlearn",))
def value_coefficients(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    capped_days: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """The value model as a table: what an active user is worth over one churn horizon."""
    labelled = worth.counted(labelled_snapshots(churn_snapshots, churn_labels), capped_days)
    return fit_value(labelled, settings=project.settings.value)


@staged_asset(contract=ValueRanges, group="revenue", kinds=("polars",))
def value_ranges(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    capped_days: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How far the value of the next horizon may lie from its forecast, by size of the forecast."""
    labelled = worth.counted(labelled_snapshots(churn_snapshots, churn_labels), capped_days)
    return fit_value_ranges(
        labelled, churn_coefficients, value_coefficients, settings=project.settings.value
    )


@staged_asset(contract=ValueWalkForward, group="revenue", kinds=("scikitlearn",))
def value_walk_forward(
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_walk_forward: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What every way of foreseeing value would have said of everyone at past cutoffs,
    beside what they then brought.
    """
    return past_values(
        user_days,
        labelled_snapshots(churn_snapshots, churn_labels),
        churn_walk_forward,
        train_history(split_boundaries),
        churn=project.settings.churn,
        value=project.settings.value,
    )


@staged_asset(contract=ValueShapes, group="revenue", kinds=("polars",))
def value_shapes(
    context: dg.AssetExecutionContext,
    value_walk_forward: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How much each way of foreseeing value counts, and how far it was off at earlier cuts."""
    ends = period_ends(
        horizon_days=project.settings.value.horizon_days,
        period_days=project.settings.churn.horizon_days,
    )
    shapes = shaping.value_shapes(
        shaping.value_evidence(value_walk_forward),
        known_on=train_history(split_boundaries).complete_until_on,
        n_stated=len(ends),
    )
    context.log.info("value_shapes: %s", shaping.in_words(shapes))
    return shapes


@staged_asset(contract=LtvRanges, group="revenue", kinds=("polars",))
def ltv_ranges(
    value_walk_forward: pl.DataFrame, value_shapes: pl.DataFrame, split_boundaries: pl.DataFrame
) -> pl.DataFrame:
    """How far what users bring over the longest closed span may lie from its forecast."""
    known_on = train_history(split_boundaries).complete_until_on
    return fit_ltv_ranges(value_walk_forward, value_shapes, known_on=known_on)


@staged_asset(contract=LtvEstimates, group="revenue", kinds=("polars",))
def ltv_estimates(
    context: dg.AssetExecutionContext,
    user_days: pl.DataFrame,
    capped_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_scores: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    value_shapes: pl.DataFrame,
    value_ranges: pl.DataFrame,
    ltv_ranges: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each user is worth over the horizon: if they stay, if they leave, and in all."""
    values = ltv.score_value(
        churn_snapshots,
        churn_scores,
        ltv.ValueModel(value_coefficients, value_shapes, value_ranges, ltv_ranges, capped_days),
        user_days,
        train_history(split_boundaries),
        churn=project.settings.churn,
        value=project.settings.value,
    )
    if n_capped := int(values["is_worth_capped"].sum()):
        context.log.warning(
            "ltv_estimates: %d of %d users' worth %s", n_capped, values.height, worth.CAPPED
        )
    return values


@staged_asset(contract=RevenueRiskRadar, group="revenue", kinds=("polars",))
def revenue_risk_radar(
    churn_scores: pl.DataFrame, ltv_estimates: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """What the leaving of each user would cost: churn probability times the value at stake,
    ranked.
    """
    return rank_by_risk(churn_scores, ltv_estimates, settings=project.settings.churn)


@staged_asset(contract=RadarStability, group="revenue")
def radar_stability(
    revenue_risk_radar: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    churn_uncertainty: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How surely each user belongs to the top of the radar,
    over drawn coefficients and model error.
    """
    return uncertainty.radar_stability(
        revenue_risk_radar,
        churn_snapshots,
        churn_coefficients,
        churn_uncertainty,
        rng=project.rng("radar_stability"),
    )


@staged_asset(contract=RadarPortfolio, group="revenue")
def radar_portfolio(
    revenue_risk_radar: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    churn_uncertainty: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What may be lost in all and by life-cycle segment, with its spread and concentration."""
    return uncertainty.radar_portfolio(
        revenue_risk_radar,
        churn_snapshots,
        churn_coefficients,
        churn_uncertainty,
        rng=project.rng("radar_portfolio"),
    )


@staged_asset(
    contract=RadarSegments,
    group=PUBLISHED,
    stages=(PUBLISHED,),
    reads={"revenue_risk_radar": LIVE, "churn_forecasts": BACKTEST, "split_boundaries": LIVE},
    files=("data/history/segments",),
    kinds=("polars",),
)
def radar_segments(
    revenue_risk_radar: pl.DataFrame,
    churn_forecasts: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What is at risk by life cycle and band,
    beside what came true at the last closed origin and the last publication.

    It looks at what was held out, so nothing that users are shown is made from it.
    """
    as_of = train_history(split_boundaries).cutoff_on
    previous = last_day_before(SEGMENT_DAYS, as_of, history=project.paths.history)
    return roll_up(revenue_risk_radar, churn_forecasts, previous, as_of=as_of)


@staged_asset(contract=TrialOutcomes, group="revenue", kinds=("sql",))
def trial_outcomes(
    trial_log: pl.DataFrame,
    user_days: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What users of the configured contact trial brought after they were given an arm;
    empty without a trial.
    """
    until_on, value = train_history(split_boundaries).complete_until_on, project.settings.value
    return trials.trial_outcomes(
        trial_log,
        user_days,
        complete_until_on=until_on,
        window_days=_trial_days(project),
        value=value,
    )


@staged_asset(contract=PersuadabilityReport, group="revenue", kinds=("polars",))
def persuadability_report(
    trial_outcomes: pl.DataFrame,
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whether the contact programme works, and whether it is known whom it works on."""
    return _uplift(trial_outcomes, user_days, churn_snapshots, project).report


@staged_asset(contract=UpliftEstimates, group="revenue", kinds=("polars",))
def uplift_estimates(
    trial_outcomes: pl.DataFrame,
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What a contact is forecast to change for each user;
    empty unless a randomised trial has shown that somebody gains more.
    """
    return _uplift(trial_outcomes, user_days, churn_snapshots, project).estimates


def _uplift(
    outcomes: pl.DataFrame, user_days: pl.DataFrame, snapshots: pl.DataFrame, project: Project
) -> Uplift:
    now, window_days = (
        snapshots.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max()),
        _trial_days(project),
    )

    def measure() -> Uplift:
        return measure_uplift(
            trials.with_activity_before(outcomes, user_days), now, window_days=window_days
        )

    return uplift_or_problem(measure, trial=outcomes, now=now, window_days=window_days)


def _trial_days(project: Project) -> int:
    trial = project.settings.radar.trial
    return (trial.window_days if trial else None) or project.settings.churn.horizon_days


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


@staged_asset(contract=ContactCandidates, group="revenue", kinds=("polars",))
def contact_candidates(
    revenue_risk_radar: pl.DataFrame,
    churn_scores: pl.DataFrame,
    contract_scores: pl.DataFrame,
    contract_values: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whom a contact could be about: subscribers by their contracts, everyone else by silence."""
    settings = project.settings
    return bring_together(
        revenue_risk_radar,
        churn_scores.select("user_id", "churn_probability_before"),
        contract_scores,
        contract_values,
        unit=settings.value.unit,
        conversion=settings.subscriptions.conversion,
    )


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
        contact_candidates["user_id"],
        known_terms,
        attributes,
        consent=project.settings.ingest.attributes.consent,
        at=train_end(split_boundaries),
        on=train_history(split_boundaries).cutoff_on,
    )


@staged_asset(contract=ContactRules, group="revenue", stages=(LIVE,), kinds=("polars",))
def contact_rules(
    contact_candidates: pl.DataFrame,
    subscription_terms: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Who is on no contact list tonight, by all that the sources hold."""
    return rule_contacts(
        contact_candidates["user_id"],
        subscription_terms,
        attributes,
        consent=project.settings.ingest.attributes.consent,
        at=latest_instant(attributes, train_end(split_boundaries)),
        on=train_history(split_boundaries).cutoff_on,
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
