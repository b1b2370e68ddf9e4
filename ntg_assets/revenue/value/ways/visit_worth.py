"""What a repeat visit of a user is worth: how often one is paid for, times what is paid then.

Where every visit brings an amount this is Gamma-Gamma alone. Where many bring nothing (an app whose
days are mostly free), the share of paid visits differs between users (Beta), and a user's own share
counts the more the more visits bear it out: who came a hundred times and never paid is worth next
to nothing, and not what those who pay are worth.

Source: Skellam 1948 (beta-binomial); Fader and Hardie 2013 (Gamma-Gamma).
"""

import numpy as np
from scipy.special import betaln, psi

from ntg_assets.arrays import Floats
from ntg_assets.churn.visits.bg_nbd import LOG_BOUND, MAX_FIT_USERS
from ntg_assets.revenue.value.ways.gamma_gamma import expected_value, fit_gamma_gamma
from ntg_assets.statistics.likelihood import minimise, significant


def visit_worth(n_repeats: Floats, n_paid: Floats, repeat_value: Floats) -> Floats | None:
    """Expected value of a repeat visit of each user; None where no amount has been repeated.

    Args:
        n_repeats: Active days after the first, shape (n,).
        n_paid: Those of them that brought an amount.
        repeat_value: What they brought in all.
    """
    mean = np.divide(repeat_value, n_paid, out=np.zeros_like(repeat_value), where=n_paid > 0)
    if not (mean > 0).any():
        return None
    # who got all of it back has shown so often that visits bring nothing
    model = fit_gamma_gamma(np.where(mean > 0, n_paid, 0.0), mean)
    worth = expected_value(model, n_paid, np.maximum(mean, 0.0)) * paid_share(n_repeats, n_paid)
    return worth if np.isfinite(worth).all() and (worth >= 0).all() else None


def paid_share(n_repeats: Floats, n_paid: Floats) -> Floats:
    """Share of each user's repeat visits that will be paid, between their own and that of all."""
    if (n_paid >= n_repeats).all():
        return np.ones_like(n_repeats)
    share, strength = fit_shares(n_repeats, n_paid)
    return (share * strength + n_paid) / (strength + n_repeats)


def fit_shares(n_repeats: Floats, n_paid: Floats) -> tuple[float, float]:
    """Fit how the share differs between users: its mean, and how many visits it is worth."""
    kept = n_repeats > 0
    step = -(-int(kept.sum()) // MAX_FIT_USERS)
    # every k-th user: the first by id may be the oldest
    n, paid = n_repeats[kept][::step], n_paid[kept][::step]

    def loss(logs: Floats) -> tuple[float, Floats]:
        a, b = np.exp(logs)
        value = betaln(paid + a, n - paid + b) - betaln(a, b)
        both = psi(n + a + b) - psi(a + b)
        slopes = (a * (psi(paid + a) - psi(a) - both), b * (psi(n - paid + b) - psi(b) - both))
        return -float(value.mean()), -np.mean(slopes, axis=1)

    a, b = significant(np.exp(minimise(loss, np.zeros(2), bounds=(-LOG_BOUND, LOG_BOUND))))
    return float(a / (a + b)), float(a + b)
