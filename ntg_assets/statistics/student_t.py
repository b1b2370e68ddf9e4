"""Tails and critical values of Student's t, and of the normal where the degrees of freedom are
infinite.
"""

from math import inf
from typing import Literal

import scipy

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
