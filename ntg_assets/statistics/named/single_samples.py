"""One sample against a value that is given, and pairs of yes and no."""

from math import inf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.named.tested import Tested
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.shares.proportions import Count
from ntg_assets.statistics.student_t import Alternative, interval_reach, t_p
from ntg_assets.statistics.two_samples import Difference


def one_sample_t(
    sample: Sample,
    *,
    value: float = 0.0,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Hold the mean of one sample against a value; `low` and `high` are of the mean less the value.

    Raises:
        NotEnoughDataError: no unit differs from another.
    """
    error, df = sqrt(sample.squared_error), sample.n - 1
    if error == 0:
        raise NotEnoughDataError(f"all {sample.n:g} units are {sample.mean:g}: no interval exists.")
    change = sample.mean - value
    low, high = interval_reach(confidence, df, alternative)
    p = t_p(change / error, df, alternative=alternative)
    return Difference(change, change - low * error, change + high * error, error, df, p)


def binomial_p(count: Count, share: float, *, alternative: Alternative = "two-sided") -> float:
    """Return the exact p of so many successes where each unit has one with probability `share`."""
    from scipy import stats  # slow to load

    test = stats.binomtest(int(count.successes), count.n, share, alternative=alternative)
    return float(test.pvalue)


def one_share_z(
    count: Count,
    share: float,
    *,
    alternative: Alternative = "two-sided",
    own_variance: bool = False,
) -> Tested:
    """Hold one share against another that is given, by the z-test.

    Args:
        count: Successes and units.
        share: The share under the hypothesis.
        alternative: Which differences the test looks for.
        own_variance: Whether the variance is that of the count (as statsmodels has it), not that of
            the hypothesis (as textbooks have it).
    """
    base = count.share if own_variance else share
    error = sqrt(base * (1 - base) / count.n)
    if error == 0:
        raise NotEnoughDataError(f"a share of {base:g} has no variance.")
    z = (count.share - share) / error
    return Tested(z, t_p(z, inf, alternative=alternative), estimate=count.share)


def mcnemar(
    gained: int, lost: int, *, exact: bool = True, correction: bool = True, mid_p: bool = False
) -> Tested:
    """Ask whether pairs change as often one way as the other.

    Args:
        gained: Pairs that said yes first and no second (upper right of the table).
        lost: Pairs that said no first and yes second.
        exact: Binomial (the statistic is the smaller count), else chi-squared.
        correction: Whether chi-squared is corrected for continuity.
        mid_p: Half of the observed outcome's probability counts (exact only).

    Source: McNemar 1947; Fagerland, Lydersen and Laake 2013 (mid-p).

    Raises:
        NotEnoughDataError: no pair changes.
    """
    from scipy import stats  # as above

    n, smaller = gained + lost, min(gained, lost)
    if n == 0:
        raise NotEnoughDataError("no pair says yes to one and no to the other.")
    if exact or mid_p:
        below, at = (float(f(smaller, n, 0.5)) for f in (stats.binom.cdf, stats.binom.pmf))
        p = 2 * below - at if mid_p else min(1.0, 2 * below)
        return Tested(smaller, p, estimate=gained / lost if lost else inf)
    statistic = max(abs(gained - lost) - (1 if correction else 0), 0) ** 2 / n
    return Tested(statistic, float(stats.chi2.sf(statistic, 1)), df=1)


def cochran_q(table: npt.ArrayLike) -> Tested:
    """Ask whether several questions, put to the same units, are answered yes equally often.

    Args:
        table: Zeros and ones, shape (units, questions).

    Source: Cochran 1950.
    """
    from scipy import stats  # as above

    answers: np.ndarray[Any, Any] = np.asarray(table, dtype=float)
    k, columns, rows = answers.shape[1], answers.sum(axis=0), answers.sum(axis=1)
    below = k * rows.sum() - (rows**2).sum()
    if below == 0:
        raise NotEnoughDataError("every unit gives one answer to all questions.")
    statistic = (k - 1) * (k * (columns**2).sum() - columns.sum() ** 2) / below
    return Tested(float(statistic), float(stats.chi2.sf(statistic, k - 1)), df=k - 1)
