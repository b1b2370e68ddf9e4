"""Contracts of churn."""

from typing import Annotated, get_args

import polars as pl

from ntg_assets.churn.calibrators import CALIBRATORS
from ntg_assets.churn.design import GROUPS, Transform
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary

METHODS = ("logistic", "base_rate")


@contract("churn_labels")
class ChurnLabels(Contract):
    """One row per (user, snapshot): an at-risk user at a closed snapshot of the past,
    and what followed.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column(
        "Day T from which the user is looked at; features see only days before it", unit="date"
    )
    window_start_on: pl.Date = column("First day of the label window", unit="date")
    window_end_on: pl.Date = column(
        "First day after the label window, T + horizon; never after the end of TRAIN", unit="date"
    )
    recency_days: int = column("Days since the last active day at T", unit="days", ge=1)
    tenure_days: int = column("Days since the first active day at T", unit="days", ge=1)
    is_churned: bool = column("Whether no day of the window was active")
    window_active_days: int = column("Active days in the window", unit="days", ge=0)
    window_value: float = column("Sum of event values in the window", unit="value of the source")
    is_truncated: bool = column(
        "True under a per-user split: each history is cut at its own point, so churn is overstated"
    )

    class Config:
        unique = ["user_id", "snapshot_on"]


@contract("churn_snapshots")
class ChurnSnapshots(Contract):
    """One row per (user, snapshot): the user's activity before that day.

    Days: the snapshots of the past, the cutoff, one step before it, and for users at risk the day
    after their last active day.
    """

    user_id: str = identifier("user", "Who")
    snapshot_on: pl.Date = column("Day from which the user is looked at", unit="date")
    tenure_days: int = column("Days since the first active day", unit="days", ge=1)
    recency_days: int = column("Days since the last active day", unit="days", ge=1)
    active_days: int = column("Active days", unit="days", ge=1)
    active_days_7d: int = column("Active days in the last 7 days", unit="days", ge=0, le=7)
    active_days_30d: int = column("Active days in the last 30 days", unit="days", ge=0, le=30)
    active_days_90d: int = column("Active days in the last 90 days", unit="days", ge=0, le=90)
    decayed_active_days_7d: float = column(
        "Active days, each weighing 0.5 ** (age / 7)", unit="days", ge=0
    )
    decayed_active_days_30d: float = column(
        "Active days, each weighing 0.5 ** (age / 30)", unit="days", ge=0
    )
    decayed_active_days_90d: float = column(
        "Active days, each weighing 0.5 ** (age / 90)", unit="days", ge=0
    )
    decayed_active_days_365d: float = column(
        "Active days, each weighing 0.5 ** (age / 365)", unit="days", ge=0
    )
    active_day_share: float = column("Active days per day of tenure", unit="share", ge=0, le=1)
    events_per_active_day: float = column("Events per active day", gt=0)
    items_per_active_day: float = column("Different items per active day", gt=0)
    mean_gap_days: float = column(
        "Mean gap between active days; null with one active day", unit="days", nullable=True, ge=1
    )
    gap_variation: float = column(
        "Spread of the gaps relative to their mean; null below three active days",
        nullable=True,
        ge=0,
    )
    longest_gap_days: int = column(
        "Longest gap between active days; null with one active day",
        unit="days",
        nullable=True,
        ge=1,
    )
    recency_to_mean_gap: float = column(
        "Recency in units of the usual gap; null with one active day", nullable=True, gt=0
    )
    trend_log_ratio: float = column("ln((active days in the last 30 + 1) / (in the 30 before + 1))")
    weekly_volatility: float = column(
        "Spread of active days per week relative to their mean", nullable=True, ge=0
    )
    value_per_active_day: float = column("Value per active day", unit="value of the source")
    decayed_value_90d: float = column(
        "Value, each day weighing 0.5 ** (age / 90)", unit="value of the source"
    )

    class Config:
        unique = ["user_id", "snapshot_on"]


@contract("churn_horizon_report")
class ChurnHorizonReport(Contract):
    """One row per number of silent days: how many came back;
    what defends the horizon and the at-risk window.
    """

    silent_days: int = column("Days without activity", unit="days", ge=1)
    n_silences: int = column(
        "Silences that lasted longer and whose next horizon lies inside TRAIN", ge=1
    )
    return_probability: float = column(
        "Share of them that ended within another horizon", unit="share", ge=0, le=1
    )
    ever_returned_share: float = column(
        "Share of them that ended within TRAIN", unit="share", ge=0, le=1
    )
    is_horizon: bool = column("Whether this is the churn horizon: what is called churn after it")
    is_at_risk_limit: bool = column(
        "Whether this is the at-risk window: who is no longer scored as at risk after it"
    )

    class Config:
        unique = ["silent_days"]


@contract("churn_walk_forward")
class ChurnWalkForward(Contract):
    """One row per (origin, user): what the model, refitted on the windows closed by then,
    said at a past origin, and what followed.
    """

    origin_on: pl.Date = column("Day of the forecast", unit="date")
    window_end_on: pl.Date = column("First day after its label window", unit="date")
    user_id: str = identifier("user", "Who")
    churn_logit: float = column("Log odds of churn before any recalibration", unit="log odds")
    is_churned: bool = column("Whether no day of the window was active")

    class Config:
        unique = ["origin_on", "user_id"]


@contract("churn_recalibration")
class ChurnRecalibration(Contract):
    """One row per (calibrator, origin), the cutoff last: whether a curve on the log odds L would
    have helped, and what was decided.
    """

    calibrator: str = column(
        "carried_offset: most of the newest closed origin's offset; platt: offset and slope; beta:"
        " with a bend",
        isin=tuple(CALIBRATORS),
    )
    origin_on: pl.Date = column(
        "Origin that is judged; the last is the cutoff the decision is for", unit="date"
    )
    offset: float = column(
        "New log odds = offset + slope * L + bend * ln(1 + exp(L)), of the earlier origins; 0:"
        " none",
        unit="log odds",
    )
    slope: float = column("Slope of the curve; 1: none", gt=0)
    bend: float = column("Bend of the curve; 0: a line")
    log_loss: float = column(
        "Log loss of the origin as forecast; null for the cutoff", nullable=True, ge=0
    )
    log_loss_recalibrated: float = column(
        "Log loss after the curve; null without enough earlier origins", nullable=True, ge=0
    )
    gain: float = column("log_loss minus log_loss_recalibrated", nullable=True)
    n_rows: int = column("Forecasts of the origin", ge=0)
    mean_gain: float = column("Mean gain over the origins", nullable=True)
    standard_error: float = column(
        "Standard error of the mean gain; null below three gains", nullable=True, ge=0
    )
    is_adopted: bool = column(
        "Whether this calibrator is used: mean gain above one standard error, a gain at the newest"
        " origin, the best of those that pass"
    )

    class Config:
        unique = ["calibrator", "origin_on"]


@contract("churn_uncertainty")
class ChurnUncertainty(Contract):
    """One row per knot on the log odds: how far a score may be from the truth beyond the sampling
    error of the coefficients.
    """

    knot: int = column(
        "Number of the knot, from 1; straight lines between knots, constant beyond", ge=1
    )
    churn_logit: float = column("Log odds of churn at the knot", unit="log odds")
    between_origins: float = column(
        "Standard deviation by season and drift at past origins; 0 below three",
        unit="log odds",
        ge=0,
    )
    lack_of_fit: float = column(
        "Standard deviation of what the linear model misses", unit="log odds", ge=0
    )
    n_rows: int = column("Labelled snapshots behind the lack of fit", ge=1)
    n_origins: int = column("Origins behind the part between origins", ge=0)

    class Config:
        unique = ["knot"]


@contract("churn_coefficients")
class ChurnCoefficients(Contract):
    """One row per feature: the whole churn model, readable by a person and by any language;
    the intercept is position 0.
    """

    position: int = column("Place in the model and in `covariance`", ge=0)
    feature: str = column("Name of the input")
    source_column: str = column(
        "Column of churn_snapshots, or a quantity derived from them by a fixed formula; null for"
        " the intercept",
        nullable=True,
    )
    feature_group: str = column("Group as told in reasons", isin=("baseline", *GROUPS))
    transform: str = column(
        "log1p = ln(1 + x); signed_log1p = sign(x) ln(1 + |x|); log_share = ln(x + 0.01); identity;"
        " is_one: 1 where x = 1; squares",
        nullable=True,
        isin=get_args(Transform),
    )
    mean: float = column(
        "Mean of the transformed input in the fit; stands in where the input is not defined"
    )
    scale: float = column("Standard deviation of the transformed input in the fit", gt=0)
    coefficient: float = column(
        "Change of the log odds of churn per standard deviation", unit="log odds"
    )
    standard_error: float = column("Standard error, clustered by user", unit="log odds", ge=0)
    coefficient_low: float = column("Lower end of the 95% interval", unit="log odds")
    coefficient_high: float = column("Upper end of the 95% interval", unit="log odds")
    odds_ratio_per_sd: float = column("Factor on the odds of churn per standard deviation", gt=0)
    odds_ratio_low: float = column("Lower end of the 95% interval", ge=0)
    odds_ratio_high: float = column("Upper end of the 95% interval", gt=0)
    sign_probability: float = column(
        "How surely the sign is the true one; correlated inputs share what they explain",
        ge=0.5,
        le=1,
    )
    covariance: Annotated[pl.List, pl.Float64()] = column(
        "Covariance with each coefficient, in order of position"
    )
    recalibration_offset: float = column(
        "Offset that churn_recalibration decided on, already inside the intercept; 0: none",
        unit="log odds",
    )
    recalibration_slope: float = column(
        "Slope that churn_recalibration decided on, already inside every coefficient; 1: none", gt=0
    )
    recalibration_bend: float = column(
        "Bend that churn_recalibration decided on, added by the score; 0: none"
    )
    method: str = column(
        "logistic, or base_rate when too few users show one of the outcomes", isin=METHODS
    )
    n_rows: int = column("Labelled snapshots in the fit", ge=1)
    n_users: int = column("Users in the fit", ge=1)
    n_churned: int = column("Labelled snapshots that churned", ge=0)

    class Config:
        unique = ["position"]


@contract("churn_scores")
@summary(
    measures={
        "mean_churn_probability": "avg(churn_probability)",
        "share_at_risk_population": "avg(cast(is_at_risk_population as double))",
        "mean_interval_width": "avg(churn_probability_high - churn_probability_low)",
        "mean_recency_days": "avg(recency_days)",
    },
    columns=(
        "user_id",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "recency_days",
        "reason_1",
        "reason_2",
    ),
    order=("churn_probability desc", "user_id"),
)
class ChurnScores(Contract):
    """One row per user known in TRAIN: probability of no active day within the horizon,
    what it is made of, and why.
    """

    user_id: str = identifier("user", "Who")
    cutoff_on: pl.Date = column(
        "Day from which the user is looked at: the stage's cutoff", unit="date"
    )
    churn_logit: float = column(
        "Log odds of churn: the contributions added from left to right", unit="log odds"
    )
    churn_probability: float = column(
        "Probability of no active day in [cutoff, cutoff + horizon)", unit="probability", ge=0, le=1
    )
    churn_probability_low: float = column(
        "Lower end of the 95% interval of the true probability given the log: sampling of the"
        " coefficients (users as clusters), season and drift between origins, lack of fit of the"
        " linear model (churn_uncertainty)",
        unit="probability",
        ge=0,
        le=1,
    )
    churn_probability_high: float = column(
        "Upper end of the same interval", unit="probability", ge=0, le=1
    )
    contribution_baseline: float = column(
        "Log odds of the average user of the fit", unit="log odds"
    )
    contribution_recency: float = column(
        "Log odds by how long ago the user was active", unit="log odds"
    )
    contribution_frequency: float = column(
        "Log odds by how often the user is active", unit="log odds"
    )
    contribution_rhythm: float = column("Log odds by the gaps between active days", unit="log odds")
    contribution_trend: float = column("Log odds by the change of activity", unit="log odds")
    contribution_depth: float = column(
        "Log odds by what an active day holds: events, items, value", unit="log odds"
    )
    contribution_tenure: float = column("Log odds by how long the user is known", unit="log odds")
    contribution_season: float = column(
        "Log odds by the time of year; 0 where the fit spans less than two years", unit="log odds"
    )
    contribution_calibration: float = column(
        "Log odds by the bend of the recalibration; 0: none", unit="log odds"
    )
    is_at_risk_population: bool = column(
        "Active in [cutoff - at risk, cutoff); outside it the probability is an extrapolation"
    )
    recency_days: int = column("Days since the last active day", unit="days", ge=1)
    tenure_days: int = column("Days since the first active day", unit="days", ge=1)
    method: str = column("How the coefficients were found", isin=METHODS)
    reason_1: str = column(
        "First reason: the strongest that surely raises the risk; where none does, the strongest"
        " that lowers it, and for users at risk that nothing sets them apart",
        nullable=True,
    )
    reason_2: str = column(
        "Second reason: what raises the risk comes first, then what lowers it; unsure directions"
        " are not told",
        nullable=True,
    )
    reason_3: str = column("Third reason", nullable=True)
    churn_probability_before: float = column(
        "Probability one snapshot step earlier, by the same coefficients; null when not yet known",
        nullable=True,
        ge=0,
        le=1,
    )
    churn_probability_at_last_visit: float = column(
        "Probability had the last active day been yesterday: what silence has done is the"
        " difference; null outside the at-risk population",
        nullable=True,
        ge=0,
        le=1,
    )
    risk_percentile: float = column(
        "Place among the at-risk population (mid-rank); null outside it", nullable=True, ge=0, le=1
    )

    class Config:
        unique = ["user_id"]
