"""Several comparisons at once: the largest of correlated |t| against a shared control, Holm, Benjamini-Hochberg, Bonferroni."""

from collections.abc import Sequence
from functools import cache
from math import inf, isinf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from ntg_assets.experiments.two_samples import Sample

NODES = 96  # Gauss-Legendre points per dimension; the integrals are then right to better than 1e-9
TAIL = 9.0  # standard normal mass beyond this is 2e-19
LARGEST_CRITICAL_VALUE = 60.0  # far beyond any quantile asked for, also with few degrees of freedom


def shared_control_loadings(control: Sample, treatments: Sequence[Sample]) -> list[float]:
    """Return the square root of the share that the control has in the squared error of each comparison.

    Two comparisons with loadings a and b correlate by a * b, because both subtract the same control mean.
    """
    return [sqrt(control.squared_error / (control.squared_error + arm.squared_error)) for arm in treatments]


def max_t_probability(critical: float, loadings: Sequence[float], *, degrees_of_freedom: float = inf, two_sided: bool = True) -> float:
    """Return the probability that no statistic exceeds `critical` when no arm has an effect.

    Given the shared control's deviation the comparisons are independent, so one integral over it is exact for any number of arms; with
    estimated variances a second one runs over the estimate.
    Source: Dunnett 1955, "A Multiple Comparison Procedure for Comparing Several Treatments with a Control".
    """
    scales, scale_weights = _scale_rule(degrees_of_freedom)
    shared, shared_weights = _normal_rule()
    one_minus = np.sqrt(1 - np.minimum(np.asarray(loadings, dtype=float), 1 - 1e-12) ** 2)
    bound = critical * scales[:, None, None]
    offset = np.asarray(loadings, dtype=float) * shared[None, :, None]
    inside = special.ndtr((bound - offset) / one_minus)
    if two_sided:
        inside = inside - special.ndtr((-bound - offset) / one_minus)
    return float(scale_weights @ np.prod(inside, axis=2) @ shared_weights)


def max_t_p(statistic: float, loadings: Sequence[float], *, degrees_of_freedom: float = inf, two_sided: bool = True) -> float:
    """Return the p-value of one comparison, adjusted for all of them."""
    bound = abs(statistic) if two_sided else statistic
    return min(1.0, max(0.0, 1 - max_t_probability(bound, loadings, degrees_of_freedom=degrees_of_freedom, two_sided=two_sided)))


def max_t_critical(
    loadings: Sequence[float], *, significance: float = 0.05, degrees_of_freedom: float = inf, two_sided: bool = True
) -> float:
    """Return the value that the largest statistic exceeds with probability `significance` when no arm has an effect."""

    def surplus(critical: float) -> float:
        return max_t_probability(critical, loadings, degrees_of_freedom=degrees_of_freedom, two_sided=two_sided) - (1 - significance)

    return float(optimize.brentq(surplus, 0.0, LARGEST_CRITICAL_VALUE, xtol=1e-10))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false claim is bounded, whatever their dependence (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, dtype=float)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(p) for p in adjusted]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the expected share of false claims is bounded (Benjamini and Hochberg 1995)."""
    return [float(p) for p in stats.false_discovery_control(p_values)] if len(p_values) else []


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Multiply each p-value by their number."""
    return [min(1.0, p * len(p_values)) for p in p_values]


@cache
def _normal_rule() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    points = TAIL * nodes
    return points, TAIL * weights * stats.norm.pdf(points)


@cache
def _scale_rule(degrees_of_freedom: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Integrate over the estimated standard deviation (chi over the root of its degrees of freedom); one point when it is known."""
    if isinf(degrees_of_freedom):
        return np.ones(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    probabilities = (nodes + 1) / 2
    return np.sqrt(stats.chi2.ppf(probabilities, degrees_of_freedom) / degrees_of_freedom), weights / 2
