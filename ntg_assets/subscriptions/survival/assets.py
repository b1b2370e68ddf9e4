"""Assets of how probably contracts end and how long they last."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_assets
from ntg_assets.splits.boundaries import zone_of
from ntg_assets.subscriptions.hazard.contracts import (
    ContractHazards,
    ContractRecalibration,
    ContractWalkForward,
)
from ntg_assets.subscriptions.hazard.facts import with_facts
from ntg_assets.subscriptions.survival.contracts import (
    ContractPersistence,
    ContractSurvivalBacktest,
)
from ntg_assets.subscriptions.survival.forecast_test_contracts import ContractForecastTests
from ntg_assets.subscriptions.survival.forecast_tests import forecast_tests
from ntg_assets.subscriptions.survival.learning import learn_contracts
from ntg_assets.subscriptions.survival.survival_backtest import (
    survival_backtest,
    survival_forecasts,
)
from ntg_assets.subscriptions.terms.known_terms import longest_gap

GROUP = "subscriptions"


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
        with_facts(
            contract_snapshots,
            contract_signals,
            attributes,
            zone=zone_of(split_boundaries),
            settings=project.settings.subscriptions,
        ),
        known_terms,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        churn=project.settings.churn,
        settings=project.settings.subscriptions,
    )


@staged_assets(
    {
        ContractSurvivalBacktest: "Who was said to be there after 3, 6 and 12 renewals, and was",
        ContractForecastTests: "Whether past forecasts of contracts were off by more than chance",
    },
    group=GROUP,
    kinds=("scikitlearn",),
)
def contracts_in_hindsight(
    contract_snapshots: pl.DataFrame,
    contract_signals: pl.DataFrame,
    contract_walk_forward: pl.DataFrame,
    contract_recalibration: pl.DataFrame,
    subscription_terms: pl.DataFrame,
    attributes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Hold what was said of contracts in the past against what came, group by group."""
    forecasts = survival_forecasts(
        with_facts(
            contract_snapshots,
            contract_signals,
            attributes,
            zone=zone_of(split_boundaries),
            settings=project.settings.subscriptions,
        ),
        subscription_terms,
        cutoff_on=train_history(split_boundaries).cutoff_on,
        churn=project.settings.churn,
        settings=project.settings.subscriptions,
        longest_gap_days=longest_gap(project.settings.ingest.subscriptions),
    )
    return survival_backtest(forecasts), forecast_tests(
        contract_walk_forward, contract_recalibration, contract_snapshots, forecasts
    )
