"""Logistic regression as a table: standardised, L2-penalised,
with intervals that know users repeat.

Minimises sum of log losses + |b|^2 / (2 C) over standardised features; the intercept is not
penalised and no class is weighted (weights would ruin the calibration). The covariance is the
sandwich with users as clusters, because the rows of one user at neighbouring snapshots are not
independent.

Source: Liang and Zeger 1986, "Longitudinal data analysis using generalized linear models" (the
clustered sandwich).
"""

import warnings
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import ndtr

from ntg_assets.arrays import Floats
from ntg_assets.churn.design import (
    CHURN_FEATURES,
    design_matrix,
    location_and_scale,
    standardise,
    without_season,
)
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.glm import (
    CACHED_ROWS,
    Z_95,
    _error,
    _variance,
    sandwich,
    sigmoid,
    with_intercept,
)
from ntg_assets.statistics.likelihood import significant
from ntg_assets.statistics.one_thread import one_thread

METHODS = ("logistic", "base_rate")
MIN_USERS_PER_OUTCOME = 5  # below this slopes are noise: the base rate alone is told
TOLERANCE = 1e-10
MAX_ITERATIONS = 200
# windows that do not overlap, from which on the penalty is the configured one. At the first origins
# of five logs C .03 in place of .1 moved the log loss by -.014, -.001, .000, .000, +.001 with one
# window, by -.004, -.002, .000, +.001, +.006 with two, and by nothing or upwards with four.
# Not by users: on draws of 300 users C .03 moved it by -.006 to -.058 on two logs and by +.001 to
# +.007 on two others.
FULL_WINDOWS = 3.0
JEFFREYS = 0.5  # pseudo-count of the base rate, so that "none" and "all" do not become certainty


@dataclass(frozen=True)
class LogisticFit:
    """What a fit found.

    Attributes:
        coefficients: Intercept first, then one per feature on the standardised scale.
        covariance: Sandwich covariance of the above, clustered by user.
        mean: Mean of each transformed feature.
        scale: Standard deviation of each transformed feature.
        method: `logistic`, or `base_rate` when one of the outcomes has too few users.
    """

    coefficients: Floats
    covariance: Floats
    mean: Floats
    scale: Floats
    method: str


def fit_churn(labelled: pl.DataFrame, *, regularisation: float) -> pl.DataFrame:
    """Fit churn on labelled snapshots.

    Args:
        labelled: `churn_snapshots` joined with `churn_labels`: one row per (user, snapshot), with
        `is_churned`.
        regularisation: C, the inverse strength of the penalty where enough independent windows have
            closed (`evidence_share`); with fewer the penalty is as much stronger.

    Returns:
        `churn_coefficients`.

    Raises:
        NotEnoughDataError: there is no labelled row.
    """
    if labelled.is_empty():
        msg = (
            "churn_coefficients: no user was at risk at any closed snapshot. Use a longer log or a"
            " larger churn.at_risk_days."
        )
        raise NotEnoughDataError(msg)
    rows = labelled.sort("user_id", "snapshot_on")
    churned = rows["is_churned"].cast(pl.Float64).to_numpy()
    users = user_codes(rows)
    with one_thread():  # the order of sums in a threaded product is not fixed
        fit = fit_logistic(
            without_season(design_matrix(rows, features=CHURN_FEATURES), rows),
            churned,
            users,
            regularisation=regularisation * evidence_share(rows),
        )
    return coefficient_table(
        fit, n_rows=rows.height, n_users=int(users.max()) + 1, n_churned=int(churned.sum())
    )


def evidence_share(labelled: pl.DataFrame) -> float:
    """Independent windows behind labelled snapshots over those that a full fit rests on, at most 1:
    snapshots a few days apart see much the same, so C counts windows that do not overlap.
    """
    spans = labelled.select(
        whole=(pl.col("window_end_on").max() - pl.col("snapshot_on").min()).dt.total_days(),
        one=(pl.col("window_end_on") - pl.col("snapshot_on")).dt.total_days().max(),
    ).row(0, named=True)
    return float(min(1.0, spans["whole"] / max(spans["one"], 1) / FULL_WINDOWS))


def fit_logistic(
    matrix: Floats, churned: Floats, users: np.ndarray, *, regularisation: float
) -> LogisticFit:
    """Fit one model; falls back to the base rate when fewer than `MIN_USERS_PER_OUTCOME` users show
    one of the outcomes.

    Args:
        matrix: Transformed features, NaN where not defined, shape (n, p).
        churned: 1 or 0, shape (n,).
        users: Cluster of each row, dense codes in ascending order, shape (n,).
        regularisation: C.
    """
    mean, scale = location_and_scale(matrix)
    n_users_per_outcome = min(np.unique(users[churned == outcome]).size for outcome in (0, 1))
    if n_users_per_outcome < MIN_USERS_PER_OUTCOME:
        return _base_rate(churned, users, mean, scale)
    standardised = standardise(matrix, mean=mean, scale=scale)
    coefficients = _penalised_maximum(standardised, churned, regularisation=regularisation)
    covariance = clustered_covariance(
        standardised, churned, users, coefficients, regularisation=regularisation
    )
    return LogisticFit(coefficients, covariance, mean, scale, "logistic")


def clustered_covariance(
    standardised: Floats,
    churned: Floats,
    users: np.ndarray,
    coefficients: Floats,
    *,
    regularisation: float,
) -> Floats:
    """Sandwich covariance of a logistic fit with users as clusters."""
    design = with_intercept(standardised)
    predicted = sigmoid(design @ coefficients)
    return sandwich(
        design, churned - predicted, predicted * (1 - predicted), users, penalty=1 / regularisation
    )


def contrast_error(contrast: Floats, covariance: Floats) -> Floats:
    """Standard error of what a difference of inputs makes,
    sqrt(d' V d): the intercept plays no part in it.
    """
    blocks = (
        contrast[first : first + CACHED_ROWS] for first in range(0, len(contrast), CACHED_ROWS)
    )
    return _error([_variance(block, covariance) for block in blocks])


def user_codes(rows: pl.DataFrame) -> np.ndarray:
    """Dense ascending codes of `user_id`."""
    return rows["user_id"].rank("dense").to_numpy().astype(np.int64) - 1


def coefficient_table(
    fit: LogisticFit, *, n_rows: int, n_users: int, n_churned: int
) -> pl.DataFrame:
    """Write a fit as `churn_coefficients`, intercept first."""
    coefficient, error = fit.coefficients, np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    low, high = coefficient - Z_95 * error, coefficient + Z_95 * error
    known = error > 0
    return pl.DataFrame(
        {
            "position": np.arange(len(coefficient)),
            "feature": ["intercept", *(feature.name for feature in CHURN_FEATURES)],
            "source_column": [None, *(feature.source for feature in CHURN_FEATURES)],
            "feature_group": ["baseline", *(feature.group for feature in CHURN_FEATURES)],
            "transform": [None, *(feature.transform for feature in CHURN_FEATURES)],
            "mean": np.concatenate([[0.0], fit.mean]),
            "scale": np.concatenate([[1.0], fit.scale]),
            "coefficient": coefficient,
            "standard_error": error,
            "coefficient_low": low,
            "coefficient_high": high,
            "odds_ratio_per_sd": np.exp(coefficient),
            "odds_ratio_low": np.exp(low),
            "odds_ratio_high": np.exp(high),
            "sign_probability": np.where(
                known, ndtr(np.abs(coefficient) / np.where(known, error, 1.0)), 0.5
            ),
            "covariance": fit.covariance.tolist(),
            "recalibration_offset": 0.0,
            "recalibration_slope": 1.0,
            "recalibration_bend": 0.0,
            "method": fit.method,
            "n_rows": n_rows,
            "n_users": n_users,
            "n_churned": n_churned,
        },
        schema_overrides=dict.fromkeys(("n_rows", "n_users", "n_churned"), pl.Int64)
        | {
            "covariance": pl.List(pl.Float64),
            "source_column": pl.String,
            "transform": pl.String,
        },
    )


def _penalised_maximum(standardised: Floats, churned: Floats, *, regularisation: float) -> Floats:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # takes seconds to import

    model = LogisticRegression(
        C=regularisation, solver="newton-cholesky", tol=TOLERANCE, max_iter=MAX_ITERATIONS
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that did not converge is no fit
        model.fit(standardised, churned)
    return significant(np.concatenate([model.intercept_, model.coef_[0]]))


def _base_rate(churned: Floats, users: np.ndarray, mean: Floats, scale: Floats) -> LogisticFit:
    """Log odds of the smoothed rate; its variance counts users, not rows,
    since the rows of one user tell much the same.
    """
    n_users = np.unique(users).size
    rate = (churned.mean() * n_users + JEFFREYS) / (n_users + 2 * JEFFREYS)
    coefficients = np.zeros(len(mean) + 1)
    coefficients[0] = np.log(rate / (1 - rate))
    covariance = np.zeros((len(mean) + 1, len(mean) + 1))
    covariance[0, 0] = 1 / ((n_users + 2 * JEFFREYS) * rate * (1 - rate))
    return LogisticFit(coefficients, covariance, mean, scale, "base_rate")
