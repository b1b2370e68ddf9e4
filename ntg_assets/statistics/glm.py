"""Generalised linear models by Newton's method, with robust covariances."""

import numpy as np
from scipy.special import ndtri

from ntg_assets.arrays import Floats
from ntg_assets.statistics.likelihood import significant

Z_95 = float(ndtri(0.975))
# rows whose columns are taken through the cache together: an eighth of the time of all rows at once
CACHED_ROWS = 4_000


def sandwich(
    design: Floats, residuals: Floats, weights: Floats, users: np.ndarray, *, penalty: float
) -> Floats:
    """Clustered covariance of a penalised GLM with canonical link, factor G / (G - 1) for G users.

    Args:
        design: Inputs with the intercept first, shape (n, p).
        residuals: Observed minus expected, shape (n,).
        weights: Variance function at the expected value, shape (n,).
        users: Cluster of each row, in ascending order.
        penalty: Second derivative of the penalty for each coefficient but the intercept.
    """
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0
    bread = np.linalg.inv((design.T * weights) @ design + np.diag(ridge))
    starts = np.flatnonzero(np.diff(users, prepend=-1))
    scores = np.add.reduceat(design * residuals[:, None], starts, axis=0)
    n_users = len(starts)
    return bread @ (scores.T @ scores) @ bread * (n_users / max(n_users - 1, 1))


def with_intercept(standardised: Floats) -> Floats:
    """Put a column of ones before the inputs."""
    return np.column_stack([np.ones(len(standardised)), standardised])


def standard_error(standardised: Floats, covariance: Floats) -> Floats:
    """Standard error of each linear predictor, intercept included: sqrt(x' V x)."""
    blocks = (
        standardised[first : first + CACHED_ROWS]
        for first in range(0, len(standardised), CACHED_ROWS)
    )
    return _error([_variance(with_intercept(block), covariance) for block in blocks])


def _error(variances: list[Floats]) -> Floats:
    return np.sqrt(np.maximum(np.concatenate([np.empty(0), *variances]), 0.0))


def _variance(rows: Floats, covariance: Floats) -> Floats:
    """Return x' V x of some rows; added term by term,
    so that no row's last bit depends on its neighbours.
    """
    # column by column; the order of the terms is that of the coefficients
    design = np.ascontiguousarray(rows.T)
    variance, product, term = np.zeros((3, design.shape[1]))
    for row, values in enumerate(design):
        np.multiply(values, covariance[row, row], out=product)
        for column in range(row):
            product += np.multiply(design[column], 2 * covariance[row, column], out=term)
        variance += np.multiply(values, product, out=term)
    return variance


def sigmoid(logit: Floats) -> Floats:
    """Map log odds to a probability without overflow."""
    grown = np.exp(-np.abs(logit))
    return np.where(logit >= 0, 1.0, grown) / (1.0 + grown)


MAX_NEWTON_STEPS = 50
CONVERGED = 1e-10  # largest Newton step, in log odds
# every outcome told this surely: the outcomes are separated and no finite slope exists
SEPARATED = 1e-4


def maximum_likelihood(
    design: Floats, churned: Floats, *, offset: Floats | float = 0.0, start: Floats | None = None
) -> Floats | None:
    """Unpenalised logistic regression on few columns by Newton's method;
    None where no finite maximum exists.

    Args:
        design: Shape (n, k), with the column of ones.
        churned: Outcome, 0 or 1, shape (n,).
        offset: Added to the log odds of each row; not estimated.
        start: Coefficients to begin at, shape (k,).
    """
    if not 0 < churned.sum() < len(churned):
        return None
    coefficients = np.zeros(design.shape[1]) if start is None else start
    for _ in range(MAX_NEWTON_STEPS):
        expected = sigmoid(design @ coefficients + offset)
        information = (design.T * (expected * (1 - expected))) @ design
        if (
            np.abs(churned - expected).max() < SEPARATED
            or np.linalg.cond(information) > 1 / np.finfo(np.float64).eps
        ):
            return None
        step = np.linalg.solve(information, design.T @ (churned - expected))
        if np.abs(step).max() < CONVERGED:
            return significant(coefficients)
        coefficients = np.add(coefficients, step, dtype=np.float64)
    return None
