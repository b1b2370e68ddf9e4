"""BG/NBD: the classic probability model of repeat transactions.

A user comes at a rate that differs between users (Gamma), and after each visit may leave for good
(Beta). What is asked of it here is the probability of no event within the horizon, which is not 1 -
P(alive), and the visits expected within it.

Source: Fader, Hardie and Lee 2005, "Counting your customers the easy way".
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from ntg_assets.arrays import Floats

MAX_FIT_USERS = 20_000  # four parameters need no more
POLE = 1e-6  # the expected visits have a removable pole at a = 1
LOG_BOUND = 12.0  # parameters between exp(-12) and exp(12)


@dataclass(frozen=True)
class Visits:
    """What the model knows of each user.

    Attributes:
        repeats: Active days after the first.
        last: Time from the first active day to the last.
        observed: Time from the first active day to the cutoff.
    """

    repeats: Floats
    last: Floats
    observed: Floats


@dataclass(frozen=True)
class BgNbd:
    """Parameters: visits are Gamma(r, alpha) Poisson, dropout after a visit is Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


def visits_of(activity: pl.DataFrame) -> Visits:
    """Read visits from activity features."""
    active, tenure, recency = (
        activity[name].cast(pl.Float64).to_numpy()
        for name in ("active_days", "tenure_days", "recency_days")
    )
    return Visits(active - 1, tenure - recency, tenure)


def log_likelihood(model: BgNbd, visits: Visits) -> Floats:
    """Log likelihood of each user."""
    r, alpha, a, b, x = model.r, model.alpha, model.a, model.b, visits.repeats
    counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    alive = -(r + x) * np.log(alpha + visits.observed)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + visits.last)
    return counts + np.where(x > 0, np.logaddexp(alive, left), alive)


def fit_bg_nbd(visits: Visits) -> BgNbd:
    """Maximise the likelihood; time is scaled to its mean meanwhile, so that no unit is special."""
    unit = max(float(visits.observed.mean()), 1.0)
    scaled = every_kth_user(Visits(visits.repeats, visits.last / unit, visits.observed / unit))

    def loss(logs: Floats) -> float:
        return -float(log_likelihood(BgNbd(*np.exp(logs)), scaled).mean())

    r, alpha, a, b = np.exp(
        minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-LOG_BOUND, LOG_BOUND)] * 4).x
    )
    return BgNbd(float(r), float(alpha * unit), float(a), float(b))


def alive_probability(model: BgNbd, visits: Visits) -> Floats:
    """Probability that the user has not left for good; 1 without a repeat visit,
    by the model's own assumption.
    """
    x = visits.repeats
    odds = (
        model.a
        / (model.b + np.maximum(x, 1) - 1)
        * ((model.alpha + visits.observed) / (model.alpha + visits.last)) ** (model.r + x)
    )
    return np.where(x > 0, 1 / (1 + odds), 1.0)


def silence_probability(model: BgNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Probability of no event in the horizon: the user has left, or is alive and does not come."""
    base = model.alpha + visits.observed
    comes = 1 - (base / (base + horizon_days)) ** (model.r + visits.repeats)
    return 1 - alive_probability(model, visits) * comes


def expected_visits(model: BgNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Expected visits in the horizon."""
    x, base = visits.repeats, model.alpha + visits.observed
    a = model.a if abs(model.a - 1) > POLE else 1 + POLE
    growth = (base / (base + horizon_days)) ** (model.r + x)
    series = hyp2f1(
        model.r + x, model.b + x, a + model.b + x - 1, horizon_days / (base + horizon_days)
    )
    return (
        (a + model.b + x - 1) / (a - 1) * (1 - growth * series) * alive_probability(model, visits)
    )


def every_kth_user(visits: Visits, *, most_users: int = MAX_FIT_USERS) -> Visits:
    """Every k-th user, at most `most_users`."""
    step = -(-len(visits.repeats) // most_users)
    return Visits(visits.repeats[::step], visits.last[::step], visits.observed[::step])
