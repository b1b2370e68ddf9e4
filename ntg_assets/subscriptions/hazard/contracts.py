"""Contracts (of tables) of the hazard and its forecasts of the past."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.subscriptions.hazard.learning_rows import MODELS
from ntg_assets.subscriptions.terms.amounts import MINOR
from ntg_assets.subscriptions.terms.contracts import KINDS
from ntg_assets.summaries import summary


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


class HazardCoefficients(Contract):
    """One row per (kind of event, column): a discrete-time hazard as a table."""

    kind: str = column("What happens")
    position: int = column("Place; 0 is the intercept", ge=0)
    feature: str = column("Column, by a name from which it can be made again")
    feature_group: str = column("What it is named as in a reason")
    mean: float = column("Mean in the fit")
    scale: float = column("Standard deviation in the fit", gt=0)
    coefficient: float = column("Change of the log odds per standard deviation")
    standard_error: float = column("Its standard error, contracts or users as clusters", ge=0)
    coefficient_low: float = column("Lower end of the 95% interval")
    coefficient_high: float = column("Upper end")
    odds_ratio_per_sd: float = column("exp(coefficient)", ge=0)
    method: str = column(
        "logistic; base_rate: too few events for slopes; never: no such event was seen"
    )
    n_rows: int = column("Pieces of the fit", ge=0)
    n_ended: int = column("Of them, those in which it happened", ge=0)

    class Config:
        unique = ["kind", "position"]


@contract("contract_hazards")
@summary(
    measures={
        "n_kinds": "count(distinct kind)",
        "n_ended": "coalesce(sum(n_ended) filter (position = 0), 0)",
        "n_coefficients": "count(*) filter (position > 0)",
        "largest_effect": "max(abs(coefficient)) filter (position > 0)",
    },
)
class ContractHazards(HazardCoefficients):
    """One row per (kind of end, column): the hazard of contracts as a table."""

    kind: str = column("Kind of end", isin=[*KINDS])


@contract("contract_backtest")
@summary(
    measures={
        "n_ended": "sum(n_ended)",
        "expected_ended": "sum(expected_ended)",
        "expected_over_ended": "sum(expected_ended) / nullif(sum(n_ended), 0)",
        "log_loss": "sum(log_loss * n_contracts) / nullif(sum(n_contracts), 0)",
        "mean_auc": "avg(auc)",
        "n_origins": "count(distinct origin)",
    },
    where="is_used",
)
class ContractBacktest(Contract):
    """One row per (model, origin, currency): what was forecast of contracts, beside what came."""

    model: str = column("full, structure", isin=[*MODELS])
    is_used: bool = column("Whether it is the model that forecasts are made with")
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
