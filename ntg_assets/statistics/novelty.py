"""Does the effect last? The primary metric by days since the exposure,
and by when units were exposed.

An effect fades when it gets smaller both as a difference and against what the control does on the
same days. One alone is no sign of it: a metric that happens once has all of its effect in the first
days, and so has, as a difference, a constant share of an activity that dies down after the
exposure; a constant difference on such an activity grows as a share. Early and late units are
compared both ways, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import log, sqrt
from typing import Any, NamedTuple

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.hazards import Happened, hazard_trend
from ntg_assets.statistics.moments import PAIRS, Moments
from ntg_assets.statistics.samples import Sample, adjusted_samples
from ntg_assets.statistics.student_t import t_p
from ntg_assets.statistics.two_samples import Difference, compare_means, is_clearly_positive

MILLI = 1_000
TREND_SUMS = ("value", "moment", "value_value", "moment_moment", "value_moment")
WHOLE, EARLY, LATE = "all", "early", "late"
MOSTLY = 0.9  # of the days with events are their unit's first: what is left has no weight
SURE = 0.95  # how clearly a mean must lie above zero before anything is a share of it


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
        return Sample(
            self.n,
            self.value / (self.n * MILLI),
            _covariance(self.n, self.value, self.value, self.value_value),
        )


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
        known = {
            "value": self.moment / (self.n * MILLI),
            "denominator": self.value / (self.n * MILLI),
        }
        covariance = {
            ("value", "value"): _covariance(self.n, self.moment, self.moment, self.moment_moment),
            ("value", "denominator"): _covariance(
                self.n, self.moment, self.value, self.value_moment
            ),
            ("denominator", "denominator"): _covariance(
                self.n, self.value, self.value, self.value_value
            ),
        }
        nothing = {"covariate": 0.0, "covariate_denominator": 1.0}
        return Moments(self.n, known | nothing, dict.fromkeys(PAIRS, 0.0) | covariance)


class Cohort(NamedTuple):
    """The units of one arm that were exposed early, or late."""

    exposed_from_at: datetime
    sums: DaySums


class Movement(NamedTuple):
    """How an effect moves: the p of the less sure of two ways to see it,
    and whether it gets smaller.
    """

    p: float
    fades: bool


def by_age(control: Trend, treatment: Trend, *, window_days: float) -> Movement | None:
    """Ask whether the effect moves with the days since the exposure,
    as a difference and against what the control does on the same days.

    Against the control: of what is counted, the days around which the arms' values lie must be one,
    whatever shape the control has, if the effect is the same share of it each day; of what happens
    once, the arms' hazards must keep their ratio among those to whom it can still happen.

    Returns:
        How it moves; None where the values of an arm are too few, or not clearly above zero, to say
        anything.
    """
    try:
        absolute = compare_means(
            control.contrast(window_days / 2), treatment.contrast(window_days / 2)
        )
        effect = treatment.value / treatment.n - control.value / control.n
        if control.happens_once and treatment.happens_once:
            relative = hazard_trend(
                Happened(control.n, control.first_days), Happened(treatment.n, treatment.first_days)
            )
        else:
            relative = _compare_middles(control.middle, treatment.middle)
    except NotEnoughDataError:
        return None
    return _agreed(_sign_and_p(absolute), relative, effect=effect) if relative else None


def by_cohort(control: Mapping[str, Cohort], treatment: Mapping[str, Cohort]) -> Movement | None:
    """Ask whether units exposed late show the effect that units exposed early did,
    over the same days since their exposure.

    Returns:
        How it moves; None where a cohort has too few units or no mean clearly above zero.
    """
    try:
        pairs = [(control[name].sums.sample, treatment[name].sums.sample) for name in (EARLY, LATE)]
        if not all(is_clearly_positive(arm, confidence=SURE) for pair in pairs for arm in pair):
            return None
        early, late = (compare_means(*pair) for pair in pairs)
        logs = [
            compare_means(
                *(Sample(arm.n, log(arm.mean), arm.variance / arm.mean**2) for arm in pair)
            )
            for pair in pairs
        ]
    except (KeyError, NotEnoughDataError):
        return None
    return _agreed(_change(early, late), _change(*logs), effect=early.difference + late.difference)


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
    """Read the row of an arm's units as wholes; what is known of single days comes beside it."""
    sums: dict[str, Any] = {name: int(row[name]) for name in ("n", *TREND_SUMS)}
    return Trend(**sums, n_active=n_active, first_days=first_days)


def _compare_middles(
    control: Sample | None, treatment: Sample | None
) -> tuple[float, float] | None:
    return _sign_and_p(compare_means(control, treatment)) if control and treatment else None


def _agreed(
    absolute: tuple[float, float], relative: tuple[float, float], *, effect: float
) -> Movement:
    """Believe in a movement as much as the less sure of the two ways to see it does;
    not at all where they move apart.
    """
    if absolute[0] * relative[0] <= 0:
        return Movement(1.0, fades=False)
    return Movement(max(absolute[1], relative[1]), fades=absolute[0] * effect < 0)


def _change(early: Difference, late: Difference) -> tuple[float, float]:
    """Compare two differences of other units; degrees of freedom as Welch's."""
    parts = [one.standard_error**2 for one in (early, late)]
    df = sum(parts) ** 2 / sum(
        part**2 / one.degrees_of_freedom for part, one in zip(parts, (early, late), strict=True)
    )
    statistic = (late.difference - early.difference) / sqrt(sum(parts))
    return statistic, t_p(statistic, df)


def _sign_and_p(found: Difference) -> tuple[float, float]:
    return found.difference, found.p


def _covariance(n: int, one: int, other: int, product: int) -> float:
    """Return a sample covariance from exact sums in thousandths."""
    return (n * product - one * other) / (n * (n - 1) * MILLI**2)
