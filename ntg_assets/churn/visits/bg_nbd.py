"""BG/NBD: the classic probability model of repeat transactions.

A user comes at a rate that differs between users (Gamma), and after each visit may leave for good
(Beta). What is asked of it here is the probability of no event within the horizon, which is not 1 -
P(alive), and the visits expected within it.

Source: Fader, Hardie and Lee 2005, "Counting your customers the easy way".
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import betaln, gammaln, hyp2f1

from ntg_assets.arrays import Floats
from ntg_assets.statistics.likelihood import minimise, rising, significant

MAX_FIT_USERS = 20_000  # four parameters need no more
POLE = 1e-6  # the expected visits have a removable pole at a = 1
# parameters between exp(-7) and exp(7) in units of the mean observed time: beyond, all users are as
# one, and what is left of differences of log gammas is rounding
LOG_BOUND = 7.0


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
    alive, left = _alive_and_left(model, visits)
    return counts + np.logaddexp(alive, left)


def log_likelihood_slopes(model: BgNbd, visits: Visits) -> Floats:
    """Derivatives of each user's log likelihood by the logarithm of r, alpha, a and b;
    shape (4, users).
    """
    r, alpha, a, b, x = model.r, model.alpha, model.a, model.b, visits.repeats
    alive, left = _alive_and_left(model, visits)
    gone = np.exp(left - np.logaddexp(alive, left))  # share of the likelihood
    weights, spans = np.stack([1 - gone, gone]), np.stack([visits.observed, visits.last])
    repeats = x.astype(np.int64)
    of_r, of_b, of_both = (rising(base, repeats.max(initial=0))[1] for base in (r, b, a + b))
    stayed = of_b[repeats] - of_both[repeats] - gone / (b + np.maximum(x, 1) - 1)
    return np.stack(
        [
            r * (of_r[repeats] - (weights * np.log1p(spans / alpha)).sum(axis=0)),
            (r + x) * (weights * spans / (alpha + spans)).sum(axis=0) - x,
            gone - a * of_both[repeats],
            b * stayed,
        ]
    )


def _alive_and_left(model: BgNbd, visits: Visits) -> tuple[Floats, Floats]:
    """Logarithms of both ways in which the visits may have come about: still there at the end, or
    gone right after the last visit, which a user without a repeat visit cannot be.
    """
    x, at_least = visits.repeats, np.maximum(visits.repeats, 1)
    alive = -(model.r + x) * np.log(model.alpha + visits.observed)
    leaves = np.log(model.a) - np.log(model.b + at_least - 1)
    left = leaves - (model.r + x) * np.log(model.alpha + visits.last)
    return alive, np.where(x > 0, left, -np.inf)


def fit_bg_nbd(visits: Visits) -> BgNbd:
    """Maximise the likelihood; time is scaled to its mean meanwhile, so that no unit is special."""
    unit = max(float(visits.observed.mean()), 1.0)
    scaled = every_kth_user(Visits(visits.repeats, visits.last / unit, visits.observed / unit))

    def loss(logs: Floats) -> tuple[float, Floats]:
        model = BgNbd(*np.exp(logs))
        slopes = log_likelihood_slopes(model, scaled).mean(axis=1)
        return -float(log_likelihood(model, scaled).mean()), -slopes

    r, alpha, a, b = np.exp(minimise(loss, np.zeros(4), bounds=(-LOG_BOUND, LOG_BOUND)))
    return BgNbd(*significant([r, alpha * unit, a, b]).tolist())


def alive_probability(model: BgNbd, visits: Visits) -> Floats:
    """Probability that the user has not left for good; 1 without a repeat visit,
    by the model's own assumption.
    """
    x = visits.repeats
    since = (model.alpha + visits.observed) / (model.alpha + visits.last)
    odds = model.a / (model.b + np.maximum(x, 1) - 1) * since ** (model.r + x)
    return np.where(x > 0, 1 / (1 + odds), 1.0)


def silence_probability(model: BgNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Probability of no event in the horizon: the user has left, or is alive and does not come."""
    return 1 - active_probability(model, visits, horizon_days=horizon_days)


def active_probability(model: BgNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Probability of an event in the horizon; right to the last digits where it is tiny."""
    longer = np.log1p(horizon_days / (model.alpha + visits.observed))
    comes = -np.expm1(-(model.r + visits.repeats) * longer)
    return alive_probability(model, visits) * comes


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
