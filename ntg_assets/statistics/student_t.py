"""Tails and critical values of Student's t, and of the normal where the degrees of freedom are
infinite.
"""

from math import inf, isnan
from typing import Literal

import scipy

NEGLIGIBLE = 1e-16  # beside a probability near 1 nothing is left of it
Alternative = Literal["two-sided", "greater", "less"]


def t_p(
    statistic: float, degrees_of_freedom: float, *, alternative: Alternative = "two-sided"
) -> float:
    """Return the p-value of a t statistic (of a normal one with infinite degrees of freedom)."""
    if alternative == "two-sided":
        return 2 * _lower_tail(-abs(statistic), degrees_of_freedom)
    return _lower_tail(statistic if alternative == "less" else -statistic, degrees_of_freedom)


def t_critical(tail: float, degrees_of_freedom: float) -> float:
    """Return the value that a t statistic exceeds with probability `tail`."""
    return -float(
        scipy.special.ndtri(tail)
        if degrees_of_freedom == inf
        else scipy.special.stdtrit(degrees_of_freedom, tail)
    )


def interval_reach(
    confidence: float, degrees_of_freedom: float, alternative: Alternative
) -> tuple[float, float]:
    """Return how many standard errors an interval reaches down and up;
    a one-sided one has one open end.
    """
    if alternative == "two-sided":
        critical = t_critical((1 - confidence) / 2, degrees_of_freedom)
        return critical, critical
    critical = t_critical(1 - confidence, degrees_of_freedom)
    return (critical, inf) if alternative == "greater" else (inf, critical)


def _lower_tail(statistic: float, degrees_of_freedom: float) -> float:
    return float(
        scipy.special.ndtr(statistic)
        if degrees_of_freedom == inf
        else scipy.special.stdtr(degrees_of_freedom, statistic)
    )


def noncentral_t_tail(critical: float, degrees_of_freedom: float, shift: float) -> float:
    """Return the probability that a noncentral t statistic exceeds a critical value.

    It is scipy's `nct.sf`, whose package takes longer to load than a plan to make: `scipy.special`
    knows the other tail, which is the same of the mirrored statistic, and gives up far out.

    Args:
        critical: What is exceeded.
        degrees_of_freedom: Of the variance that the statistic is divided by.
        shift: Noncentrality: the true effect in standard errors.
    """
    tail = float(scipy.special.nctdtr(degrees_of_freedom, -shift, -critical))
    if not isnan(tail):
        return tail
    if critical >= 0 and scipy.special.ndtr(shift) < NEGLIGIBLE:  # it is hardly ever above 0
        return 0.0
    return float(scipy.stats.nct.sf(critical, degrees_of_freedom, shift))
