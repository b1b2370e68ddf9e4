"""Assets of contracts: what was known of them, how probably they end, what they are worth."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.splits.boundaries import zone_of
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST, INGEST
from ntg_assets.subscriptions import snapshots as looks
from ntg_assets.subscriptions.acquisition import acquisition, first_contracts, trial_funnel
from ntg_assets.subscriptions.backtest import contract_backtest as judge
from ntg_assets.subscriptions.cash import cash
from ntg_assets.subscriptions.cohorts import contract_cohorts
from ntg_assets.subscriptions.contracts import SubscriptionReport
from ntg_assets.subscriptions.facts import with_user_attributes
from ntg_assets.subscriptions.known_terms import known_terms as keep_known
from ntg_assets.subscriptions.learning import Learned, learn_contracts
from ntg_assets.subscriptions.model_contracts import (
    ContractBacktest,
    ContractHazards,
    ContractPersistence,
    ContractRecalibration,
    ContractScores,
    ContractSignals,
    ContractSnapshots,
    ContractStates,
    ContractSurvivalBacktest,
    ContractWalkForward,
    KnownTerms,
)
from ntg_assets.subscriptions.money_contracts import (
    ContractAcquisition,
    ContractCohorts,
    ContractTrials,
    ContractValues,
    RevenueWaterfall,
)
from ntg_assets.subscriptions.persistence import day_number
from ntg_assets.subscriptions.scores import contract_scores
from ntg_assets.subscriptions.survival_backtest import survival_backtest
from ntg_assets.subscriptions.term_checks import checks_with_log, concat_checks
from ntg_assets.subscriptions.values import ValueTerms, contract_values
from ntg_assets.subscriptions.waterfall import revenue_waterfall as move

GROUP = "subscriptions"
NO_GAP = 1


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
    known = project.columns(events, "user_id")["user_id"].unique()
    return concat_checks([subscription_checks, checks_with_log(subscription_terms, known)])


@staged_asset(contract=KnownTerms, group=GROUP, kinds=("polars",))
def known_terms(
    subscription_terms: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Terms of contracts by what was known before the stage's cutoff."""
    source = project.settings.ingest.subscriptions
    return keep_known(
        subscription_terms,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        longest_gap_days=source.longest_gap_days if source else NO_GAP,
    )


@staged_asset(contract=ContractStates, group=GROUP, kinds=("sql",))
def contract_states(
    known_terms: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """Contracts that ran at each snapshot of the past and at the cutoff, as far as was known."""
    history = train_history(split_boundaries)
    days = looks.snapshot_days(
        known_terms,
        cutoff_on=history.cutoff_on,
        complete_until_on=history.complete_until_on,
        settings=project.settings.churn,
    )
    steps = looks.sampling_steps(
        known_terms,
        days,
        most=project.settings.subscriptions.max_fit_rows,
        horizon_days=project.settings.churn.horizon_days,
    )
    return looks.contract_states(known_terms, days, steps=steps)


@staged_asset(contract=ContractSignals, group=GROUP, kinds=("sql",))
def contract_signals(contract_states: Table, train_events: Table, project: Project) -> Query:
    """How often users did what may announce an end, before each snapshot."""
    return looks.contract_signals(
        contract_states, train_events, settings=project.settings.subscriptions
    )


@staged_asset(contract=ContractSnapshots, group=GROUP, kinds=("sql",))
def contract_snapshots(
    contract_states: Table, subscription_payments: Table, user_days: Table
) -> Query:
    """What was known of contracts and of their users at each snapshot, and what followed."""
    return looks.contract_snapshots(contract_states, subscription_payments, user_days)


@staged_assets(
    {
        ContractWalkForward: "What the hazard would have said at past origins",
        ContractRecalibration: "Whether recalibrating the hazard would have helped at past origins",
        ContractHazards: "The hazard of contracts as a table",
        ContractPersistence: "How probably contracts go on beyond the horizon of the hazard",
    },
    group=GROUP,
    kinds=("scikitlearn",),
)
def contract_model(
    contract_snapshots: pl.DataFrame,
    contract_signals: pl.DataFrame,
    known_terms: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Learn the hazard of contracts, judge it at past origins, and decide what it may look at."""
    return learn_contracts(
        _whole(contract_snapshots, contract_signals, attributes, split_boundaries, project),
        known_terms,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        churn=project.settings.churn,
        settings=project.settings.subscriptions,
    )


@staged_assets(
    {
        ContractScores: "How probably each contract ends, and why",
        ContractValues: "What each contract is worth, and what of it is at risk",
    },
    group=GROUP,
    kinds=("polars",),
)
def contract_outlook(
    contract_snapshots: pl.DataFrame,
    contract_signals: pl.DataFrame,
    attributes: pl.DataFrame,
    contract_walk_forward: pl.DataFrame,
    contract_recalibration: pl.DataFrame,
    contract_hazards: pl.DataFrame,
    contract_persistence: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Score and value the contracts that run at the cutoff."""
    settings = project.settings
    rows = _whole(contract_snapshots, contract_signals, attributes, split_boundaries, project)
    cutoff_on = train_history(split_boundaries).cutoff_on
    now = rows.filter(pl.col("snapshot_on") == cutoff_on)
    model = Learned(
        contract_walk_forward, contract_recalibration, contract_hazards, contract_persistence
    ).as_model(churn=settings.churn, settings=settings.subscriptions)
    scores = contract_scores(now, model)
    terms = ValueTerms(
        settings.value.horizon_days, settings.value.annual_discount, settings.subscriptions.margin
    )
    return scores, contract_values(now, scores, model, terms=terms)


@staged_asset(contract=RevenueWaterfall, group=GROUP, kinds=("sql",))
def revenue_waterfall(known_terms: pl.DataFrame, split_boundaries: pl.DataFrame) -> Query:
    """How monthly recurring revenue moved from month to month."""
    return move(known_terms, cutoff_on=train_history(split_boundaries).cutoff_on)


@staged_assets(
    {
        ContractCohorts: "How long contracts last, by plan and start",
        ContractTrials: "How many trials became contracts",
        ContractAcquisition: "What it cost to win users, and what they bring",
    },
    group=GROUP,
    kinds=("polars",),
)
def contract_economics(
    known_terms: pl.DataFrame,
    subscription_payments: pl.DataFrame,
    contract_values: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Make the life tables, the funnel of trials, and what was paid for users."""
    settings, history = project.settings.subscriptions, train_history(split_boundaries)
    users = first_contracts(
        known_terms,
        attributes,
        cutoff_on=history.cutoff_on,
        zone=zone_of(split_boundaries),
        settings=settings,
    )
    came = cash(known_terms, subscription_payments, cutoff_on=history.cutoff_on)
    return (
        contract_cohorts(known_terms, cutoff=day_number(history.cutoff_on)),
        trial_funnel(known_terms, cutoff_on=history.cutoff_on),
        acquisition(users, came, contract_values, margin=settings.margin),
    )


@staged_asset(contract=ContractBacktest, group=GROUP, stages=(BACKTEST,), kinds=("polars",))
def contract_backtest(contract_walk_forward: pl.DataFrame) -> pl.DataFrame:
    """What was forecast of contracts at past origins, beside what came."""
    return judge(contract_walk_forward)


@staged_asset(
    contract=ContractSurvivalBacktest, group=GROUP, stages=(BACKTEST,), kinds=("scikitlearn",)
)
def contract_survival_backtest(
    contract_snapshots: pl.DataFrame,
    contract_signals: pl.DataFrame,
    subscription_terms: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Who was said to be there after 3, 6 and 12 renewals, beside who was."""
    source, history = project.settings.ingest.subscriptions, train_history(split_boundaries)
    return survival_backtest(
        _whole(contract_snapshots, contract_signals, attributes, split_boundaries, project),
        subscription_terms,
        cutoff_on=history.cutoff_on,
        churn=project.settings.churn,
        settings=project.settings.subscriptions,
        longest_gap_days=source.longest_gap_days if source else NO_GAP,
    )


def _whole(
    snapshots: pl.DataFrame,
    signals: pl.DataFrame,
    attributes: pl.DataFrame,
    boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Snapshots with the signals and attributes that the configuration names, in order."""
    settings = project.settings.subscriptions
    counted = looks.with_signals(snapshots, signals, sorted(settings.signals))
    named = with_user_attributes(counted, attributes, settings.attributes, zone=zone_of(boundaries))
    return named.sort("contract_place", "snapshot_on")
