"""What BG/NBD says of a silent horizon, as a linear model of the inputs of churn: what the
coefficients are shrunk towards where few windows have closed.

BG/NBD learns from all visits, not from closed windows, so it is there from the first days of a log;
labels then correct it. Its log odds of no visit within the horizon are fitted by weighed least
squares in the inputs that it knows itself (recency, visits, age), over everyone known and the
closed snapshots. The covariance is that of its four parameters (the outer product of the users'
scores) taken through the derivative of that fit.

Source: Fader, Hardie and Lee 2005 (BG/NBD); Berndt, Hall, Hall and Hausman 1974 (information by the
outer product of scores).
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
import polars as pl
from scipy.linalg import solve_triangular

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.learning.logistic import Prior
from ntg_assets.churn.visits.bg_nbd import (
    BgNbd,
    Visits,
    every_kth_user,
    fit_bg_nbd,
    log_likelihood_slopes,
    silence_probability,
    visits_of,
)
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.likelihood import significant

# inputs made of what BG/NBD knows of a user: visits, time of the last, age
BG_NBD_INPUTS = (
    "log_recency_days",
    "log_missed_visits",
    "own_gap_survival",
    "log_active_days",
    "log_own_pace",
    "log_visits_per_four_weeks",
    "has_one_active_day",
    "log_tenure_days",
    "newness",
    "log_recency_days_squared",
    "log_missed_visits_squared",
    "log_own_pace_squared",
    "newness_squared",
)
FEWEST_USERS = 30  # four parameters of fewer are noise
MAX_PROJECTED_ROWS = 50_000  # thirteen slopes need no more
LARGEST_LOGIT = 7.0  # beyond, nobody sees a difference
LEAST_WEIGHT = 0.01  # of a row that is told for sure, beside p (1 - p)
RIDGE = 1e-5  # of the sum of weights: near copies among the inputs share a slope
LOG_SHIFT = 1e-3  # of a parameter, to take differences over
PARAMETER_SD = 1.0  # of the logarithm of a parameter, where the visits say nothing


@dataclass(frozen=True)
class BgNbdPrior:
    """BG/NBD of everyone known, and its line in the inputs of churn."""

    model: BgNbd
    horizon_days: int
    line: Prior

    def silence(self, activity: pl.DataFrame) -> Floats:
        """Probability of no visit within the horizon, by the model itself."""
        return silence_probability(self.model, visits_of(activity), horizon_days=self.horizon_days)


def bg_nbd_prior(
    everyone: pl.DataFrame,
    rows: pl.DataFrame,
    *,
    mean: Floats,
    scale: Floats,
    horizon_days: int,
) -> BgNbdPrior | None:
    """Fit BG/NBD and say the same in the inputs of churn.

    Args:
        everyone: Activity of every user known on the day, one row each.
        rows: Closed snapshots: more rows over which the line has to hold.
        mean: Mean of each input in the fit that will be shrunk, shape (p - 1,).
        scale: Standard deviation of each, shape (p - 1,).
        horizon_days: Churn horizon.

    Returns:
        None with fewer than `FEWEST_USERS` users, or where the model has no finite number.
    """
    if everyone.height < FEWEST_USERS:
        return None
    visits = visits_of(everyone.sort("user_id"))
    activity = _sampled(pl.concat([everyone, rows], how="diagonal_relaxed"))
    matrix = design_matrix(activity, features=CHURN_FEATURES)
    is_known = np.array([feature.name in BG_NBD_INPUTS for feature in CHURN_FEATURES])
    inputs = standardise(matrix[:, is_known], mean=mean[is_known], scale=scale[is_known])
    model = fit_bg_nbd(visits)

    def line(logs: Floats) -> Floats:
        shifted = BgNbd(*np.exp(logs).tolist())
        silence = silence_probability(shifted, visits_of(activity), horizon_days=horizon_days)
        return _projected(inputs, silence)

    logs = np.log(astuple(model))
    slopes = _slopes(line, logs)
    coefficients, errors = line(logs), slopes @ _spread(model, visits)
    if not (np.isfinite(coefficients).all() and np.isfinite(errors).all()):
        return None
    return BgNbdPrior(model, horizon_days, Prior(*_placed(coefficients, errors, is_known=is_known)))


def _slopes(line: Callable[[Floats], Floats], logs: Floats) -> Floats:
    """How the line moves with each logarithm of a parameter, by symmetric differences."""
    shifts = LOG_SHIFT * np.eye(len(logs))
    steps = [line(logs + shift) - line(logs - shift) for shift in shifts]
    return np.column_stack(steps) / (2 * LOG_SHIFT)


def _spread(model: BgNbd, visits: Visits) -> Floats:
    """Square root of the covariance of the logarithms of the parameters, by users' scores."""
    scores = log_likelihood_slopes(model, every_kth_user(visits))
    covariance = np.linalg.inv(scores @ scores.T + np.eye(len(scores)) / PARAMETER_SD**2)
    return np.linalg.cholesky(covariance)


def _projected(inputs: Floats, silence: Floats) -> Floats:
    """Weighed least squares of the log odds on the inputs, intercept first.

    By QR: the normal equations square the condition of near copies, and what a processor rounds
    otherwise then reaches the last digit that is kept.
    """
    least = float(sigmoid(np.array([-LARGEST_LOGIT]))[0])
    bounded = np.clip(silence, least, 1 - least)
    weights = bounded * (1 - bounded) + LEAST_WEIGHT
    n_inputs = inputs.shape[1]
    design = np.column_stack([np.ones(len(inputs)), inputs]) * np.sqrt(weights)[:, None]
    ridge = np.eye(n_inputs, n_inputs + 1, k=1) * np.sqrt(RIDGE * weights.sum())
    odds = np.log(bounded / (1 - bounded)) * np.sqrt(weights)
    basis, triangle = np.linalg.qr(np.vstack([design, ridge]))
    fitted = solve_triangular(triangle, basis[: len(odds)].T @ odds, check_finite=False)
    return significant(fitted)


def _placed(coefficients: Floats, errors: Floats, *, is_known: np.ndarray) -> tuple[Floats, ...]:
    """Put the coefficients of some inputs among those of all; no effect elsewhere."""
    places = np.concatenate([[0], 1 + np.flatnonzero(is_known)])
    n = len(is_known) + 1
    whole, spread = np.zeros(n), np.zeros((n, errors.shape[1]))
    whole[places], spread[places] = coefficients, errors
    return whole, spread


def _sampled(activity: pl.DataFrame) -> pl.DataFrame:
    return activity.gather_every(max(-(-activity.height // MAX_PROJECTED_ROWS), 1))
