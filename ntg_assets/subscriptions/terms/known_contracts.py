"""Contract (of a table) of what was known of terms at a cutoff."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.terms.amounts import MINOR


@contract("known_terms")
class KnownTerms(Contract):
    """One row per term of a contract, by what was known before the stage's cutoff."""

    user_id: str = identifier("user", "Whose contract it is")
    subscription_id: str = column("The contract, as the source calls it")
    started_on: pl.Date = column("First day of the term", unit="date")
    ended_on: pl.Date = column(
        "First day without it; null: no end was known", unit="date", nullable=True
    )
    known_on: pl.Date = column("Day on which the term was known", unit="date")
    end_known_on: pl.Date = column("Day on which the end was known", unit="date", nullable=True)
    plan: str = column("Plan")
    price_minor: int = column("Price of one billing period", unit=MINOR, ge=0)
    currency: str = column("Currency")
    period_months: int = column("Months of a billing period; 0: it is one of days", ge=0)
    period_days: int = column("Days of a billing period; 0: it is one of months", ge=0)
    end_kind: str = column("How the term ended", nullable=True)
    contract_place: int = column(
        "Number of the contract: one that was interrupted is several", ge=0
    )
    contract_started_on: pl.Date = column("First day of the contract", unit="date")
    contract_trial_end_on: pl.Date = column("First day after its trial", unit="date", nullable=True)
    anchor_on: pl.Date = column("Day from which its renewals are counted", unit="date")
    price_before_minor: int = column(
        "Price of the term before, in the same currency", unit=MINOR, nullable=True, ge=0
    )
    next_known_on: pl.Date = column(
        "Day on which the term after it was known", unit="date", nullable=True
    )
    n_contracts_before: int = column("Contracts of the user that began before", ge=0)
    contract_end_on: pl.Date = column(
        "First day without the contract; null: it ran for all that was known",
        unit="date",
        nullable=True,
    )
    contract_end_known_on: pl.Date = column(
        "Day on which that was known", unit="date", nullable=True
    )
    contract_end_kind: str = column("How the contract ended", nullable=True)

    class Config:
        unique = ["subscription_id", "started_on"]
