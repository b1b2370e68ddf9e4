"""Assets of contracts that are looked at: their state, signals and outcome at each snapshot."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import BACKTEST
from ntg_assets.subscriptions.hazard import snapshots as looks
from ntg_assets.subscriptions.hazard.backtest import contract_backtest as evaluate
from ntg_assets.subscriptions.hazard.contracts import ContractBacktest
from ntg_assets.subscriptions.hazard.snapshot_contracts import (
    ContractSignals,
    ContractSnapshots,
    ContractStates,
)

GROUP = "subscriptions"


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


@staged_asset(contract=ContractBacktest, group=GROUP, stages=(BACKTEST,), kinds=("polars",))
def contract_backtest(contract_walk_forward: pl.DataFrame) -> pl.DataFrame:
    """What was forecast of contracts at past origins, beside what came."""
    return evaluate(contract_walk_forward)
