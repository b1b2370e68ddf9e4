"""Quantiles by order statistics: no resampling,
no assumption about the shape of the distribution, as long as values differ.

Where many units share a value, the quantile and the ends of its interval jump from one shared value
to the next, and the width of the interval says little about the error. So the interval must span
several steps; where it does not, no claim is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf, sqrt
from typing import Any

from scipy import special

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.two_samples import Difference, Sample, t_critical, t_p

# the order statistics enclose the quantile with 95% confidence
ENCLOSING_Z = -float(special.ndtri(0.025))

# Largest share of the ranks that the interval spans which one value may take. On rounded normal
# values tests without an effect claim 5.7% at most up to a quarter, 7.9% at a half, 9% to 50%
# beyond (300 and 2,000 units per arm, median and .9 quantile).
MOST_TIED = 0.25


class TiedValuesError(NotEnoughDataError):
    """So many units share one value that the error of a quantile is not known,
    however many units there are.
    """


@dataclass(frozen=True)
class OrderStatistics:
    """The quantile of one arm, and the order statistics that enclose it;
    an end beyond the arm's extremes is None.

    Attributes:
        n: Units.
        value: The quantile.
        low: Order statistic below it.
        high: Order statistic above it.
        n_equal: Units with the very value of the quantile.
        n_tied: Most units that share one value between `low` and `high`.
        n_spanned: Ranks from `low` to `high`; 0 where ties were not counted.
    """

    n: int
    value: float
    low: float | None
    high: float | None
    n_equal: int = 0
    n_tied: int = 0
    n_spanned: int = 0

    @property
    def is_tied(self) -> bool:
        """Whether the interval is a step of shared values, or none at all."""
        return self.low == self.high or self.n_tied >= fewest_tied(self.n_spanned)


def order_statistics_of(row: Mapping[str, Any]) -> OrderStatistics:
    """Read one row of `metric_quantiles`; older ones did not count ties."""
    ties = {name: int(row.get(name) or 0) for name in ("n_equal", "n_tied", "n_spanned")}
    return OrderStatistics(row["n"], row["value"], row["low"], row["high"], **ties)


def fewest_tied(n_spanned: int) -> float:
    """Return the number of equal values from which on an interval over so many ranks says
    nothing.
    """
    return max(2, floor(MOST_TIED * n_spanned) + 1) if n_spanned else inf


def ranks_around(n: int, quantile: float) -> tuple[int, int, int]:
    """Return the ranks (from 1) of the quantile and of the order statistics around it,
    which may lie outside the arm.
    """
    reach = ENCLOSING_Z * sqrt(n * quantile * (1 - quantile))
    return (
        max(ceil(n * quantile), 1),
        floor(n * quantile - reach + 0.5),
        floor(n * quantile + reach + 0.5),
    )


def quantile_sample(found: OrderStatistics) -> Sample:
    """Read the variance of a quantile off the width of its interval,
    without any assumption about the distribution's shape.

    Source: Price and Bonett 2001, "Estimating the Variance of the Sample Median"; the (n - 1) / n
    is that of a sample variance.

    Raises:
        NotEnoughDataError: so few units that the interval would reach beyond the smallest or
        largest of them.
        TiedValuesError: so many equal values that the width of the interval is not that of an
            error.
    """
    if found.low is None or found.high is None:
        raise NotEnoughDataError(f"{found.n} units are too few for an interval of this quantile.")
    if found.is_tied:
        raise TiedValuesError(_ties(found))
    squared_error = ((found.high - found.low) / (2 * ENCLOSING_Z)) ** 2 * (found.n - 1) / found.n
    return Sample(found.n, found.value, squared_error * found.n)


def compare_quantiles(
    control: OrderStatistics, treatment: OrderStatistics, *, confidence: float = 0.95
) -> Difference:
    """Compare one quantile of two arms (normal approximation).

    Raises:
        NotEnoughDataError: an arm has too few units.
        TiedValuesError: in either arm too many units share a value.
    """
    one, other = quantile_sample(control), quantile_sample(treatment)
    error = sqrt(one.squared_error + other.squared_error)
    difference = other.mean - one.mean
    half_width = t_critical((1 - confidence) / 2, inf) * error
    return Difference(
        difference,
        difference - half_width,
        difference + half_width,
        error,
        inf,
        t_p(difference / error, inf),
    )


def _ties(found: OrderStatistics) -> str:
    at_the_quantile = found.n_equal >= fewest_tied(found.n_spanned)
    n, what = (
        (found.n_equal, "equal the quantile")
        if at_the_quantile
        else (found.n_tied, "share one value beside the quantile")
    )
    told = (
        f"{n / found.n:.0%} of the {found.n:,} values {what} ({found.value:g})"
        if n
        else f"the values around {found.value:g} are equal"
    )
    return (
        f"{told}, so its error is not known. Compare a mean, or the share of units above a value."
    )
