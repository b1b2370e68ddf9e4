"""Contracts (of tables) for subscriptions."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier

CANCELLED, PAYMENT_FAILED, NOT_CONVERTED = KINDS = ("cancelled", "payment_failed", "not_converted")
PAID, FAILED, REFUNDED, CHARGED_BACK = STATUSES = ("paid", "failed", "refunded", "charged_back")


@contract("subscription_terms")
class SubscriptionTerms(Contract):
    """One row per term of a contract: a plan at a price from a day on."""

    user_id: str = identifier("user", "Whose contract it is")
    subscription_id: str = column("The contract, as the source calls it")
    started_on: pl.Date = column("First day of the term", unit="date")
    ended_on: pl.Date = column(
        "First day without the term; null: it runs", unit="date", nullable=True
    )
    known_on: pl.Date = column("Day on which the term was known", unit="date")
    end_known_on: pl.Date = column(
        "Day on which the end was known; null: no end is", unit="date", nullable=True
    )
    plan: str = column("Plan")
    price_minor: int = column(
        "Price of one billing period", unit="smallest unit of the currency", ge=0
    )
    currency: str = column("Currency (ISO 4217)", str_length={"min_value": 3, "max_value": 3})
    period_months: int = column("Months of a billing period; 0: it is one of days", ge=0)
    period_days: int = column("Days of a billing period; 0: it is one of months", ge=0)
    trial_end_on: pl.Date = column(
        "First day after the trial; null: there was none", unit="date", nullable=True
    )
    end_kind: str = column("How it ended; null: it runs", isin=[*KINDS], nullable=True)

    class Config:
        unique = ["subscription_id", "started_on"]


@contract("subscription_payments")
class SubscriptionPayments(Contract):
    """One row per attempt to take money, or to give it back."""

    subscription_id: str = column("The contract it was for")
    place: int = column("Place of the row in its source", ge=0)
    happened_on: pl.Date = column("Day of the attempt", unit="date")
    due_on: pl.Date = column("Day on which it was due", unit="date")
    status: str = column("What came of it", isin=[*STATUSES])
    amount_minor: int = column("Amount", unit="smallest unit of the currency", ge=0, nullable=True)
    currency: str = column("Currency; null: that of the contract", nullable=True)

    class Config:
        unique = ["place"]


@contract("subscription_quarantine")
class SubscriptionQuarantine(Contract):
    """One row per row of the sources that cannot be believed, with the reason."""

    source: str = column("subscriptions or payments", isin=["subscriptions", "payments"])
    place: int = column("Place of the row in its source", ge=0)
    file_name: str = column("File")
    subscription_id: str = column("The contract, as written", nullable=True)
    listed_id: str = column(
        "The user, as the log writes ids where it can be; null: a payment, or none is written",
        nullable=True,
    )
    column_name: str = column("What is wrong")
    reason: str = column("Why")
    found: str = column("What the file holds there", nullable=True)

    class Config:
        unique = ["source", "place"]


@contract("subscription_checks")
class SubscriptionChecks(Contract):
    """One row per thing worth knowing of the sources: what, how often, the first of them."""

    source: str = column("subscriptions or payments", isin=["subscriptions", "payments"])
    check: str = column("What was looked for")
    n_rows: int = column("How often it was found", ge=0)
    first: str = column("The first contract, user or text of them", nullable=True)
    is_refused: bool = column("Whether such rows are left out")
    sentence: str = column("All of it in words")

    class Config:
        unique = ["source", "check"]


@contract("subscription_report")
class SubscriptionReport(SubscriptionChecks):
    """One row per thing worth knowing of contracts and payments, beside the log, too."""
