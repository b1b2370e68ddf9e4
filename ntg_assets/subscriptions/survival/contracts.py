"""Contracts (of tables) of how long contracts last."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.survival.persistence import METHODS
from ntg_assets.subscriptions.survival.scores import AFTER_PERIODS, STATES
from ntg_assets.subscriptions.terms.amounts import MINOR
from ntg_assets.summaries import summary


@contract("contract_persistence")
class ContractPersistence(Contract):
    """One row per billing period: how the hazard goes on beyond the horizon."""

    period_months: int = column("Months of the billing period", ge=0)
    period_days: int = column("Days of the billing period", ge=0)
    method: str = column(
        "landmark, or the cohorts' shifted beta-geometric law where too few later ends were seen",
        isin=[*METHODS],
    )
    intercept: float = column("Log odds at the mean score", nullable=True)
    score: float = column("Per unit of today's log odds", nullable=True)
    log_lag: float = column("Per unit of ln(1 + renewals ahead)", nullable=True)
    score_by_log_lag: float = column("How fast today's score fades", nullable=True)
    log_tenure: float = column("Per unit of ln(1 + periods)", nullable=True)
    score_mean: float = column("Mean of today's log odds in the fit", nullable=True)
    longest_lag: int = column(
        "Most renewals ahead at which enough ends were seen; with more the line is read there",
        nullable=True,
        ge=1,
    )
    longest_tenure: int = column(
        "Largest billing period of which enough were seen; later ones are read there",
        nullable=True,
        ge=0,
    )
    alpha: float = column("Of the beta-geometric law", nullable=True)
    beta: float = column("Of the beta-geometric law", nullable=True)
    n_periods: int = column("Later periods of contracts, or contracts, behind it", ge=0)
    n_ended: int = column("Of them, those that ended", ge=0)

    class Config:
        unique = ["period_months", "period_days"]


@contract("contract_scores")
@summary(
    measures={
        "n_contracts": "count(*)",
        "n_sleeping": "count(*) filter (state = 'sleeping')",
        "n_ending": "count(*) filter (state = 'ending')",
        "expected_ends": "coalesce(sum(end_probability), 0)",
        "mean_end_probability": "avg(end_probability)",
    },
)
class ContractScores(Contract):
    """One row per contract that runs at the cutoff: how probably it ends within the horizon,
    how, why, and how long it stays.
    """

    user_id: str = identifier("user", "Whose contract it is")
    subscription_id: str = column("The contract")
    cutoff_on: pl.Date = column("Day of the forecast", unit="date")
    plan: str = column("Plan")
    currency: str = column("Currency")
    price_minor: int = column("Price of one billing period", unit=MINOR, ge=0)
    mrr_minor: int = column("Price per month; 0 in a trial", unit=MINOR, ge=0)
    period_months: int = column("Months of a billing period", ge=0)
    period_days: int = column("Days of a billing period", ge=0)
    contract_started_on: pl.Date = column("First day of the contract", unit="date")
    tenure_periods: int = column("Paid periods that have begun", ge=0)
    next_renewal_on: pl.Date = column("Next renewal", unit="date")
    known_end_on: pl.Date = column(
        "First day without it, where that is known", unit="date", nullable=True
    )
    state: str = column(
        "trial, watching, sleeping (pays, and has not watched), ending (its end is known)",
        isin=[*STATES],
    )
    end_probability: float = column(
        "Chance that it ends within the horizon; of an end that is known 1 or "
        "0; null: no window has closed yet",
        unit="probability",
        ge=0,
        le=1,
        nullable=True,
    )
    cancelled_probability: float = column(
        "Of it, by cancelling", unit="probability", ge=0, le=1, nullable=True
    )
    payment_failed_probability: float = column(
        "Of it, by a payment that fails", unit="probability", ge=0, le=1, nullable=True
    )
    not_converted_probability: float = column(
        "Of it, as a trial that is not continued", unit="probability", ge=0, le=1, nullable=True
    )
    stays_3_periods: float = column(
        "Chance to be there after 3 renewals", unit="probability", ge=0, le=1, nullable=True
    )
    stays_6_periods: float = column("After 6", unit="probability", ge=0, le=1, nullable=True)
    stays_12_periods: float = column("After 12", unit="probability", ge=0, le=1, nullable=True)
    median_periods_left: int = column(
        "Renewals that half of such contracts survive; null: more than 60", nullable=True, ge=0
    )
    judged_periods: int = column(
        "Renewals up to which such chances were held against what came, for this billing period "
        "(contract_forecast_tests); 0: never",
        nullable=True,
        ge=0,
    )
    doubtful_from_periods: int = column(
        "Renewals from which such chances were proven off at a past origin, for its plan, currency "
        "or billing period, or for all; what lies beyond is doubtful. Null: not proven off",
        nullable=True,
        ge=1,
    )
    reason_1: str = column("What raises the chance most", nullable=True)
    reason_2: str = column("And next", nullable=True)
    reason_3: str = column("And then", nullable=True)

    class Config:
        unique = ["subscription_id"]


@contract("contract_survival_backtest")
@summary(
    measures={
        "n_stayed": "sum(n_stayed)",
        "expected_stayed": "sum(expected_stayed)",
        "expected_over_stayed": "sum(expected_stayed) / nullif(sum(n_stayed), 0)",
        "log_loss": "sum(log_loss * n_contracts) / nullif(sum(n_contracts), 0)",
        "mean_auc": "avg(auc)",
    },
)
class ContractSurvivalBacktest(Contract):
    """One row per number of renewals: who was said to be there after so many, beside who was."""

    after_periods: int = column("Renewals ahead", isin=[*AFTER_PERIODS])
    origin_on: pl.Date = column(
        "Day of the forecast; only what was known before it was used", unit="date"
    )
    n_contracts: int = column("Contracts of which that renewal has come by the cutoff", ge=0)
    n_not_closed: int = column("Contracts of which it has not: they are not judged", ge=0)
    n_stayed: int = column("Contracts that were still there", ge=0)
    expected_stayed: float = column("Sum of the chances", ge=0)
    log_loss: float = column("Mean log loss", ge=0)
    auc: float = column(
        "Area under the curve; null without both outcomes", nullable=True, ge=0, le=1
    )
    n_past_median: int = column(
        "Contracts of which the renewal after their median has come by the cutoff", ge=0
    )
    n_stayed_past_median: int = column("Of them, those that were still there", ge=0)
    expected_past_median: float = column(
        "Sum of their chances: a little less than half of them", ge=0
    )

    class Config:
        unique = ["after_periods"]
