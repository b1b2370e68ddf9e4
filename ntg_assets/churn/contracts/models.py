"""Contracts of the churn model and of what it rests on."""

from typing import Annotated, get_args

import polars as pl

from ntg_assets.churn.calibration.calibrators import CALIBRATORS
from ntg_assets.churn.learning.candidates import CANDIDATES, METHODS
from ntg_assets.churn.learning.features import GROUPS, Transform
from ntg_assets.contracts import Contract, column, contract, identifier

MODELS_IN_WORDS = (
    "logistic: logistic regression on all inputs, the default; three_inputs: recency, active days"
    " and tenure alone; bg_nbd: BG/NBD in the inputs of churn"
)


@contract("churn_walk_forward")
class ChurnWalkForward(Contract):
    """One row per (origin, model, user): what each model that may be shipped, refitted on what was
    known by then, said at a past origin, and what followed.
    """

    origin_on: pl.Date = column("Day of the forecast", unit="date")
    window_end_on: pl.Date = column("First day after its label window", unit="date")
    user_id: str = identifier("user", "Who")
    model: str = column(MODELS_IN_WORDS, isin=tuple(CANDIDATES))
    churn_logit: float = column("Log odds of churn before any recalibration", unit="log odds")
    is_churned: bool = column("Whether no day of the window was active")

    class Config:
        unique = ["origin_on", "model", "user_id"]


@contract("churn_model_selection")
class ChurnModelSelection(Contract):
    """One row per (model, origin), the cutoff last: how each model that may be shipped did at past
    origins, and which one is shipped.
    """

    model: str = column(MODELS_IN_WORDS, isin=tuple(CANDIDATES))
    origin_on: pl.Date = column(
        "Origin that is judged; the last is the cutoff the decision is for", unit="date"
    )
    log_loss: float = column(
        "Log loss at the origin before any recalibration; null for the cutoff", nullable=True, ge=0
    )
    gain: float = column("Log loss of the default less this one", nullable=True)
    n_rows: int = column("Forecasts of the origin", ge=0)
    mean_gain: float = column("Mean gain over all forecasts; null without any", nullable=True)
    standard_error: float = column(
        "Of the mean gain: users as clusters, or between origins where that is larger; null"
        " without any",
        nullable=True,
        ge=0,
    )
    n_origins: int = column("Closed origins behind the decision; 0: the rule decides", ge=0)
    is_default: bool = column("Whether this is what is shipped without evidence")
    is_shipped: bool = column(
        "Whether this model is shipped: the default, or the best of those whose mean gain exceeds"
        " two standard errors and who gained at the newest origin"
    )

    class Config:
        unique = ["model", "origin_on"]


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
        f"{MODELS_IN_WORDS}; toward_bg_nbd: the default while fewer than four windows have closed,"
        " shrunk towards what BG/NBD says; base_rate: too few users show one of the outcomes",
        isin=METHODS,
    )
    n_rows: int = column("Labelled snapshots in the fit", ge=1)
    n_users: int = column("Users in the fit", ge=1)
    n_churned: int = column("Labelled snapshots that churned", ge=0)

    class Config:
        unique = ["position"]
