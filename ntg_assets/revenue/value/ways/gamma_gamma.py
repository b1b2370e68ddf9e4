"""Gamma-Gamma: what a visit of a user is worth, between the user's own mean and that of all.

A user's values per visit are Gamma about a mean of their own, and these means differ between users
(inverse Gamma): the fewer visits, the nearer the forecast lies to the mean of all, by as much as
the log bears out.

Source: Fader and Hardie 2013, "The Gamma-Gamma model of monetary value".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, psi

from ntg_assets.arrays import Floats
from ntg_assets.churn.visits.bg_nbd import LOG_BOUND, MAX_FIT_USERS
from ntg_assets.statistics.likelihood import minimise, significant

SAME = 1e-9  # of the mean value: differences below are rounding


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

    if np.ptp(m) <= SAME:  # every visit is worth the same: no law of how they differ fits best
        most = float(np.exp(LOG_BOUND))
        return GammaGamma(most, most, unit * (most - 1) / most)

    def loss(logs: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(logs)
        log_sum = np.log(gamma + m * x)
        parts = (
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(gamma)
            + (p * x - 1) * np.log(m)
            + p * x * np.log(x)
        )
        slopes = (
            p * x * (psi(p * x + q) - psi(p * x) + np.log(m * x) - log_sum),
            q * (psi(p * x + q) - psi(q) + np.log(gamma) - log_sum),
            q - gamma * (p * x + q) / (gamma + m * x),
        )
        return -float((parts - (p * x + q) * log_sum).mean()), -np.mean(slopes, axis=1)

    p, q, gamma = np.exp(minimise(loss, np.zeros(3), bounds=(-LOG_BOUND, LOG_BOUND)))
    return GammaGamma(*significant([p, q, gamma * unit]).tolist())


def expected_value(model: GammaGamma, repeats: Floats, mean_value: Floats) -> Floats:
    """Expected value per visit, between the user's own mean and that of all;
    q must exceed 1 for the latter to exist.
    """
    return model.p * (model.gamma + repeats * mean_value) / (model.p * repeats + model.q - 1)
