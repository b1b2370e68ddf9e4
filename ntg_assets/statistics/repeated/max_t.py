"""The largest of several correlated t statistics: treatments that share one control."""

from collections.abc import Sequence
from functools import cache, lru_cache
from math import ceil, inf, isinf, log2, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import t_critical, t_p

# Gauss-Legendre points over the control's deviation: right to better than 1e-8 while no arm hangs
# on the control alone
NODES = 96
# over the steepest factor's width: a tiny control correlates its comparisons almost fully
STEEP_NODES = 60.0
MOST_PANELS = 64
SCALE_NODES = 40  # over the estimated standard deviation
SCALE_TAIL = 1e-15  # mass of its distribution left out on either side
TAIL = 9.0  # standard normal mass beyond this is 2e-19
LARGEST_LOADING = 1 - 1e-7
NEARLY = 0.01  # of the error rate: less than that is the rounding of the integral
REMEMBERED = 4_096  # a decision, its sensitivity and its replay ask the same integrals again


def shared_control_loadings(control: Sample, treatments: Sequence[Sample]) -> list[float]:
    """Return the square root of the share that the control has in the squared error of each
    comparison.

    Two comparisons with loadings a and b correlate by a * b, because both subtract the same control
    mean.
    """
    return [
        sqrt(control.squared_error / (control.squared_error + arm.squared_error))
        for arm in treatments
    ]


def max_t_probability(
    critical: float,
    loadings: Sequence[float],
    *,
    degrees_of_freedom: float = inf,
    two_sided: bool = True,
) -> float:
    """Return the probability that no statistic exceeds `critical` when no arm has an effect.

    Given the shared control's deviation the comparisons are independent, so one integral over it is
    exact for any number of arms; with estimated variances a second one runs over the estimate.

    Args:
        critical: Value of the statistic.
        loadings: Of each comparison: how much of its deviation is the shared control's.
        degrees_of_freedom: Of the variances; infinite: they are known.
        two_sided: Whether the size of the statistic counts, not its sign.

    Source: Dunnett 1955, "A Multiple Comparison Procedure for Comparing Several Treatments with a
    Control".
    """
    common = np.minimum(np.asarray(loadings, dtype=float), LARGEST_LOADING)
    one_minus = np.sqrt(1 - common**2)
    scales, scale_weights = _scale_rule(degrees_of_freedom)
    shared, shared_weights = _normal_rule(_panels_for(float(one_minus.min())))
    bound = critical * scales[:, None, None]
    offset = common * shared[None, :, None]
    inside = scipy.special.ndtr((bound - offset) / one_minus)
    if two_sided:
        inside = inside - scipy.special.ndtr((-bound - offset) / one_minus)
    return float(scale_weights @ np.prod(inside, axis=2) @ shared_weights)


def max_t_p(
    statistic: float,
    loadings: Sequence[float],
    *,
    degrees_of_freedom: float = inf,
    two_sided: bool = True,
) -> float:
    """Return the p-value of one comparison, adjusted for all of them.

    It lies between that of the comparison alone and Bonferroni's, also where one or two degrees of
    freedom leave the integral few digits.

    Args:
        statistic: Of the comparison.
        loadings: Of each comparison: how much of its deviation is the shared control's.
        degrees_of_freedom: Of the variances; infinite: they are known.
        two_sided: Whether the size of the statistic counts, not its sign.
    """
    bound = abs(statistic) if two_sided else statistic
    joint = 1 - max_t_probability(
        bound, loadings, degrees_of_freedom=degrees_of_freedom, two_sided=two_sided
    )
    alone = t_p(bound, degrees_of_freedom, alternative="two-sided" if two_sided else "greater")
    return min(1.0, len(loadings) * alone, max(joint, alone))


def max_t_critical(
    loadings: Sequence[float],
    *,
    significance: float = 0.05,
    degrees_of_freedom: float = inf,
    two_sided: bool = True,
) -> float:
    """Return the value that the largest statistic exceeds with probability `significance` when no
    arm has an effect.

    Args:
        loadings: Of each comparison: how much of its deviation is the shared control's.
        significance: Error rate of all comparisons together.
        degrees_of_freedom: Of the variances; infinite: they are known.
        two_sided: Whether the size of the statistic counts, not its sign.
    """
    return _critical(tuple(loadings), significance, degrees_of_freedom, two_sided)


@lru_cache(maxsize=REMEMBERED)
def _critical(
    loadings: tuple[float, ...],
    significance: float,
    degrees_of_freedom: float,
    two_sided: bool,  # noqa: FBT001  # cached
) -> float:
    """Search between one comparison alone and Bonferroni, which enclose the answer.

    With one or two degrees of freedom the integral has too few digits far out, and Bonferroni's is
    the cautious answer; where all comparisons hang on the control alone they are one.
    """

    def surplus(critical: float) -> float:
        return max_t_probability(
            critical, loadings, degrees_of_freedom=degrees_of_freedom, two_sided=two_sided
        ) - (1 - significance)

    tail = significance / (2 if two_sided else 1)
    low, high = (
        t_critical(tail, degrees_of_freedom),
        t_critical(tail / len(loadings), degrees_of_freedom),
    )
    below, above = low - 1e-4, high * (1 + 1e-4) + 1e-4
    if surplus(below) >= 0 or surplus(above) <= 0:
        return low if 0 <= surplus(below) <= NEARLY * significance else high
    return float(scipy.optimize.brentq(surplus, below, above, xtol=1e-10))


def _panels_for(narrowest: float) -> int:
    """Choose how often to divide the range for the steepest factor of the integrand,
    in doubling steps so that few rules are kept.
    """
    wanted = STEEP_NODES / narrowest / NODES
    return min(MOST_PANELS, 2 ** ceil(log2(wanted))) if wanted > 1 else 1


@cache
def _normal_rule(n_panels: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-TAIL, TAIL, n_panels + 1)
    half = TAIL / n_panels
    points = ((edges[:-1] + half)[:, None] + half * nodes[None, :]).ravel()
    return points, np.tile(half * weights, n_panels) * scipy.stats.norm.pdf(points)


@lru_cache(maxsize=REMEMBERED)
def _scale_rule(degrees_of_freedom: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Integrate over the estimated standard deviation
    (chi over the root of its degrees of freedom); one point when it is known.
    """
    if isinf(degrees_of_freedom):
        return np.ones(1), np.ones(1)
    df = degrees_of_freedom
    low, high = (
        sqrt(2 * float(quantile(df / 2, SCALE_TAIL)) / df)
        for quantile in (scipy.special.gammaincinv, scipy.special.gammainccinv)
    )
    nodes, weights = np.polynomial.legendre.leggauss(SCALE_NODES)
    scales = (low + high) / 2 + (high - low) / 2 * nodes
    density, widths = _scale_density(scales, df), (high - low) / 2 * weights
    return scales, widths * density / float(widths @ density)


def _scale_density(scales: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    """Return the density of an estimated standard deviation over the true one."""
    squares = df * scales**2
    log_density = (
        np.log(2 * df * scales)
        + (df / 2 - 1) * np.log(squares / 2)
        - squares / 2
        - scipy.special.gammaln(df / 2)
    )
    return np.asarray(np.exp(log_density) / 2, dtype=np.float64)
