"""Quantiles by order statistics: no resampling, no assumption about the shape of the distribution."""

from dataclasses import dataclass
from math import ceil, floor, inf, sqrt

from scipy import stats

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.two_samples import Difference, Sample


@dataclass(frozen=True)
class OrderStatistics:
    """The quantile of one arm, and the two order statistics that enclose it with the stated confidence."""

    n: int
    value: float
    low: float
    high: float


def enclosing_ranks(n: int, *, quantile: float, confidence: float = 0.95) -> tuple[int, int, int]:
    """Return the ranks (from 1) of the quantile and of the order statistics around it.

    How many of n units lie below the quantile is binomial, so the ranks at its normal quantiles enclose the truth.
    Source: Serfling 1980, section 2.6; Bickel and Doksum, distribution-free intervals.

    Raises:
        NotEnoughDataError: so few units that the interval would reach beyond the smallest or largest of them.
    """
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * sqrt(n * quantile * (1 - quantile))
    low, high = floor(n * quantile - reach), ceil(n * quantile + reach) + 1
    if low < 1 or high > n:
        raise NotEnoughDataError(f"{n} units are too few for an interval of the {quantile:g} quantile.")
    return low, max(1, ceil(n * quantile)), high


def quantile_sample(found: OrderStatistics, *, confidence: float = 0.95) -> Sample:
    """Read the variance of a quantile off the width of its interval.

    Source: Price and Bonett 2001, "Estimating the Variance of the Sample Median"; the (n - 1) / n is that of peers' sample variance.
    """
    z = float(stats.norm.ppf((1 + confidence) / 2))
    squared_error = ((found.high - found.low) / (2 * z)) ** 2 * (found.n - 1) / found.n
    return Sample(found.n, found.value, squared_error * found.n)


def compare_quantiles(control: OrderStatistics, treatment: OrderStatistics, *, confidence: float = 0.95) -> Difference:
    """Compare one quantile of two arms (normal approximation).

    Raises:
        NotEnoughDataError: both intervals have no width, as when most units share one value.
    """
    one, other = quantile_sample(control), quantile_sample(treatment)
    error = sqrt(one.squared_error + other.squared_error)
    if error == 0:
        raise NotEnoughDataError(f"the quantiles {one.mean:g} and {other.mean:g} have intervals without width: too many equal values.")
    difference = other.mean - one.mean
    half_width = float(stats.norm.ppf((1 + confidence) / 2)) * error
    p = float(2 * stats.norm.sf(abs(difference) / error))
    return Difference(difference, difference - half_width, difference + half_width, error, inf, p)
