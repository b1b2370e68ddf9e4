"""Power of tests with more than two groups, and short rules about plans and claims."""

from math import exp, inf, log, pi, sqrt
from typing import NamedTuple

import scipy

from ntg_assets.statistics.student_t import t_critical


def anova_power(effect: float, *, n: float, groups: int, significance: float = 0.05) -> float:
    """Return the power of a one-way analysis of variance.

    Args:
        effect: Cohen's f: the standard deviation of the groups' means over that within them.
        n: Units of all groups together.
        groups: Groups of one size.
        significance: Of the test.
    """
    df = groups - 1.0, n - groups
    critical = float(scipy.special.fdtri(*df, 1 - significance))
    return float(1 - scipy.special.ncfdtr(*df, n * effect**2, critical))


def chi_squared_power(effect: float, *, n: float, df: float, significance: float = 0.05) -> float:
    """Return the power of a chi-squared test.

    Args:
        effect: Cohen's w.
        n: Units.
        df: Degrees of freedom.
        significance: Of the test.
    """
    critical = float(scipy.special.chdtri(df, significance))
    return float(1 - scipy.special.chndtr(critical, df, n * effect**2))


def false_positive_risk(*, significance: float, power: float, prior: float) -> float:
    """Return the share of significant results that are false (two-sided `significance` in all).

    Args:
        significance: Error rate of a test without an effect.
        power: Chance of finding an effect that is there.
        prior: Share of ideas that have one.

    Source: Colquhoun 2017; Wacholder and others 2004.
    """
    false, true = significance * (1 - prior), power * prior
    return false / (false + true)


def sprt_bounds(*, significance: float, power: float) -> tuple[float, float]:
    """Return the log likelihood ratios at which a sequential test stops: for the null below the
    first, against it above the second (Wald 1945).
    """
    return log((1 - power) / (1 - significance)), log(power / significance)


def diluted_effect(effect: float, *, triggered: float) -> float:
    """Return what an effect on those who were triggered is for all (absolute effects)."""
    return effect * triggered


def units_for_skewness(skewness: float) -> float:
    """Return the units per arm from which on the t-test bears a skewness (Kohavi, Deng, Longbotham
    and Xu 2014: 355 times its square).
    """
    return 355.0 * skewness**2


def units_by_rule_of_thumb(variance: float, effect: float) -> float:
    """Return the units per arm for 80% power at 5% by 16 variance / effect squared (van Belle)."""
    return 16.0 * variance / effect**2


class DesignErrors(NamedTuple):
    """What a significant result of a small study is worth.

    Attributes:
        power: Chance of a significant result.
        wrong_sign: Share of significant results with the wrong sign (type S).
        exaggeration: Mean size of significant estimates over the true one (type M).
    """

    power: float
    wrong_sign: float
    exaggeration: float


def design_errors(
    effect: float, standard_error: float, *, significance: float = 0.05
) -> DesignErrors:
    """Say what a significant result would mean if the effect were so large.

    Args:
        effect: True effect, in units of the metric.
        standard_error: Of its estimate.
        significance: Error rate of the two-sided test.

    Source: Gelman and Carlin 2014, "Beyond Power Calculations"; the normal case in closed form (Lu,
    Qiu and Deng 2019).
    """
    z, shift = t_critical(significance / 2, inf), abs(effect) / standard_error
    right, wrong = float(scipy.special.ndtr(shift - z)), float(scipy.special.ndtr(-z - shift))
    power = right + wrong
    density = [_density(z - shift), _density(z + shift)]
    mean = sum(density) + shift * (right - wrong)
    return DesignErrors(power, wrong / power, mean / (shift * power) if shift else inf)


def _density(z: float) -> float:
    return exp(-(z**2) / 2) / sqrt(2 * pi)
