"""Score tests of two shares, and intervals as what such a test does not reject."""

from collections.abc import Callable
from math import inf, sqrt

import scipy

from ntg_assets.statistics.shares.proportions import (
    Count,
)
from ntg_assets.statistics.student_t import t_critical, t_p

Interval = tuple[float, float]


def score_statistic(
    control: Count, treatment: Count, difference: float = 0.0, *, is_unbiased: bool = True
) -> float:
    """Return the score statistic of a difference of two shares: how many standard errors the one
    found lies above `difference`, the errors being those of the most likely shares that differ by
    just so much.

    Against a margin this is the non-inferiority test of Farrington and Manning 1990.

    Args:
        control: Control arm.
        treatment: Treatment arm.
        difference: Treatment minus control under the null hypothesis.
        is_unbiased: Whether the variance is multiplied by n / (n - 1) (Miettinen and Nurminen 1985)
            or not (Mee 1984).
    """
    share = _restricted_share(control, treatment, difference)
    variance = (
        share * (1 - share) / control.n
        + (share + difference) * (1 - share - difference) / treatment.n
    )
    n = control.n + treatment.n
    variance = max(variance, 0.0) * (n / (n - 1) if is_unbiased else 1.0)
    return _standardised(treatment.share - control.share - difference, variance)


def score_p(control: Count, treatment: Count, difference: float = 0.0) -> float:
    """Return the two-sided p of the score test (Miettinen and Nurminen 1985)."""
    return t_p(score_statistic(control, treatment, difference), inf)


def critical_z(confidence: float) -> float:
    """Return how many standard errors a two-sided interval reaches."""
    return t_critical((1 - confidence) / 2, inf)


def _restricted_share(control: Count, treatment: Count, difference: float) -> float:
    """Return the most likely share of the control when the treatment's is `difference` higher: the
    one root of the score equation within its limits, where the likelihood has its only maximum.
    """
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)

    def slope(share: float) -> float:
        return _pull(control, share) + _pull(treatment, share + difference)

    return _root(slope, low, high)


def _pull(count: Count, share: float) -> float:
    """Return the slope of an arm's log likelihood; an outcome that did not occur pulls nowhere."""
    failures = count.n - count.successes
    up = count.successes / max(share, TINY) if count.successes else 0.0
    down = failures / max(1 - share, TINY) if failures > 0 else 0.0
    return up - down


def ratio_score(control: Count, treatment: Count, ratio: float, *, is_unbiased: bool) -> float:
    """Return the score statistic of treatment = ratio * control (Koopman 1984)."""
    n = control.n + treatment.n
    a = n * ratio
    b = -(treatment.n * ratio + treatment.successes + control.n + control.successes * ratio)
    c = treatment.successes + control.successes
    share = (-b - sqrt(max(b**2 - 4 * a * c, 0.0))) / (2 * a) if a else c / -b
    treated = share * ratio
    variance = treated * (1 - treated) / treatment.n + ratio**2 * share * (1 - share) / control.n
    variance = max(variance, 0.0) * (n / (n - 1) if is_unbiased else 1.0)
    return _standardised(treatment.share - ratio * control.share, variance)


def _standardised(distance: float, variance: float) -> float:
    if variance > 0:
        return distance / sqrt(variance)
    return 0.0 if distance == 0 else inf if distance > 0 else -inf


EDGE = 1e-12  # how near to a limit a root may lie
TINY = 1e-300  # what rounding leaves of zero must not divide


def _root(slope: Callable[[float], float], low: float, high: float) -> float:
    """Find where a falling function crosses zero between two limits that it may not touch."""
    width = high - low
    left, right = low + EDGE * width, high - EDGE * width
    if width <= 0 or slope(left) <= 0:
        return low
    if slope(right) >= 0:
        return high
    return float(scipy.optimize.brentq(slope, left, right, xtol=1e-15, rtol=1e-14))


def inverted(
    statistic: Callable[[float], float],
    *,
    estimate: float,
    limits: Interval,
    critical: float,
) -> Interval:
    """Collect the values that a test does not reject: the statistic falls as they rise.

    Args:
        statistic: z at a value of the parameter.
        estimate: Value at which it is 0.
        limits: Smallest and largest value that the parameter can have.
        critical: z beyond which a value is rejected.
    """
    low_limit, high_limit = limits
    if high_limit == inf:
        high_limit = max(estimate if estimate < inf else 1.0, 1e-9)
        while statistic(high_limit) > -critical and high_limit < FURTHEST_RATIO:
            high_limit *= 2
        if high_limit >= FURTHEST_RATIO:
            high_limit = inf
    middle = min(estimate, FURTHEST_RATIO)
    low = _crossing(lambda at: statistic(at) - critical, low_limit, middle)
    high = (
        inf
        if high_limit == inf
        else _crossing(lambda at: statistic(at) + critical, middle, high_limit)
    )
    return low, high


FURTHEST_RATIO = 1e12


def _crossing(surplus: Callable[[float], float], low: float, high: float) -> float:
    left, right = low + EDGE * max(abs(low), 1e-3), high - EDGE * max(abs(high), 1e-3)
    if left >= right or surplus(left) <= 0:
        return low
    if surplus(right) >= 0:
        return high
    return float(scipy.optimize.brentq(surplus, left, right, xtol=1e-14, rtol=1e-13))
