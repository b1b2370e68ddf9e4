"""Contracts (of tables) of people who left."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.subscriptions.hazard.contracts import HazardCoefficients, HazardRecalibration
from ntg_assets.subscriptions.terms.amounts import MINOR
from ntg_assets.subscriptions.terms.contracts import KINDS
from ntg_assets.subscriptions.winback.away import MODELS
from ntg_assets.subscriptions.winback.hazard import RETURNED
from ntg_assets.subscriptions.winback.lifetimes import BASES
from ntg_assets.summaries import summary


@contract("return_snapshots")
class ReturnSnapshots(Contract):
    """One row per (user, snapshot): somebody who had left then, by what was known before, and when
    they came back.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column("Day from which they are looked at", unit="date")
    subscription_id: str = column("Their last contract that had ended")
    plan: str = column("Its last plan")
    price_minor: int = column("Its last price of one billing period", unit=MINOR, ge=0)
    currency: str = column("Currency")
    period_months: int = column("Months of a billing period; 0: it is one of days", ge=0)
    period_days: int = column("Days of a billing period; 0: it is one of months", ge=0)
    contract_started_on: pl.Date = column("Its first day", unit="date")
    contract_trial_end_on: pl.Date = column("First day after its trial", unit="date", nullable=True)
    left_on: pl.Date = column("First day without it", unit="date")
    left_by: str = column("How it ended", isin=[*KINDS])
    n_contracts_before: int = column("Contracts of the user that began before it", ge=0)
    active_days_before_end_30d: int = column("Active days in the 30 before its end", ge=0)
    active_days_since_end_30d: int = column(
        "Active days since the end, in the last 30 before the snapshot", ge=0
    )
    returned_on: pl.Date = column(
        "First day of the next contract, or the day on which it was known if that is later; null:"
        " none was known",
        unit="date",
        nullable=True,
    )

    class Config:
        unique = ["user_id", "snapshot_on"]


@contract("return_walk_forward")
class ReturnWalkForward(Contract):
    """One row per (model, origin, user): what would have been said at a past origin of somebody who
    had left, beside what followed.
    """

    origin_on: pl.Date = column(
        "Day of the forecast; only what was known before it was used", unit="date"
    )
    window_end_on: pl.Date = column("First day after its horizon", unit="date")
    model: str = column(
        "base_rate; periods: since the end, too; people: and who it is", isin=[*MODELS]
    )
    user_id: str = identifier("user", "Who")
    return_logit: float = column("Log odds that they come back within the horizon")
    returned: bool = column("Whether they did")

    class Config:
        unique = ["model", "origin_on", "user_id"]


@contract("return_recalibration")
class ReturnRecalibration(HazardRecalibration):
    """One row per (calibrator, origin): whether recalibrating the chance to return would have
    helped; see churn_recalibration.
    """


@contract("return_hazards")
class ReturnHazards(HazardCoefficients):
    """One row per column: the hazard of coming back, period by period since the end, as a table."""

    kind: str = column("What happens", isin=[RETURNED])


@contract("return_lifetimes")
class ReturnLifetimes(Contract):
    """One row per billing period: how long a contract lasts that somebody signs who comes back."""

    period_months: int = column("Months of the billing period", ge=0)
    period_days: int = column("Days of the billing period", ge=0)
    basis: str = column("Whose contracts speak for it", isin=[*BASES])
    alpha: float = column("Of the shifted beta-geometric law", gt=0)
    beta: float = column("Of the shifted beta-geometric law", gt=0)
    n_contracts: int = column("Contracts behind it", ge=0)
    n_ended: int = column("Of them, those that ended", ge=0)

    class Config:
        unique = ["period_months", "period_days"]


@contract("return_scores")
class ReturnScores(Contract):
    """One row per user who had left at the cutoff: how probably they come back, and what that
    brings; ltv + value to win = value if back, per user and in every sum.
    """

    user_id: str = identifier("user", "Who")
    subscription_id: str = column("Their last contract")
    cutoff_on: pl.Date = column("Day of the forecast", unit="date")
    plan: str = column("Its last plan")
    currency: str = column("Currency of the amounts")
    price_minor: int = column("Its last price of one billing period", unit=MINOR, ge=0)
    period_months: int = column("Months of a billing period", ge=0)
    period_days: int = column("Days of a billing period", ge=0)
    left_on: pl.Date = column("First day without it", unit="date")
    left_by: str = column("How it ended", isin=[*KINDS])
    days_since_end: int = column("Days since then", unit="days", ge=0)
    return_probability: float = column(
        "Chance that they come back within the churn horizon by themselves; null: no window has"
        " closed yet",
        unit="probability",
        ge=0,
        le=1,
        nullable=True,
    )
    value_if_back_minor: int = column(
        "V: price x expected periods x margin over the horizon of value, of somebody who comes back"
        " in the middle of the churn horizon, discounted",
        unit=MINOR,
        ge=0,
        nullable=True,
    )
    value_if_away_minor: int = column(
        "R: what who stays away over the churn horizon still brings by coming back later",
        unit=MINOR,
        ge=0,
        nullable=True,
    )
    ltv_minor: int = column(
        "(1 - P) V + P R, P the chance to stay away", unit=MINOR, ge=0, nullable=True
    )
    value_to_win_minor: int = column("P (V - R)", unit=MINOR, ge=0, nullable=True)
    reason_1: str = column("When and how they left, or what raises the chance most", nullable=True)

    class Config:
        unique = ["user_id"]


@contract("return_backtest")
@summary(
    measures={
        "n_returned": "sum(n_returned)",
        "expected_returned": "sum(expected_returned)",
        "expected_over_returned": "sum(expected_returned) / nullif(sum(n_returned), 0)",
        "log_loss": "sum(log_loss * n_left) / nullif(sum(n_left), 0)",
        "mean_auc": "avg(auc)",
        "n_origins": "count(distinct origin)",
    },
    where="is_chosen",
)
class ReturnBacktest(Contract):
    """One row per (model, origin): what was forecast of people who left, beside who came back."""

    model: str = column("base_rate, periods, people", isin=[*MODELS])
    origin: str = column("Day of the forecast, or all origins")
    n_left: int = column("People who had left", ge=1)
    n_returned: int = column("Who came back within the horizon", ge=0)
    expected_returned: float = column("Sum of the chances", ge=0)
    log_loss: float = column("Mean log loss", ge=0)
    auc: float = column(
        "Area under the curve; null without both outcomes", nullable=True, ge=0, le=1
    )
    calibration_error: float = column("Mean gap between chance and share over ten bins", ge=0)
    calibration_error_noise_95: float = column(
        "What a perfect model exceeds once in twenty times", ge=0
    )
    is_chosen: bool = column("Whether the gate let this model pass")

    class Config:
        unique = ["model", "origin"]
