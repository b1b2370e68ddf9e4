"""Contracts (of tables) of what contracts are worth and how long they last."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.survival.doubts import VALUE_EVIDENCE
from ntg_assets.subscriptions.survival.scores import STATES
from ntg_assets.subscriptions.terms.amounts import MINOR
from ntg_assets.summaries import summary


@contract("contract_values")
@summary(
    measures={
        "n_contracts": "count(*)",
        "n_users": "count(distinct user_id)",
        "n_currencies": "count(distinct currency)",
        "mean_end_probability": "avg(end_probability)",
        "mean_expected_periods": "avg(expected_periods)",
    },
)
class ContractValues(Contract):
    """One row per contract that runs at the cutoff: ltv + value at risk = value if kept, per
    contract and in every sum.
    """

    user_id: str = identifier("user", "Whose contract it is")
    subscription_id: str = column("The contract")
    cutoff_on: pl.Date = column("Day of the forecast", unit="date")
    currency: str = column("Currency of the amounts")
    mrr_minor: int = column("Price per month; 0 in a trial", unit=MINOR, ge=0)
    end_probability: float = column(
        "As in contract_scores", unit="probability", ge=0, le=1, nullable=True
    )
    mrr_at_risk_minor: int = column(
        "mrr x end probability; 0 where the end is known", unit=MINOR, ge=0
    )
    expected_periods: float = column(
        "Renewals within the horizon of value that are expected to be paid", ge=0
    )
    value_if_kept_minor: int = column(
        "V: price x expected periods x margin of a contract that survives the "
        "churn horizon, discounted",
        unit=MINOR,
        ge=0,
    )
    value_if_ended_minor: int = column(
        "R: what a contract that ends within it still brings", unit=MINOR, ge=0
    )
    ltv_minor: int = column("(1 - P) V + P R", unit=MINOR, ge=0)
    value_at_risk_minor: int = column("P (V - R)", unit=MINOR, ge=0)
    state: str = column("As in contract_scores", isin=[*STATES])
    value_evidence: str = column(
        "judged: forecasts as far ahead as the horizon of value were held against what came; off: "
        "they were proven off before its end, and the amounts are doubtful; not judged: the log is"
        " too short, the amounts are an extrapolation",
        isin=[*VALUE_EVIDENCE],
    )

    class Config:
        unique = ["subscription_id"]


@contract("revenue_waterfall")
@summary(
    measures={
        "n_paying": "coalesce(sum(n_end), 0)",
        "n_new": "coalesce(sum(n_new), 0)",
        "n_churned": "coalesce(sum(n_churned), 0)",
        "n_currencies": "count(distinct currency)",
    },
    where="month_on = (select max(month_on) from {table})",
)
class RevenueWaterfall(Contract):
    """One row per (currency, month): how monthly recurring revenue moved; start + movements =
    end, exactly.
    """

    currency: str = column("Currency of the amounts")
    month_on: pl.Date = column(
        "First day of the month; the last month ends with the cutoff", unit="date"
    )
    start_minor: int = column("Revenue per month at its beginning", unit=MINOR, ge=0)
    new_minor: int = column("Change by users who never paid before", unit=MINOR)
    reactivated_minor: int = column(
        "Change by users who had paid before, and not at its beginning", unit=MINOR
    )
    expansion_minor: int = column("Change by users who pay more", unit=MINOR)
    contraction_minor: int = column("Change by users who pay less", unit=MINOR)
    churned_minor: int = column("Change by users who pay nothing any more", unit=MINOR)
    end_minor: int = column("At its end", unit=MINOR, ge=0)
    n_start: int = column("Users who pay at its beginning", ge=0)
    n_new: int = column("Users who never paid before", ge=0)
    n_reactivated: int = column("Users who had paid before, and not at its beginning", ge=0)
    n_expansion: int = column("Users who pay more", ge=0)
    n_contraction: int = column("Users who pay less", ge=0)
    n_churned: int = column("Users who pay nothing any more", ge=0)
    n_end: int = column("Users who pay at its end", ge=0)

    class Config:
        unique = ["currency", "month_on"]


@contract("revenue_waterfall_total")
class RevenueWaterfallTotal(RevenueWaterfall):
    """One row per month: all currencies that have a rate (`subscriptions.conversion`), brought to
    one; rounded amounts, for reading. No rows without rates.
    """

    currency: str = column("Currency, the day of the rates, and what has no rate")


@contract("contract_acquisition")
class ContractAcquisition(Contract):
    """One row per (month of the first contract, channel, currency): what it cost to win users,
    and what they bring.
    """

    started_month_on: pl.Date = column("Month", unit="date")
    channel: str = column("By which they came; unknown: nothing says")
    currency: str = column("Currency")
    n_users: int = column("Users", ge=0)
    n_with_cost: int = column("Of them, those whose cost is known", ge=0)
    cost_minor: int = column("What they cost", unit=MINOR, ge=0)
    paid_minor: int = column("What they have paid, less what was given back", unit=MINOR)
    margin_minor: int = column("Of it, what is left after costs", unit=MINOR)
    expected_minor: int = column(
        "What those who are there are expected to bring: their ltv", unit=MINOR, ge=0
    )
    ltv_to_cost: float = column(
        "(margin + expected) / cost, of those whose cost is known; null without one", nullable=True
    )
    payback_months: int = column(
        "Month, from 1, by whose end the margin has covered the cost; null: not yet",
        nullable=True,
        ge=1,
    )

    class Config:
        unique = ["started_month_on", "channel", "currency"]


@contract("contract_trials")
@summary(
    measures={
        "n_trials": "coalesce(sum(n_trials), 0)",
        "n_converted": "coalesce(sum(n_converted), 0)",
        "n_open": "coalesce(sum(n_open), 0)",
        "converted_share": "sum(n_converted) / nullif(sum(n_converted + n_not_converted), 0)",
    },
)
class ContractTrials(Contract):
    """One row per (month, plan): how many trials became contracts."""

    started_month_on: pl.Date = column("Month in which they began", unit="date")
    plan: str = column("First plan")
    n_trials: int = column("Trials", ge=0)
    n_open: int = column("That run", ge=0)
    n_converted: int = column("That were continued", ge=0)
    n_not_converted: int = column("That were not", ge=0)
    converted_share: float = column(
        "n_converted / (n_converted + n_not_converted)", unit="share", nullable=True, ge=0, le=1
    )
    converted_low: float = column(
        "Lower end of Wilson's 95% interval", unit="share", nullable=True, ge=0, le=1
    )
    converted_high: float = column("Upper end", unit="share", nullable=True, ge=0, le=1)

    class Config:
        unique = ["started_month_on", "plan"]
