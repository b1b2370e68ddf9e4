"""Intervals of one share, of the difference of two and of their ratio, by the names under which
textbooks and libraries know them.

statsmodels and published tables are the oracles of the tests. Readouts use two of them: z, and the
score interval of Miettinen and Nurminen for small counts and for arms of unequal size.
"""

from collections.abc import Callable
from math import exp, inf, log, sqrt
from typing import Literal

from scipy import optimize, special

from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.statistics.proportions import (
    Count,
    compare_proportions,
    compare_small_proportions,
    newcombe_interval,
    wilson_interval,
)
from ntg_assets.statistics.two_samples import Difference, t_critical, t_p

Interval = tuple[float, float]
ShareMethod = Literal[
    "wald", "wald-cc", "wilson", "wilson-cc", "agresti-coull", "jeffreys", "clopper-pearson"
]
DifferenceMethod = Literal[
    "wald", "wald-cc", "agresti-caffo", "newcombe", "newcombe-cc", "miettinen-nurminen", "mee"
]
RatioMethod = Literal["katz", "walter", "koopman", "miettinen-nurminen"]


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


def difference_interval(
    control: Count,
    treatment: Count,
    *,
    method: DifferenceMethod = "newcombe",
    confidence: float = 0.95,
) -> Interval:
    """Return the two-sided interval of treatment minus control.

    Source: Newcombe 1998, "Interval Estimation for the Difference between Independent Proportions".

    Raises:
        ConfigurationError: the method is not known.
    """
    if method not in _DIFFERENCES:
        raise ConfigurationError(
            f"no interval of two shares is called {method!r}; known: {', '.join(_DIFFERENCES)}."
        )
    return _DIFFERENCES[method](control, treatment, confidence)


def ratio_interval(
    control: Count, treatment: Count, *, method: RatioMethod = "katz", confidence: float = 0.95
) -> Interval:
    """Return the two-sided interval of treatment over control (relative risk).

    `katz` is the log interval, `walter` adds a half to each count, `koopman` inverts the score test
    and `miettinen-nurminen` does so with the variance times n / (n - 1).

    Raises:
        ConfigurationError: the method is not known.
        NotEnoughDataError: `katz` without a success in both arms.
    """
    if method in {"koopman", "miettinen-nurminen"}:
        return _inverted(
            lambda ratio: _ratio_score(
                control, treatment, ratio, is_unbiased=method == "miettinen-nurminen"
            ),
            estimate=treatment.share / control.share if control.successes else inf,
            limits=(0.0, inf),
            critical=_z(confidence),
        )
    if method not in {"katz", "walter"}:
        raise ConfigurationError(
            f"no interval of a ratio of shares is called {method!r}; known: katz, walter, koopman,"
            " miettinen-nurminen."
        )
    more = 0.5 if method == "walter" else 0.0
    if min(control.successes, treatment.successes) + more <= 0:
        raise NotEnoughDataError(
            f"{control.successes:g} and {treatment.successes:g} successes: the log of a ratio needs"
            " at least one in each arm; use 'koopman'."
        )
    arms = [(one.successes + more, one.n + more) for one in (treatment, control)]
    centre = log(arms[0][0] / arms[0][1]) - log(arms[1][0] / arms[1][1])
    reach = _z(confidence) * sqrt(sum(1 / hits - 1 / n for hits, n in arms))
    return exp(centre - reach), exp(centre + reach)


def odds_ratio_interval(
    control: Count, treatment: Count, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Return the odds ratio with the interval of its logarithm (Woolf 1955).

    Raises:
        NotEnoughDataError: a cell of the two-by-two table is empty.
    """
    cells = [
        treatment.successes,
        treatment.n - treatment.successes,
        control.successes,
        control.n - control.successes,
    ]
    if min(cells) <= 0:
        raise NotEnoughDataError(
            f"{control.successes:g} of {control.n:,} and {treatment.successes:g} of"
            f" {treatment.n:,}: an odds ratio needs a success and a failure in each arm."
        )
    centre = log(cells[0] * cells[3] / (cells[1] * cells[2]))
    reach = _z(confidence) * sqrt(sum(1 / cell for cell in cells))
    return exp(centre), exp(centre - reach), exp(centre + reach)


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


def _z(confidence: float) -> float:
    return t_critical((1 - confidence) / 2, inf)


def _wald(count: Count, confidence: float) -> Interval:
    reach = _z(confidence) * sqrt(count.share * (1 - count.share) / count.n)
    return max(count.share - reach, 0.0), min(count.share + reach, 1.0)


def _corrected_wald(count: Count, confidence: float) -> Interval:
    reach = _z(confidence) * sqrt(count.share * (1 - count.share) / count.n) + 0.5 / count.n
    return max(count.share - reach, 0.0), min(count.share + reach, 1.0)


def _corrected_wilson(count: Count, confidence: float) -> Interval:
    """Source: Newcombe 1998, "Two-sided confidence intervals for the single proportion" (4)."""
    z, n, share = _z(confidence), count.n, count.share
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
    z = _z(confidence)
    n, hits = count.n + z**2, count.successes + z**2 / 2
    reach = z * sqrt(hits / n * (1 - hits / n) / n)
    return max(hits / n - reach, 0.0), min(hits / n + reach, 1.0)


def _jeffreys(count: Count, confidence: float) -> Interval:
    tail, hits, misses = (1 - confidence) / 2, count.successes, count.n - count.successes
    low = 0.0 if hits == 0 else float(special.betaincinv(hits + 0.5, misses + 0.5, tail))
    high = 1.0 if misses == 0 else float(special.betaincinv(hits + 0.5, misses + 0.5, 1 - tail))
    return low, high


def _clopper_pearson(count: Count, confidence: float) -> Interval:
    tail, hits, misses = (1 - confidence) / 2, count.successes, count.n - count.successes
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, misses + 1, tail))
    high = 1.0 if misses == 0 else float(special.betaincinv(hits + 1, misses, 1 - tail))
    return low, high


def _wald_difference(control: Count, treatment: Count, confidence: float) -> Interval:
    found = compare_proportions(control, treatment, confidence=confidence)
    return found.low, found.high


def _corrected_difference(control: Count, treatment: Count, confidence: float) -> Interval:
    """Widen Wald's interval by half a unit of each arm (Yates), as R's `prop.test` does."""
    low, high = _wald_difference(control, treatment, confidence)
    distance = abs(treatment.share - control.share)
    more = min(0.5, distance / (1 / control.n + 1 / treatment.n)) * (
        1 / control.n + 1 / treatment.n
    )
    return max(low - more, -1.0), min(high + more, 1.0)


def _agresti_caffo(control: Count, treatment: Count, confidence: float) -> Interval:
    found = compare_small_proportions(control, treatment, confidence=confidence)
    return found.low, found.high


def _newcombe(control: Count, treatment: Count, confidence: float) -> Interval:
    return newcombe_interval(control, treatment, confidence=confidence)


def _corrected_newcombe(control: Count, treatment: Count, confidence: float) -> Interval:
    """Source: Newcombe 1998, method 11: the score intervals with continuity correction."""
    (low, high), (treated_low, treated_high) = (
        _corrected_wilson(arm, confidence) for arm in (control, treatment)
    )
    found = treatment.share - control.share
    down = sqrt((treatment.share - treated_low) ** 2 + (high - control.share) ** 2)
    up = sqrt((treated_high - treatment.share) ** 2 + (control.share - low) ** 2)
    return found - down, found + up


def _score_interval(*, is_unbiased: bool) -> Callable[[Count, Count, float], Interval]:
    def interval(control: Count, treatment: Count, confidence: float) -> Interval:
        return _inverted(
            lambda difference: score_statistic(
                control, treatment, difference, is_unbiased=is_unbiased
            ),
            estimate=treatment.share - control.share,
            limits=(-1.0, 1.0),
            critical=_z(confidence),
        )

    return interval


_ONE_SHARE: dict[str, Callable[[Count, float], Interval]] = {
    "wald": _wald,
    "wald-cc": _corrected_wald,
    "wilson": lambda count, confidence: wilson_interval(count, confidence=confidence),
    "wilson-cc": _corrected_wilson,
    "agresti-coull": _agresti_coull,
    "jeffreys": _jeffreys,
    "clopper-pearson": _clopper_pearson,
}
_DIFFERENCES: dict[str, Callable[[Count, Count, float], Interval]] = {
    "wald": _wald_difference,
    "wald-cc": _corrected_difference,
    "agresti-caffo": _agresti_caffo,
    "newcombe": _newcombe,
    "newcombe-cc": _corrected_newcombe,
    "miettinen-nurminen": _score_interval(is_unbiased=True),
    "mee": _score_interval(is_unbiased=False),
}


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
    up = count.successes / max(share, TINY) if count.successes else 0.0
    down = (count.n - count.successes) / max(1 - share, TINY) if count.n > count.successes else 0.0
    return up - down


def _ratio_score(control: Count, treatment: Count, ratio: float, *, is_unbiased: bool) -> float:
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
    return float(optimize.brentq(slope, left, right, xtol=1e-15, rtol=1e-14))


def _inverted(
    statistic: Callable[[float], float],
    *,
    estimate: float,
    limits: Interval,
    critical: float,
) -> Interval:
    """Collect the values that a test does not reject: the statistic falls as they rise."""
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
    if left >= right:
        return low
    if surplus(left) <= 0:
        return low
    if surplus(right) >= 0:
        return high
    return float(optimize.brentq(surplus, left, right, xtol=1e-14, rtol=1e-13))


def compare_by_score(control: Count, treatment: Count, *, confidence: float = 0.95) -> Difference:
    """Compare two shares by the score test, whose interval holds with few successes and with arms
    of unequal size (4 to 6% of tests without an effect claim one where the z-test claims 6 to 60%:
    200 against 5,000 units, a share of .001 to .05).

    Source: Miettinen and Nurminen 1985, "Comparative Analysis of Two Rates".
    """
    low, high = difference_interval(
        control, treatment, method="miettinen-nurminen", confidence=confidence
    )
    return Difference(
        treatment.share - control.share,
        low,
        high,
        (high - low) / (2 * _z(confidence)),
        inf,
        score_p(control, treatment),
    )
