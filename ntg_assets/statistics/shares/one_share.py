"""Intervals of one share, by the names under which textbooks and libraries know them."""

from collections.abc import Callable
from math import sqrt
from typing import Literal

import scipy

from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.shares.proportions import (
    Count,
    wilson_interval,
)
from ntg_assets.statistics.shares.score import Interval, critical_z

ShareMethod = Literal[
    "wald", "wald-cc", "wilson", "wilson-cc", "agresti-coull", "jeffreys", "clopper-pearson"
]


def share_interval(
    count: Count, *, method: ShareMethod = "wilson", confidence: float = 0.95
) -> Interval:
    """Return the two-sided interval of one share.

    Source: Brown, Cai and DasGupta 2001, "Interval Estimation for a Binomial Proportion".

    Raises:
        ConfigurationError: the method is not known.
    """
    if method not in _ONE_SHARE:
        raise ConfigurationError(
            f"no interval of a share is called {method!r}; known: {', '.join(_ONE_SHARE)}."
        )
    return _ONE_SHARE[method](count, confidence)


def _wald(count: Count, confidence: float) -> Interval:
    reach = critical_z(confidence) * sqrt(count.share * (1 - count.share) / count.n)
    return max(count.share - reach, 0.0), min(count.share + reach, 1.0)


def _corrected_wald(count: Count, confidence: float) -> Interval:
    reach = critical_z(confidence) * sqrt(count.share * (1 - count.share) / count.n) + 0.5 / count.n
    return max(count.share - reach, 0.0), min(count.share + reach, 1.0)


def _corrected_wilson(count: Count, confidence: float) -> Interval:
    """Source: Newcombe 1998, "Two-sided confidence intervals for the single proportion" (4)."""
    z, n, share = critical_z(confidence), count.n, count.share
    ends = []
    for sign in (-1, 1):
        inner = z**2 + sign * 2 - 1 / n + 4 * share * (n * (1 - share) - sign)
        ends.append(
            (2 * n * share + z**2 + sign * (1 + z * sqrt(max(inner, 0.0)))) / (2 * (n + z**2))
        )
    return (
        0.0 if count.successes == 0 else max(ends[0], 0.0),
        1.0 if count.successes == n else min(ends[1], 1.0),
    )


def _agresti_coull(count: Count, confidence: float) -> Interval:
    z = critical_z(confidence)
    n, hits = count.n + z**2, count.successes + z**2 / 2
    reach = z * sqrt(hits / n * (1 - hits / n) / n)
    return max(hits / n - reach, 0.0), min(hits / n + reach, 1.0)


def _jeffreys(count: Count, confidence: float) -> Interval:
    tail, hits, misses = (1 - confidence) / 2, count.successes, count.n - count.successes
    low = 0.0 if hits == 0 else float(scipy.special.betaincinv(hits + 0.5, misses + 0.5, tail))
    high = (
        1.0 if misses == 0 else float(scipy.special.betaincinv(hits + 0.5, misses + 0.5, 1 - tail))
    )
    return low, high


def _clopper_pearson(count: Count, confidence: float) -> Interval:
    tail, hits, misses = (1 - confidence) / 2, count.successes, count.n - count.successes
    low = 0.0 if hits == 0 else float(scipy.special.betaincinv(hits, misses + 1, tail))
    high = 1.0 if misses == 0 else float(scipy.special.betaincinv(hits + 1, misses, 1 - tail))
    return low, high


_ONE_SHARE: dict[str, Callable[[Count, float], Interval]] = {
    "wald": _wald,
    "wald-cc": _corrected_wald,
    "wilson": lambda count, confidence: wilson_interval(count, confidence=confidence),
    "wilson-cc": _corrected_wilson,
    "agresti-coull": _agresti_coull,
    "jeffreys": _jeffreys,
    "clopper-pearson": _clopper_pearson,
}
