"""Assets of what contracts bring."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.splits.boundaries import zone_of
from ntg_assets.sql import Query
from ntg_assets.subscriptions.hazard.facts import with_facts
from ntg_assets.subscriptions.money.acquisition import acquisition, first_contracts, trial_funnel
from ntg_assets.subscriptions.money.announced_prices import announced_prices
from ntg_assets.subscriptions.money.cash import cash
from ntg_assets.subscriptions.money.contracts import (
    ContractAcquisition,
    ContractTrials,
    ContractValues,
    RevenueWaterfall,
    RevenueWaterfallTotal,
)
from ntg_assets.subscriptions.money.values import ValueTerms, contract_values
from ntg_assets.subscriptions.money.waterfall import converted
from ntg_assets.subscriptions.money.waterfall import revenue_waterfall as move
from ntg_assets.subscriptions.survival.cohort_contracts import ContractCohorts
from ntg_assets.subscriptions.survival.cohorts import contract_cohorts
from ntg_assets.subscriptions.survival.contract_lifetimes import day_number
from ntg_assets.subscriptions.survival.contracts import ContractScores
from ntg_assets.subscriptions.survival.doubts import with_doubts
from ntg_assets.subscriptions.survival.learning import Learned
from ntg_assets.subscriptions.survival.scores import contract_scores

GROUP = "subscriptions"


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
    contract_forecast_tests: pl.DataFrame,
    known_terms: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Score and value the contracts that run at the cutoff."""
    settings = project.settings
    cutoff_on = train_history(split_boundaries).cutoff_on
    now = with_facts(
        contract_snapshots.filter(pl.col("snapshot_on") == cutoff_on),
        contract_signals,
        attributes,
        zone=zone_of(split_boundaries),
        settings=settings.subscriptions,
    )
    model = Learned(
        contract_walk_forward, contract_recalibration, contract_hazards, contract_persistence
    ).as_model(churn=settings.churn, settings=settings.subscriptions)
    scores = with_doubts(contract_scores(now, model), contract_forecast_tests)
    terms = ValueTerms.of(settings.value, settings.subscriptions)
    announced = announced_prices(known_terms, now)
    return scores, contract_values(now, scores, model, announced=announced, terms=terms)


@staged_asset(contract=RevenueWaterfall, group=GROUP, kinds=("sql",))
def revenue_waterfall(known_terms: pl.DataFrame, split_boundaries: pl.DataFrame) -> Query:
    """How monthly recurring revenue moved from month to month."""
    return move(known_terms, cutoff_on=train_history(split_boundaries).cutoff_on)


@staged_asset(contract=RevenueWaterfallTotal, group=GROUP, kinds=("polars",))
def revenue_waterfall_total(revenue_waterfall: pl.DataFrame, project: Project) -> pl.DataFrame:
    """The movements of monthly revenue over all currencies, by the configured rates."""
    return converted(revenue_waterfall, project.settings.subscriptions.conversion)


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
