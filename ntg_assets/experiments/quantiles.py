"""Quantiles by order statistics: no resampling, no assumption about the shape of the distribution."""

from dataclasses import dataclass
from math import inf, sqrt

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.two_samples import Difference, Sample, t_critical, t_p

ENCLOSING_Z = -float(special.ndtri(0.025))  # the order statistics enclose the quantile with 95% confidence


@dataclass(frozen=True)
class OrderStatistics:
    """The quantile of one arm, and the order statistics that enclose it; an end beyond the arm's extremes is None."""

    n: int
    value: float
    low: float | None
    high: float | None


def quantile_sample(found: OrderStatistics) -> Sample:
    """Read the variance of a quantile off the width of its interval, without any assumption about the distribution's shape.

    Source: Price and Bonett 2001, "Estimating the Variance of the Sample Median"; the (n - 1) / n is that of a sample variance.

    Raises:
        NotEnoughDataError: so few units that the interval would reach beyond the smallest or largest of them.
    """
    if found.low is None or found.high is None:
        raise NotEnoughDataError(f"{found.n} units are too few for an interval of this quantile.")
    squared_error = ((found.high - found.low) / (2 * ENCLOSING_Z)) ** 2 * (found.n - 1) / found.n
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
    half_width = t_critical((1 - confidence) / 2, inf) * error
    return Difference(difference, difference - half_width, difference + half_width, error, inf, t_p(difference / error, inf))
