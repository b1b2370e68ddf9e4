"""Contracts (of tables) of what is learned of contracts."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.amounts import MINOR
from ntg_assets.subscriptions.contracts import KINDS
from ntg_assets.subscriptions.persistence import METHODS
from ntg_assets.subscriptions.scores import AFTER_PERIODS, STATES
from ntg_assets.subscriptions.walk_forward import MODELS
from ntg_assets.summaries import summary


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


@contract("contract_walk_forward")
class ContractWalkForward(Contract):
    """One row per (model, origin, contract): what would have been said at a past origin, beside
    what followed.
    """

    origin_on: pl.Date = column(
        "Day of the forecast; only what was known before it was used", unit="date"
    )
    window_end_on: pl.Date = column("First day after its horizon", unit="date")
    model: str = column("full: looks at people; structure: at the calendar alone", isin=[*MODELS])
    contract_place: int = column("Which contract", ge=0)
    end_logit: float = column("Log odds that it ends within the horizon")
    ended: bool = column("Whether it did")
    mrr_minor: int = column("Its price per month", unit=MINOR, ge=0)
    currency: str = column("Currency")
    is_asleep: bool = column("Whether its user paid and did not watch")
    is_trial: bool = column("Whether it was in its trial")

    class Config:
        unique = ["model", "origin_on", "contract_place"]


class HazardRecalibration(Contract):
    """One row per (calibrator, origin): whether recalibrating a hazard would have helped; see
    churn_recalibration.
    """

    calibrator: str = column("Kind of curve")
    origin_on: pl.Date = column(
        "Past origin; the cutoff's row carries the curve that is asked for", unit="date"
    )
    offset: float = column("Curve: offset")
    slope: float = column("Curve: slope")
    bend: float = column("Curve: bend")
    log_loss: float = column("Log loss as forecast", nullable=True, ge=0)
    log_loss_recalibrated: float = column(
        "Log loss after the curve of earlier origins", nullable=True, ge=0
    )
    gain: float = column("The difference", nullable=True)
    n_rows: int = column("Forecasts", ge=0)
    mean_gain: float = column("Mean over origins", nullable=True)
    standard_error: float = column("Its standard error", nullable=True)
    is_adopted: bool = column("Whether this calibrator is used")

    class Config:
        unique = ["calibrator", "origin_on"]


@contract("contract_recalibration")
class ContractRecalibration(HazardRecalibration):
    """One row per (calibrator, origin): whether recalibrating the hazard would have helped; see
    churn_recalibration.
    """


@contract("contract_hazards")
@summary(
    measures={
        "n_kinds": "count(distinct kind)",
        "n_ended": "coalesce(sum(n_ended) filter (position = 0), 0)",
        "n_coefficients": "count(*) filter (position > 0)",
        "largest_effect": "max(abs(coefficient)) filter (position > 0)",
    },
)
class ContractHazards(Contract):
    """One row per (kind of end, column): the hazard of contracts as a table."""

    kind: str = column("Kind of end", isin=[*KINDS])
    position: int = column("Place; 0 is the intercept", ge=0)
    feature: str = column("Column, by a name from which it can be made again")
    feature_group: str = column("What it is told as in a reason")
    mean: float = column("Mean in the fit")
    scale: float = column("Standard deviation in the fit", gt=0)
    coefficient: float = column("Change of the log odds per standard deviation")
    standard_error: float = column("Its standard error, contracts as clusters", ge=0)
    coefficient_low: float = column("Lower end of the 95% interval")
    coefficient_high: float = column("Upper end")
    odds_ratio_per_sd: float = column("exp(coefficient)", ge=0)
    method: str = column(
        "logistic; base_rate: too few ends for slopes; never: no such end was seen"
    )
    n_rows: int = column("Pieces of the fit", ge=0)
    n_ended: int = column("Of them, those that ended so", ge=0)

    class Config:
        unique = ["kind", "position"]


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
    alpha: float = column("Of the beta-geometric law", nullable=True)
    beta: float = column("Of the beta-geometric law", nullable=True)
    n_periods: int = column("Later periods, or contracts, behind it", ge=0)
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
    reason_1: str = column("What raises the chance most", nullable=True)
    reason_2: str = column("And next", nullable=True)
    reason_3: str = column("And then", nullable=True)

    class Config:
        unique = ["subscription_id"]


@contract("contract_survival_backtest")
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

    class Config:
        unique = ["after_periods"]


@contract("contract_backtest")
class ContractBacktest(Contract):
    """One row per (model, origin, currency): what was forecast of contracts, beside what came."""

    model: str = column("full, structure", isin=[*MODELS])
    origin: str = column("Day of the forecast, or all origins")
    currency: str = column("Currency")
    n_contracts: int = column("Contracts that ran", ge=1)
    n_ended: int = column("That ended within the horizon", ge=0)
    expected_ended: float = column("Sum of the chances", ge=0)
    log_loss: float = column("Mean log loss", ge=0)
    auc: float = column(
        "Area under the curve; null without both outcomes", nullable=True, ge=0, le=1
    )
    calibration_error: float = column("Mean gap between chance and share over ten bins", ge=0)
    calibration_error_noise_95: float = column(
        "What a perfect model exceeds once in twenty times", ge=0
    )
    mrr_at_risk_minor: int = column("Sum of chance x monthly revenue", unit=MINOR, ge=0)
    mrr_lost_minor: int = column("Monthly revenue of those that ended", unit=MINOR, ge=0)
    mrr_ratio: float = column(
        "The first over the second; null: nothing was lost", nullable=True, ge=0
    )

    class Config:
        unique = ["model", "origin", "currency"]
