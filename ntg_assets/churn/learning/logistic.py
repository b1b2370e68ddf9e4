"""Logistic regression: standardised, L2-penalised, with intervals that know users repeat.

Minimises sum of log losses + |b - m|^2 / (2 C) over standardised features; m is no effect (0) or
what another model says of the same inputs (`Prior`). The intercept is not penalised and no class is
weighted (weights would ruin the calibration). The covariance is the sandwich with users as
clusters, because the rows of one user at neighbouring snapshots are not independent; the error of m
comes on top, as far as the penalty passes it on.

Source: Liang and Zeger 1986, "Longitudinal data analysis using generalized linear models" (the
clustered sandwich); Hoerl and Kennard 1970, "Ridge regression" (shrinkage towards a point).
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import location_and_scale, standardise
from ntg_assets.statistics.glm import (
    CACHED_ROWS,
    _error,
    _variance,
    sandwich,
    sigmoid,
    with_intercept,
)
from ntg_assets.statistics.likelihood import significant

LOGISTIC, BASE_RATE = "logistic", "base_rate"
MIN_USERS_PER_OUTCOME = 5  # below this slopes are noise: the base rate alone is told
TOLERANCE = 1e-10
MAX_ITERATIONS = 200
MAX_HALVINGS = 40
JEFFREYS = 0.5  # pseudo-count of the base rate, so that "none" and "all" do not become certainty


@dataclass(frozen=True)
class LogisticFit:
    """A linear model of the log odds of churn.

    Attributes:
        coefficients: Intercept first, then one per feature on the standardised scale, shape (p,).
        covariance: Covariance of the above by sampling of users, shape (p, p).
        mean: Mean of each transformed feature, shape (p - 1,).
        scale: Standard deviation of each transformed feature, shape (p - 1,).
        method: How it was fitted: one of `candidates.METHODS`.
    """

    coefficients: Floats
    covariance: Floats
    mean: Floats
    scale: Floats
    method: str


@dataclass(frozen=True)
class Prior:
    """A linear model that coefficients are shrunk towards.

    Attributes:
        coefficients: Intercept first, on the standardised scale of the fit, shape (p,).
        errors: Directions in which they err, each as long as its standard deviation, shape (p, k).
    """

    coefficients: Floats
    errors: Floats

    @property
    def covariance(self) -> Floats:
        """Sampling covariance, shape (p, p); no variance is below 0."""
        return self.errors @ self.errors.T


def fit_logistic(
    matrix: Floats,
    churned: Floats,
    users: np.ndarray,
    *,
    regularisation: float,
    prior: Prior | None = None,
) -> LogisticFit:
    """Fit one model; falls back to the base rate when fewer than `MIN_USERS_PER_OUTCOME` users show
    one of the outcomes.

    Args:
        matrix: Transformed features, NaN where not defined, shape (n, p).
        churned: 1 or 0, shape (n,).
        users: Cluster of each row, dense codes in ascending order, shape (n,).
        regularisation: C.
        prior: What the coefficients are shrunk towards; None: no effect.
    """
    mean, scale = location_and_scale(matrix)
    if too_few_users(churned, users):
        return base_rate_fit(churned, users, mean, scale)
    standardised = standardise(matrix, mean=mean, scale=scale)
    coefficients = (
        _penalised_maximum(standardised, churned, regularisation=regularisation)
        if prior is None
        else _shrunk_maximum(standardised, churned, prior, regularisation=regularisation)
    )
    covariance = clustered_covariance(
        standardised, churned, users, coefficients, regularisation=regularisation
    )
    if prior is not None:
        covariance = covariance + _passed_on(
            standardised, coefficients, prior, regularisation=regularisation
        )
    return LogisticFit(coefficients, covariance, mean, scale, LOGISTIC)


def too_few_users(churned: Floats, users: np.ndarray) -> bool:
    """Whether fewer than `MIN_USERS_PER_OUTCOME` users show one of the outcomes."""
    shown = (np.unique(users[churned == outcome]).size for outcome in (0, 1))
    return min(shown) < MIN_USERS_PER_OUTCOME


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


def base_rate_fit(churned: Floats, users: np.ndarray, mean: Floats, scale: Floats) -> LogisticFit:
    """Log odds of the smoothed rate; its variance counts users, not rows,
    since the rows of one user tell much the same.
    """
    n_users = np.unique(users).size
    rate = (churned.mean() * n_users + JEFFREYS) / (n_users + 2 * JEFFREYS)
    coefficients = np.zeros(len(mean) + 1)
    coefficients[0] = np.log(rate / (1 - rate))
    covariance = np.zeros((len(mean) + 1, len(mean) + 1))
    covariance[0, 0] = 1 / ((n_users + 2 * JEFFREYS) * rate * (1 - rate))
    return LogisticFit(coefficients, covariance, mean, scale, BASE_RATE)


def _penalised_maximum(standardised: Floats, churned: Floats, *, regularisation: float) -> Floats:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # takes seconds to import

    model = LogisticRegression(
        C=regularisation, solver="newton-cholesky", tol=TOLERANCE, max_iter=MAX_ITERATIONS
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a fit that did not converge is no fit
        model.fit(standardised, churned)
    return significant(np.concatenate([model.intercept_, model.coef_[0]]))


def _shrunk_maximum(
    standardised: Floats, churned: Floats, prior: Prior, *, regularisation: float
) -> Floats:
    """Newton's method with halved steps; the loss is convex, so it ends at its one minimum."""
    design, centre = with_intercept(standardised), prior.coefficients
    penalty = _penalty(len(centre), regularisation)

    def loss(at: Floats) -> float:
        logit = design @ at
        data = float((np.logaddexp(0.0, logit) - churned * logit).sum())
        return data + 0.5 * float((penalty * (at - centre) ** 2).sum())

    at = centre.copy()
    for _ in range(MAX_ITERATIONS):
        expected = sigmoid(design @ at)
        slope = design.T @ (expected - churned) + penalty * (at - centre)
        curvature = (design.T * (expected * (1 - expected))) @ design + np.diag(penalty)
        step: Floats = np.asarray(np.linalg.solve(curvature, slope), np.float64)
        at = _downhill(loss, at, step)
        if np.abs(step).max() < TOLERANCE:
            break
    return significant(at)


def _downhill(loss: Callable[[Floats], float], at: Floats, step: Floats) -> Floats:
    """Go as much of a step as does not raise the loss: all of it, a half, a quarter, ..."""
    before = loss(at)
    for halving in range(MAX_HALVINGS):
        moved: Floats = at - step * 0.5**halving
        if loss(moved) <= before:
            return moved
    return at


def _passed_on(
    standardised: Floats, coefficients: Floats, prior: Prior, *, regularisation: float
) -> Floats:
    """Covariance that the error of the prior adds: d b / d m = (H + 1/C)^-1 / C."""
    design = with_intercept(standardised)
    expected = sigmoid(design @ coefficients)
    penalty = _penalty(len(coefficients), regularisation)
    curvature = (design.T * (expected * (1 - expected))) @ design + np.diag(penalty)
    moved = np.linalg.solve(curvature, penalty[:, None] * prior.errors)
    return moved @ moved.T


def _penalty(n_coefficients: int, regularisation: float) -> Floats:
    penalty = np.full(n_coefficients, 1 / regularisation)
    penalty[0] = 0.0
    return penalty
