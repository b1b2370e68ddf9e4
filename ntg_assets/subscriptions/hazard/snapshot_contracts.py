"""Contracts (of tables) of contracts that are looked at from a day."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.terms.amounts import MINOR


@contract("contract_states")
class ContractStates(Contract):
    """One row per (contract, snapshot): a contract that ran then, by what was known before."""

    user_id: str = identifier("user", "Whose contract it is")
    subscription_id: str = column("The contract")
    contract_place: int = column("Its number", ge=0)
    snapshot_on: pl.Date = column(
        "Day from which it is looked at; only days before it are seen", unit="date"
    )
    plan: str = column("Plan")
    price_minor: int = column("Price of one billing period", unit=MINOR, ge=0)
    price_before_minor: int = column("Price of the term before", unit=MINOR, nullable=True, ge=0)
    currency: str = column("Currency")
    period_months: int = column("Months of a billing period", ge=0)
    period_days: int = column("Days of a billing period", ge=0)
    term_started_on: pl.Date = column("First day of the present term", unit="date")
    contract_started_on: pl.Date = column("First day of the contract", unit="date")
    contract_trial_end_on: pl.Date = column("First day after its trial", unit="date", nullable=True)
    anchor_on: pl.Date = column("Day from which renewals are counted", unit="date")
    n_contracts_before: int = column("Contracts of the user that began before", ge=0)
    known_end_on: pl.Date = column(
        "First day without it, where that was known before the snapshot", unit="date", nullable=True
    )
    contract_end_on: pl.Date = column(
        "What followed: first day without it, as known at the stage's cutoff",
        unit="date",
        nullable=True,
    )
    contract_end_known_on: pl.Date = column(
        "Day on which that was known", unit="date", nullable=True
    )
    contract_end_kind: str = column("What followed: how it ended", nullable=True)

    class Config:
        unique = ["contract_place", "snapshot_on"]


@contract("contract_snapshots")
class ContractSnapshots(ContractStates):
    """One row per (contract, snapshot): what was known of it and of its user before that day,
    and what followed.
    """

    n_failed_90d: int = column("Payments that failed in the 90 days before", ge=0)
    n_returned_90d: int = column(
        "Payments that were given or taken back in the 90 days before", ge=0
    )
    is_unpaid: bool = column("Whether the last attempt failed")
    recency_days: int = column(
        "Days since the user's last active day; null: never active",
        unit="days",
        nullable=True,
        ge=1,
    )
    tenure_days: int = column("Days since the first active day", unit="days", nullable=True, ge=1)
    active_days_7d: int = column("Active days in the last 7 days", unit="days", ge=0)
    active_days_30d: int = column("Active days in the last 30 days", unit="days", ge=0)
    active_days_90d: int = column("Active days in the last 90 days", unit="days", ge=0)
    decayed_active_days_30d: float = column(
        "Active days, each weighing 0.5 ** (age / 30)", unit="days", ge=0
    )
    events_per_active_day: float = column("Events on an active day", nullable=True, ge=0)
    trend_log_ratio: float = column(
        "Logarithm of active days of the last 30 days over those of the 30 before", nullable=True
    )


@contract("contract_signals")
class ContractSignals(Contract):
    """One row per (user, snapshot, signal): events that may announce an end, in the 30 days
    before.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column("Day from which the user is looked at", unit="date")
    signal: str = column("What the configuration calls it")
    n_events: int = column("How often", ge=1)

    class Config:
        unique = ["user_id", "snapshot_on", "signal"]
