"""Intervals of one share, of the difference of two and of their ratio, by the names under which
textbooks and libraries know them.

statsmodels and published tables are the oracles of the tests. Readouts use two of them: z, and the
score interval of Miettinen and Nurminen for small counts and for arms of unequal size.
"""

from collections.abc import Callable
from math import exp, inf, log, sqrt
from typing import Literal

from ntg_assets.errors import ConfigurationError, NotEnoughDataError
from ntg_assets.statistics.shares.one_share import _corrected_wilson
from ntg_assets.statistics.shares.proportions import (
    Count,
    compare_proportions,
    compare_small_proportions,
    newcombe_interval,
    recovered_interval,
)
from ntg_assets.statistics.shares.score import (
    Interval,
    critical_z,
    inverted,
    ratio_score,
    score_p,
    score_statistic,
)
from ntg_assets.statistics.two_samples import Difference

DifferenceMethod = Literal[
    "wald", "wald-cc", "agresti-caffo", "newcombe", "newcombe-cc", "miettinen-nurminen", "mee"
]
RatioMethod = Literal["katz", "walter", "koopman", "miettinen-nurminen"]


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
        return inverted(
            lambda ratio: ratio_score(
                control, treatment, ratio, is_unbiased=method == "miettinen-nurminen"
            ),
            estimate=treatment.share / control.share if control.successes else inf,
            limits=(0.0, inf),
            critical=critical_z(confidence),
        )
    if method not in {"katz", "walter"}:
        raise ConfigurationError(
            f"no interval of a ratio of shares is called {method!r}; known: katz, walter, koopman,"
            " miettinen-nurminen."
        )
    return _log_interval(control, treatment, 0.5 if method == "walter" else 0.0, confidence)


def _log_interval(control: Count, treatment: Count, more: float, confidence: float) -> Interval:
    """Return the interval of the log of a ratio, `more` being added to each count."""
    if min(control.successes, treatment.successes) + more <= 0:
        raise NotEnoughDataError(
            f"{control.successes:g} and {treatment.successes:g} successes: the log of a ratio needs"
            " at least one in each arm; use 'koopman'."
        )
    arms = [(count.successes + more, count.n + more) for count in (treatment, control)]
    centre = log(arms[0][0] / arms[0][1]) - log(arms[1][0] / arms[1][1])
    reach = critical_z(confidence) * sqrt(sum(1 / hits - 1 / n for hits, n in arms))
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
    reach = critical_z(confidence) * sqrt(sum(1 / cell for cell in cells))
    return exp(centre), exp(centre - reach), exp(centre + reach)


def _wald_difference(control: Count, treatment: Count, confidence: float) -> Interval:
    difference = compare_proportions(control, treatment, confidence=confidence)
    return difference.low, difference.high


def _corrected_difference(control: Count, treatment: Count, confidence: float) -> Interval:
    """Widen Wald's interval by half a unit of each arm (Yates), as R's `prop.test` does."""
    low, high = _wald_difference(control, treatment, confidence)
    distance = abs(treatment.share - control.share)
    more = min(0.5, distance / (1 / control.n + 1 / treatment.n)) * (
        1 / control.n + 1 / treatment.n
    )
    return max(low - more, -1.0), min(high + more, 1.0)


def _agresti_caffo(control: Count, treatment: Count, confidence: float) -> Interval:
    difference = compare_small_proportions(control, treatment, confidence=confidence)
    return difference.low, difference.high


def _newcombe(control: Count, treatment: Count, confidence: float) -> Interval:
    return newcombe_interval(control, treatment, confidence=confidence)


def _corrected_newcombe(control: Count, treatment: Count, confidence: float) -> Interval:
    """Source: Newcombe 1998, method 11: the score intervals with continuity correction."""
    intervals = [_corrected_wilson(arm, confidence) for arm in (control, treatment)]
    return recovered_interval(control, treatment, *intervals)


def _score_interval(*, is_unbiased: bool) -> Callable[[Count, Count, float], Interval]:
    def interval(control: Count, treatment: Count, confidence: float) -> Interval:
        return inverted(
            lambda difference: score_statistic(
                control, treatment, difference, is_unbiased=is_unbiased
            ),
            estimate=treatment.share - control.share,
            limits=(-1.0, 1.0),
            critical=critical_z(confidence),
        )

    return interval


_DIFFERENCES: dict[str, Callable[[Count, Count, float], Interval]] = {
    "wald": _wald_difference,
    "wald-cc": _corrected_difference,
    "agresti-caffo": _agresti_caffo,
    "newcombe": _newcombe,
    "newcombe-cc": _corrected_newcombe,
    "miettinen-nurminen": _score_interval(is_unbiased=True),
    "mee": _score_interval(is_unbiased=False),
}


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
        (high - low) / (2 * critical_z(confidence)),
        inf,
        score_p(control, treatment),
    )
