"""Pareto/NBD: visits at a rate of each user's own, and a lifetime that may end at any day.

Beside BG/NBD, in which a user leaves only right after a visit. Rates are Gamma(r, alpha), hazards
of leaving Gamma(s, beta).

Source: Schmittlein, Morrison and Colombo 1987, "Counting your customers"; the likelihood as written
by Fader and Hardie 2005, "A note on deriving the Pareto/NBD model and related expressions".
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import gammaln

from ntg_assets.arrays import Floats
from ntg_assets.churn.visits.bg_nbd import LOG_BOUND, POLE, Visits, every_kth_user
from ntg_assets.statistics.likelihood import minimise, rising, significant

# of 23,570 CDNOW customers every eighth gave 16% fewer visits ahead than every second
MAX_FIT_USERS = 20_000
# users beyond so many are left out where together they made so many visits: the more visits of a
# user, the more they tell, and the longer their likelihood takes
ENOUGH_USERS, ENOUGH_VISITS = 1_500, 20_000
SMALLEST = 1e-300  # keeps logarithms finite
# of the integral over [0, 1]: 24 leave errors below 1e-9 for all parameters within the bounds
NODES = tuple(0.5 * (part + shift) for part, shift in zip(leggauss(24), (1.0, 0.0), strict=True))
CELLS_AT_ONCE = 16_384  # users x nodes: what stays in a processor's cache
IMPOSSIBLE = 1e9  # loss of parameters at which the likelihood has no number


@dataclass(frozen=True)
class ParetoNbd:
    """Parameters: visits are Gamma(r, alpha) Poisson, lifetimes Gamma(s, beta) exponential."""

    r: float
    alpha: float
    s: float
    beta: float


def log_likelihood(model: ParetoNbd, visits: Visits) -> Floats:
    """Log likelihood of each user."""
    return _constant(model, visits) + np.logaddexp(*_alive_and_left(model, visits))


def likelihood_and_slopes(model: ParetoNbd, visits: Visits) -> tuple[Floats, Floats]:
    """Log likelihood of each user, and its derivatives by the logarithm of r, alpha, s and beta;
    shape (4, users).
    """
    r, s, x = model.r, model.s, visits.repeats
    means = np.zeros((4, len(x)))
    alive, left = _alive_and_left(model, visits, means=means)
    whole = np.logaddexp(alive, left)
    gone = np.exp(left - whole)  # share of the likelihood
    repeats = x.astype(np.int64)
    _, of_r = rising(r, repeats.max(initial=0))
    logs, shares = np.split((1 - gone) * _day_terms(model, visits.observed) + gone * means, 2)
    slopes = (
        r * (of_r[repeats] - logs[0]),
        (r + x) * shares[0] - x,
        gone - s * logs[1],
        s * shares[1] + gone * (means[3] - 1),
    )
    return _constant(model, visits) + whole, np.stack(slopes)


def fit_pareto_nbd(visits: Visits) -> ParetoNbd:
    """Maximise the likelihood; time is scaled to its mean meanwhile, so that no unit is special."""
    unit = max(float(visits.observed.mean()), 1.0)
    telling = int(ENOUGH_VISITS / max(float(visits.repeats.mean()), 1e-9))
    scaled = every_kth_user(
        Visits(visits.repeats, visits.last / unit, visits.observed / unit),
        most_users=min(max(telling, ENOUGH_USERS), MAX_FIT_USERS),
    )

    def loss(logs: Floats) -> tuple[float, Floats]:
        likelihood, slopes = likelihood_and_slopes(ParetoNbd(*np.exp(logs)), scaled)
        mean, steepness = -float(likelihood.mean()), -slopes.mean(axis=1)
        if not (np.isfinite(mean) and np.isfinite(steepness).all()):
            return IMPOSSIBLE, np.zeros(len(logs))
        return mean, steepness

    with np.errstate(all="ignore"):
        r, alpha, s, beta = np.exp(minimise(loss, np.zeros(4), bounds=(-LOG_BOUND, LOG_BOUND)))
    return ParetoNbd(*significant([r, alpha * unit, s, beta * unit]).tolist())


def alive_probability(model: ParetoNbd, visits: Visits) -> Floats:
    """Probability that the user has not left."""
    alive, left = _alive_and_left(model, visits)
    return np.exp(alive - np.logaddexp(alive, left))


def active_probability(model: ParetoNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Probability of an event in the horizon; right to the last digits where it is tiny.

    The user is there, and the first visit comes before the user leaves: the integral over its day,
    at the nodes of `_alive_and_left`.
    """
    rate = model.r + visits.repeats
    alpha, beta = model.alpha + visits.observed, model.beta + visits.observed
    falls = rate / alpha + model.s / beta
    span = np.log1p(horizon_days * falls)
    comes = np.zeros_like(span)
    for node, weight in zip(*NODES, strict=True):
        day = np.expm1(span * node) / falls
        stays = rate * np.log1p(day / alpha) + model.s * np.log1p(day / beta)
        comes += weight * np.exp(-stays) * rate / (alpha + day) * (1 / falls + day)
    return alive_probability(model, visits) * comes * span


def expected_visits(model: ParetoNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Expected visits in the horizon."""
    s = model.s if abs(model.s - 1) > POLE else 1 + POLE
    base = model.beta + visits.observed
    seen = model.alpha + visits.observed
    rate = (model.r + visits.repeats) * base / (seen * (s - 1))
    gone = (base / (base + horizon_days)) ** (s - 1)
    return alive_probability(model, visits) * rate * (1 - gone)


def _day_terms(model: ParetoNbd, days: Floats) -> Floats:
    """ln(1 + day / alpha), ln(1 + day / beta), day / (alpha + day) and day / (beta + day);
    shape (4, users).
    """
    ratios = np.stack([days / model.alpha, days / model.beta])
    return np.concatenate([np.log1p(ratios), ratios / (1 + ratios)])


def _constant(model: ParetoNbd, visits: Visits) -> Floats:
    r = model.r
    scales = r * np.log(model.alpha) + model.s * np.log(model.beta)
    return gammaln(r + visits.repeats) - gammaln(r) + scales


def _alive_and_left(
    model: ParetoNbd, visits: Visits, *, means: Floats | None = None
) -> tuple[Floats, Floats]:
    """Logarithms of both ways in which the visits may have come about: still there at the end, or
    gone between the last visit and the end.

    The latter is the integral over the day of leaving, at the nodes of Gauss and Legendre on the
    logarithm of the time since the last visit, in units of how fast the integrand first falls. The
    published form is a difference of two hypergeometric functions, which overflows for parameters
    that a fit passes through, and takes up to a thousand times as long.

    Args:
        model: Parameters.
        visits: What is known of each user.
        means: Zeros of shape (4, users), filled with the means of `_day_terms` over the day of
            leaving.
    """
    alpha, s, beta, n = model.alpha, model.s, model.beta, model.r + visits.repeats
    alive = -n * np.log(alpha + visits.observed) - s * np.log(beta + visits.observed)
    from_alpha, from_beta = alpha + visits.last, beta + visits.last
    falls = n / from_alpha + (s + 1) / from_beta
    span = np.log1p((visits.observed - visits.last) * falls)
    total = np.zeros_like(span)
    at_once = max(CELLS_AT_ONCE // max(len(span), 1), 1)
    for first in range(0, len(NODES[0]), at_once):
        node, weight = (part[first : first + at_once, None] for part in NODES)
        since = np.expm1(span * node) / falls
        logs = n * np.log1p(since / from_alpha) + (s + 1) * np.log1p(since / from_beta)
        parts = weight * np.exp(-logs) * (1 / falls + since)
        for part, day in zip(parts, visits.last + since, strict=True):  # `sum` has its own order
            total += part
            if means is not None:
                means += part * _day_terms(model, day)
    if means is not None:
        means /= np.maximum(total, SMALLEST)
    begins = np.log(s) - n * np.log(from_alpha) - (s + 1) * np.log(from_beta)
    return alive, begins + np.log(np.maximum(total * span, SMALLEST))
