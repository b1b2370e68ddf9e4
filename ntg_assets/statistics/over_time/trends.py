"""Sums over the days since the exposure, and over early and late units, which novelty is read
from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.moments import PAIRS, Moments
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.two_samples import is_clearly_positive

MILLI = 1_000
MOSTLY = 0.9  # of the days with events are their unit's first: what is left has no weight
SURE = 0.95  # how clearly a mean must lie above zero before anything is a share of it
TREND_SUMS = ("value", "moment", "value_value", "moment_moment", "value_moment")
WHOLE, EARLY, LATE = "all", "early", "late"


@dataclass(frozen=True)
class DaySums:
    """Sums of one arm on one day since the exposure, or of one cohort: units,
    and the values in thousandths.
    """

    n: int
    value: int
    value_value: int

    @property
    def mean(self) -> float:
        """Mean over the arm's units; 0 without any."""
        return self.value / (self.n * MILLI) if self.n else 0.0

    @property
    def sample(self) -> Sample:
        """Mean and variance over the arm's units; those that did nothing count zero.

        Raises:
            NotEnoughDataError: fewer than two units.
        """
        if self.n <= 1:
            raise NotEnoughDataError(f"{self.n} units have no variance.")
        variance = _covariance(self.n, self.value, self.value, self.value_value)
        return Sample(self.n, self.value / (self.n * MILLI), variance)


@dataclass(frozen=True)
class Trend:
    """How one arm's values lie on the days since the exposure, in thousandths.

    Attributes:
        n: Units, those that did nothing included.
        value: Sum of the values.
        moment: Sum of day x value.
        value_value: Sum of the squares of the units' values.
        moment_moment: Sum of the squares of the units' moments.
        value_moment: Sum of the products.
        n_active: Days of units with any event, all units together.
        first_days: Units by the day of their first event.
    """

    n: int
    value: int
    moment: int
    value_value: int
    moment_moment: int
    value_moment: int
    n_active: int = 0
    first_days: Mapping[int, int] = field(default_factory=dict)

    def contrast(self, centre: float) -> Sample:
        """Weigh late days against early ones, about a central day: one number per unit,
        so days of a unit do not count as independent.
        """
        moments = self._moments
        variance = (
            moments.covariance["value", "value"]
            - 2 * centre * moments.covariance["value", "denominator"]
        )
        variance += centre**2 * moments.covariance["denominator", "denominator"]
        return Sample(
            self.n, moments.mean["value"] - centre * moments.mean["denominator"], max(variance, 0.0)
        )

    @property
    def middle(self) -> Sample | None:
        """The day around which the arm's values lie (a ratio of sums,
        by the delta method); None where they are not clearly above zero.
        """
        amount = DaySums(self.n, self.value, self.value_value).sample
        return (
            adjusted_samples([self._moments], use_covariate=False)[0]
            if is_clearly_positive(amount, confidence=SURE)
            else None
        )

    @property
    def happens_once(self) -> bool:
        """Whether hardly any unit had events on more than one day: then those who had theirs cannot
        have it again.
        """
        return sum(self.first_days.values()) >= MOSTLY * self.n_active

    @property
    def _moments(self) -> Moments:
        if self.n <= 1:
            raise NotEnoughDataError(f"{self.n} units have no variance.")
        sums = {
            "value": self.moment / (self.n * MILLI),
            "denominator": self.value / (self.n * MILLI),
        }
        products = {
            ("value", "value"): (self.moment, self.moment, self.moment_moment),
            ("value", "denominator"): (self.moment, self.value, self.value_moment),
            ("denominator", "denominator"): (self.value, self.value, self.value_value),
        }
        covariance = {pair: _covariance(self.n, *terms) for pair, terms in products.items()}
        nothing = {"covariate": 0.0, "covariate_denominator": 1.0}
        return Moments(self.n, sums | nothing, dict.fromkeys(PAIRS, 0.0) | covariance)


class Cohort(NamedTuple):
    """The units of one arm that were exposed early, or late."""

    exposed_from_at: datetime
    sums: DaySums


def day_sums(row: Mapping[str, Any] | None, *, n: int) -> DaySums:
    """Read one row of `daily_sums`; an arm without a row did nothing on that day."""
    return (
        DaySums(n, 0, 0)
        if row is None
        else DaySums(int(row["n"]), int(row["value"]), int(row["value_value"]))
    )


def cohort_of(row: Mapping[str, Any]) -> Cohort:
    """Read the row of the units that were exposed early, or late."""
    return Cohort(row["exposed_from_at"], day_sums(row, n=row["n"]))


def trend_of(row: Mapping[str, Any], *, n_active: int, first_days: Mapping[int, int]) -> Trend:
    """Read the row of an arm's units as wholes; what is known of single days comes beside it.

    Args:
        row: Sums over the arm's units, those of `TREND_SUMS` and `n`.
        n_active: Unit-days with anything on them.
        first_days: Units by the day since the exposure on which they first did anything.
    """
    sums: dict[str, Any] = {name: int(row[name]) for name in ("n", *TREND_SUMS)}
    return Trend(**sums, n_active=n_active, first_days=first_days)


def _covariance(n: int, first: int, second: int, product: int) -> float:
    """Return a sample covariance from exact sums in thousandths."""
    return (n * product - first * second) / (n * (n - 1) * MILLI**2)
