"""Pareto/NBD: visits at a rate of each user's own, and a lifetime that may end at any day.

Beside BG/NBD, in which a user leaves only right after a visit. Rates are Gamma(r, alpha), hazards
of leaving Gamma(s, beta).

Source: Schmittlein, Morrison and Colombo 1987, "Counting your customers"; the likelihood as written
by Fader and Hardie 2005, "A note on deriving the Pareto/NBD model and related expressions".
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import minimize
from scipy.special import gammaln

from ntg_assets.arrays import Floats
from ntg_assets.churn.bg_nbd import POLE, Visits, every_kth_user

# of 23,570 CDNOW customers every eighth gave 16% fewer visits ahead than every second
MAX_FIT_USERS = 20_000
MAX_STEPS = 50
# users beyond so many are left out where together they made so many visits: the more visits of a
# user, the more they tell, and the longer their likelihood takes
ENOUGH_USERS, ENOUGH_VISITS = 1_500, 20_000
LOG_BOUND = 7.0  # parameters between exp(-7) and exp(7) in units of the mean observed time
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
    r, x = model.r, visits.repeats
    constant = gammaln(r + x) - gammaln(r) + r * np.log(model.alpha) + model.s * np.log(model.beta)
    alive, left = _alive_and_left(model, visits)
    return constant + np.logaddexp(alive, left)


def fit_pareto_nbd(visits: Visits) -> ParetoNbd:
    """Maximise the likelihood; time is scaled to its mean meanwhile, so that no unit is special."""
    unit = max(float(visits.observed.mean()), 1.0)
    telling = int(ENOUGH_VISITS / max(float(visits.repeats.mean()), 1e-9))
    scaled = every_kth_user(
        Visits(visits.repeats, visits.last / unit, visits.observed / unit),
        most_users=min(max(telling, ENOUGH_USERS), MAX_FIT_USERS),
    )

    def loss(logs: Floats) -> float:
        mean = float(-log_likelihood(ParetoNbd(*np.exp(logs)), scaled).mean())
        return mean if np.isfinite(mean) else IMPOSSIBLE

    with np.errstate(all="ignore"):
        r, alpha, s, beta = np.exp(
            minimize(
                loss,
                np.zeros(4),
                method="L-BFGS-B",
                bounds=[(-LOG_BOUND, LOG_BOUND)] * 4,
                options={"maxiter": MAX_STEPS},
            ).x
        )
    return ParetoNbd(float(r), float(alpha * unit), float(s), float(beta * unit))


def alive_probability(model: ParetoNbd, visits: Visits) -> Floats:
    """Probability that the user has not left."""
    alive, left = _alive_and_left(model, visits)
    return np.exp(alive - np.logaddexp(alive, left))


def expected_visits(model: ParetoNbd, visits: Visits, *, horizon_days: float) -> Floats:
    """Expected visits in the horizon."""
    s = model.s if abs(model.s - 1) > POLE else 1 + POLE
    base = model.beta + visits.observed
    rate = (model.r + visits.repeats) * base / ((model.alpha + visits.observed) * (s - 1))
    gone = (base / (base + horizon_days)) ** (s - 1)
    return alive_probability(model, visits) * rate * (1 - gone)


def _alive_and_left(model: ParetoNbd, visits: Visits) -> tuple[Floats, Floats]:
    """Logarithms of both ways in which the visits may have come about: still there at the end, or
    gone between the last visit and the end.

    The latter is the integral over the day of leaving, at the nodes of Gauss and Legendre on the
    logarithm of the time since the last visit, in units of how fast the integrand first falls. The
    published form is a difference of two hypergeometric functions, which overflows for parameters
    that a fit passes through, and takes up to a thousand times as long.
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
        for part in weight * np.exp(-logs) * (1 / falls + since):  # in order: `sum` has its own
            total += part
    begins = np.log(s) - n * np.log(from_alpha) - (s + 1) * np.log(from_beta)
    return alive, begins + np.log(np.maximum(total * span, SMALLEST))
