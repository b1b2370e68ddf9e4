"""How many units an experiment needs, what it can find, how long it takes."""

from dataclasses import dataclass
from math import ceil, inf, isinf, log2, sqrt

import scipy

from ntg_assets.errors import ConfigurationError
from ntg_assets.statistics.student_t import Alternative, noncentral_t_tail

MOST_UNITS = 1e12  # more units than this per arm is "never"


@dataclass(frozen=True)
class Design:
    """Two arms before the data.

    Attributes:
        control_variance: Variance per unit in the control (after CUPED, when it will be used).
        treatment_variance: Variance per unit under treatment.
        ratio: Units of the treatment per unit of the control.
        significance: Error rate of the test, both sides together when it has two.
        alternative: Which effects the test looks for.
        equal_variances: Whether the test pools the variance (Student) or not (Welch).
        use_t: Whether the critical value is Student's; False takes the normal's.
        null_variance: Variance per unit if there is no effect, for tests that assume so (the score
            test of two shares); None: as above.
    """

    control_variance: float
    treatment_variance: float
    ratio: float = 1.0
    significance: float = 0.05
    alternative: Alternative = "two-sided"
    equal_variances: bool = False
    use_t: bool = True
    null_variance: float | None = None

    def __post_init__(self) -> None:
        if (
            min(self.control_variance, self.treatment_variance) < 0
            or self.control_variance + self.treatment_variance == 0
        ):
            raise ConfigurationError(
                f"a plan needs a positive variance per unit, found {self.control_variance:g} and"
                f" {self.treatment_variance:g}."
            )
        if not 0 < self.significance < 1 or self.ratio <= 0:
            raise ConfigurationError(
                f"a plan needs 0 < significance < 1 and ratio > 0, found {self.significance:g} and"
                f" {self.ratio:g}."
            )


def power(effect: float, *, n_control: float, design: Design) -> float:
    """Return the probability that the test finds a true `effect`
    (absolute) with `n_control` units in the control.

    Source: Cohen 1988 (noncentral t); in the two-sided case the wrong tail counts too, as in R's
    `power.t.test(strict = TRUE)`.
    """
    error, df = _error_and_df(n_control, design)
    tail = design.significance / (2 if design.alternative == "two-sided" else 1)
    if isinf(df):
        critical = -float(scipy.special.ndtri(tail)) * _null_error(n_control, design) / error
    else:
        critical = -float(scipy.special.stdtrit(df, tail))
    upper, lower = (_beyond(critical, df, shift) for shift in (effect / error, -effect / error))
    return {"greater": upper, "less": lower, "two-sided": upper + lower}[design.alternative]


def _beyond(critical: float, df: float, shift: float) -> float:
    """Return the probability that a statistic shifted by an effect lies above the critical value.

    The lower tail is asked as the upper one of the opposite shift.
    """
    if isinf(df):
        return float(scipy.special.ndtr(shift - critical))
    return noncentral_t_tail(critical, df, shift)


def units_for_effect(effect: float, *, design: Design, wanted_power: float = 0.8) -> float:
    """Return the units of the control arm with which the test finds `effect` with the wanted power
    (not rounded; `inf` when none do).
    """
    if effect == 0:
        return inf

    def shortfall(log_units: float) -> float:
        return power(effect, n_control=2**log_units, design=design) - wanted_power

    low, high = log2(1 + 1 / min(1.0, design.ratio) + 1e-9), log2(MOST_UNITS)
    if shortfall(high) < 0:
        return inf
    if shortfall(low) > 0:
        return float(2**low)
    return float(2 ** scipy.optimize.brentq(shortfall, low, high, xtol=1e-13))


def pairs_power(
    effect: float,
    *,
    n: float,
    sd: float,
    significance: float = 0.05,
    alternative: Alternative = "two-sided",
) -> float:
    """Return the power of a one-sample (or paired) t-test of `n` values with standard deviation
    `sd`.

    Args:
        effect: True mean of the differences, in units of the metric.
        n: Pairs.
        sd: Standard deviation of the differences.
        significance: Error rate, both sides together when there are two.
        alternative: Which effects the test looks for.
    """
    shift = effect * sqrt(n) / sd
    tail = significance / (2 if alternative == "two-sided" else 1)
    critical = -float(scipy.special.stdtrit(n - 1, tail))
    upper = noncentral_t_tail(critical, n - 1, shift)
    lower = noncentral_t_tail(critical, n - 1, -shift)
    return {"greater": upper, "less": lower, "two-sided": upper + lower}[alternative]


def detectable_effect(*, n_control: float, design: Design, wanted_power: float = 0.8) -> float:
    """Return the smallest absolute effect (MDE,
    positive) that the test finds with the wanted power.
    """
    error, _ = _error_and_df(n_control, design)
    sign = -1.0 if design.alternative == "less" else 1.0

    def shortfall(in_errors: float) -> float:
        return power(sign * in_errors * error, n_control=n_control, design=design) - wanted_power

    high = 8.0
    while shortfall(high) < 0:
        high *= 2
    return float(scipy.optimize.brentq(shortfall, 0.0, high, xtol=1e-12)) * error


def days_for_units(units: float, *, units_per_day: float) -> float:
    """Return the whole weeks, in days, in which the traffic brings so many units;
    `inf` when it never does.
    """
    if units_per_day <= 0 or isinf(units):
        return inf
    return 7.0 * ceil(units / units_per_day / 7)


def equivalence_power(
    low: float, high: float, *, n: int, share: float, significance: float = 0.05
) -> float:
    """Return the exact power of two one-sided binomial tests that a share lies between `low` and
    `high`.

    With `high` = 1 this is the power to show that a share is not inferior to `low`.

    Args:
        low: Least share that counts as equivalent, 0 to 1.
        high: Largest such share.
        n: Units.
        share: The true one.
        significance: Error rate of each of the two tests.

    Source: Schuirmann 1987 (two one-sided tests).
    """
    binom = scipy.stats.binom
    least = binom.isf(significance, n, low) + 1
    most = binom.ppf(significance, n, high) - 1
    return max(0.0, float(binom.cdf(most, n, share) - binom.cdf(least - 1, n, share)))


def _null_error(n_control: float, design: Design) -> float:
    """Return the standard error under the null, which sets the critical value."""
    if design.null_variance is None:
        return _error_and_df(n_control, design)[0]
    return sqrt(design.null_variance * (1 + 1 / design.ratio) / n_control)


def _error_and_df(n_control: float, design: Design) -> tuple[float, float]:
    n_treatment = n_control * design.ratio
    control, treatment = design.control_variance, design.treatment_variance
    if design.equal_variances:
        df = n_control + n_treatment - 2
        pooled = ((n_control - 1) * control + (n_treatment - 1) * treatment) / df
        control = treatment = pooled
    else:
        parts = (control / n_control) ** 2 / (n_control - 1) + (treatment / n_treatment) ** 2 / (
            n_treatment - 1
        )
        df = (control / n_control + treatment / n_treatment) ** 2 / parts
    return sqrt(control / n_control + treatment / n_treatment), df if design.use_t else inf
