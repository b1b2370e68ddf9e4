"""Shares of units: large counts, small counts, several arms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt

import numpy as np
import scipy

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative, interval_reach, t_critical
from ntg_assets.statistics.two_samples import Difference, t_difference

# with fewer successes or failures in an arm, the interval of the large-sample test is too narrow
SMALL_COUNT = 10
PAIR = 2  # arms, of which each is against the other: one test


@dataclass(frozen=True)
class Count:
    """Successes among the units of one arm."""

    successes: float
    n: int

    @property
    def share(self) -> float:
        return self.successes / self.n

    @property
    def is_small(self) -> bool:
        return min(self.successes, self.n - self.successes) < SMALL_COUNT


def count_of(n: int, share: float) -> Count:
    """Read a count out of a mean of zeros and ones.

    Raises:
        NotEnoughDataError: the mean is not a share, or there are no units.
    """
    if n < 1 or not 0 <= share <= 1:
        raise NotEnoughDataError(
            f"a share of {share:g} over {n} units is no proportion: the metric must hold 0 or 1 for"
            " each unit."
        )
    return Count(share * n, n)


def compare_proportions(
    control: Count,
    treatment: Count,
    *,
    confidence: float = 0.95,
    pooled: bool = False,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Compare two shares by the z-test, without continuity correction.

    Args:
        control: Control arm.
        treatment: Treatment arm.
        confidence: Of the interval.
        pooled: Whether the test assumes one common share (the score test, as R's `prop.test`); p
            and standard error are then both of it, the interval never is.
        alternative: Which differences the test looks for.

    Raises:
        NotEnoughDataError: no success, or no failure, in either arm.
    """
    if control.successes + treatment.successes in {0, control.n + treatment.n}:
        raise NotEnoughDataError(
            f"every one of {control.n + treatment.n} units has the same outcome: no interval"
            " exists."
        )
    error = sqrt(sum(arm.share * (1 - arm.share) / arm.n for arm in (control, treatment)))
    difference = treatment.share - control.share
    of_test = _common_error(control, treatment) if pooled else error
    tested = t_difference(difference, of_test, inf, confidence=confidence, alternative=alternative)
    below, above = interval_reach(confidence, inf, alternative)
    return replace(tested, low=difference - below * error, high=difference + above * error)


def compare_small_proportions(
    control: Count, treatment: Count, *, confidence: float = 0.95
) -> Difference:
    """Compare two shares when counts are small: one success and one failure are added to each arm
    first.

    Source: Agresti and Caffo 2000, "Simple and Effective Confidence Intervals for Proportions and
    Differences of Proportions".
    """
    arms = [
        Sample(arm.n + 2, share := (arm.successes + 1) / (arm.n + 2), share * (1 - share))
        for arm in (control, treatment)
    ]
    centre, error = arms[1].mean - arms[0].mean, sqrt(arms[0].squared_error + arms[1].squared_error)
    around_centre = t_difference(centre, error, inf, confidence=confidence)
    return replace(around_centre, difference=treatment.share - control.share)


def wilson_interval(count: Count, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the score interval of one share (Wilson 1927), which stays within 0 and 1."""
    z = t_critical((1 - confidence) / 2, inf)
    centre = (count.successes + z**2 / 2) / (count.n + z**2)
    squared_error = count.share * (1 - count.share) / count.n + z**2 / (4 * count.n**2)
    reach = z * sqrt(squared_error) / (1 + z**2 / count.n)
    return centre - reach, centre + reach


def newcombe_interval(
    control: Count, treatment: Count, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the difference of two shares from their score intervals
    (Newcombe 1998, method 10).
    """
    intervals = [wilson_interval(arm, confidence=confidence) for arm in (control, treatment)]
    return recovered_interval(control, treatment, *intervals)


def recovered_interval(
    control: Count,
    treatment: Count,
    of_control: tuple[float, float],
    of_treatment: tuple[float, float],
) -> tuple[float, float]:
    """Return the interval of the difference of two shares from the intervals of both (MOVER)."""
    (low, high), (treated_low, treated_high) = of_control, of_treatment
    difference = treatment.share - control.share
    down = sqrt((treatment.share - treated_low) ** 2 + (high - control.share) ** 2)
    up = sqrt((treated_high - treatment.share) ** 2 + (control.share - low) ** 2)
    return difference - down, difference + up


def equal_shares_p(counts: Sequence[Count]) -> float:
    """Test whether several arms share one proportion (Pearson's chi-square,
    k - 1 degrees of freedom).

    Returns:
        The p-value; 1 with fewer than two arms, or where every unit has the same outcome.
    """
    hits, n = sum(arm.successes for arm in counts), sum(arm.n for arm in counts)
    if len(counts) < 2 or not 0 < hits < n:  # noqa: PLR2004  # two arms to differ
        return 1.0
    table = np.array([[arm.successes, arm.n - arm.successes] for arm in counts])
    return float(scipy.stats.chi2_contingency(table, correction=False).pvalue)


def fisher_exact_p(
    control: Count, treatment: Count, *, alternative: Alternative = "two-sided"
) -> float:
    """Test whether two shares are one, exactly, all counts in the margins held (Fisher 1935)."""
    arms = (treatment, control)
    table = np.array([[int(arm.successes), int(arm.n - arm.successes)] for arm in arms])
    return float(scipy.stats.fisher_exact(table, alternative=alternative).pvalue)


def _common_error(control: Count, treatment: Count) -> float:
    """Return the standard error of the difference if both arms had one share."""
    share = (control.successes + treatment.successes) / (control.n + treatment.n)
    return sqrt(share * (1 - share) * (1 / control.n + 1 / treatment.n))


def sample_ratio_p(observed: list[int], weights: list[float]) -> float:
    """Test whether units fell on the arms as the weights say (chi-square, any number of arms).

    Source: Fabijan and others 2019, "Diagnosing Sample Ratio Mismatch in Online Controlled
    Experiments".

    Returns:
        The p-value; 1 when nobody was observed.
    """
    total = sum(observed)
    if total == 0:
        return 1.0
    expected = [total * weight / sum(weights) for weight in weights]
    distance = sum(
        (count - wanted) ** 2 / wanted for count, wanted in zip(observed, expected, strict=True)
    )
    return float(scipy.special.chdtrc(len(observed) - 1, distance))


def exact_ratio_p(observed: Sequence[int], weights: Sequence[float]) -> float:
    """Test whether a few units fell on the arms as the weights say: each arm against all others by
    the binomial distribution, which holds however few they are; with more than two arms for all of
    them together (Bonferroni).

    Args:
        observed: Units of each arm.
        weights: What they should be in proportion to.

    Source: Clopper and Pearson 1934 (twice the smaller tail).

    Returns:
        The p-value; 1 when nobody was observed.
    """
    n, whole = sum(observed), sum(weights)
    tails = [
        min(
            float(scipy.special.bdtr(count, n, weight / whole)),
            float(scipy.special.bdtrc(count - 1, n, weight / whole)) if count else 1.0,
        )
        for count, weight in zip(observed, weights, strict=True)
    ]
    n_tests = 1 if len(tails) == PAIR else len(tails)
    return min(1.0, 2 * n_tests * min(tails)) if n else 1.0
