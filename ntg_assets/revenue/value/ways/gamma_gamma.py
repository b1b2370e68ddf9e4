"""Gamma-Gamma: what a visit of a user is worth, between the user's own mean and that of all.

A user's values per visit are Gamma about a mean of their own, and these means differ between users
(inverse Gamma): the fewer visits, the nearer the forecast lies to the mean of all, by as much as
the log bears out.

Source: Fader and Hardie 2013, "The Gamma-Gamma model of monetary value".
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from ntg_assets.arrays import Floats
from ntg_assets.churn.bg_nbd import LOG_BOUND, MAX_FIT_USERS


@dataclass(frozen=True)
class GammaGamma:
    """Parameters of the mean value per visit."""

    p: float
    q: float
    gamma: float


def fit_gamma_gamma(repeats: Floats, mean_value: Floats) -> GammaGamma:
    """Fit the value per visit on users with a repeat visit and a positive value;
    values are scaled to their mean meanwhile.
    """
    kept = (repeats > 0) & (mean_value > 0)
    step, unit = -(-int(kept.sum()) // MAX_FIT_USERS), float(mean_value[kept].mean())
    # every k-th user: the first by id may be the oldest
    x, m = repeats[kept][::step], mean_value[kept][::step] / unit

    def loss(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        parts = (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(gamma)
            + (p * x - 1) * np.log(m)
            + p * x * np.log(x)
        )
        return -float((parts - (p * x + q) * np.log(gamma + m * x)).mean())

    p, q, gamma = np.exp(
        minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=[(-LOG_BOUND, LOG_BOUND)] * 3).x
    )
    return GammaGamma(float(p), float(q), float(gamma * unit))


def expected_value(model: GammaGamma, repeats: Floats, mean_value: Floats) -> Floats:
    """Expected value per visit, between the user's own mean and that of all;
    q must exceed 1 for the latter to exist.
    """
    return model.p * (model.gamma + repeats * mean_value) / (model.p * repeats + model.q - 1)
