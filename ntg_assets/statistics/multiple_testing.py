"""Several comparisons at once: the largest of correlated |t| against a shared control,
Holm, Benjamini-Hochberg, Bonferroni.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from math import ceil, inf, isinf, log2, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy import optimize, special

from ntg_assets.statistics.two_samples import Sample, t_critical, t_p

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
    Source: Dunnett 1955, "A Multiple Comparison Procedure for Comparing Several Treatments with a
    Control".
    """
    common = np.minimum(np.asarray(loadings, dtype=float), LARGEST_LOADING)
    one_minus = np.sqrt(1 - common**2)
    scales, scale_weights = _scale_rule(degrees_of_freedom)
    shared, shared_weights = _normal_rule(_panels_for(float(one_minus.min())))
    bound = critical * scales[:, None, None]
    offset = common * shared[None, :, None]
    inside = special.ndtr((bound - offset) / one_minus)
    if two_sided:
        inside = inside - special.ndtr((-bound - offset) / one_minus)
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
    """
    return _critical(tuple(loadings), significance, degrees_of_freedom, two_sided)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false claim is bounded,
    whatever their dependence (Holm 1979).
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, dtype=float)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(p) for p in adjusted]


def hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by steps up from the largest: less cautious than Holm,
    not for negatively dependent tests (Hochberg 1988).
    """
    order = np.argsort(p_values, kind="stable")[::-1]
    steps = np.asarray(p_values, dtype=float)[order] * np.arange(1, len(order) + 1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0) if len(order) else steps
    return [float(p) for p in adjusted]


def sidak(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values as if the tests were independent (Sidak 1967)."""
    return [
        float(-np.expm1(len(p_values) * np.log1p(-min(p, 1 - 1e-16)))) if p < 1 else 1.0
        for p in p_values
    ]


def holm_sidak(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by Sidak's formula in Holm's steps."""
    order = np.argsort(p_values, kind="stable")
    left = np.arange(len(order), 0, -1)
    steps = -np.expm1(
        left * np.log1p(-np.minimum(np.asarray(p_values, dtype=float)[order], 1 - 1e-16))
    )
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(p) for p in adjusted]


def benjamini_yekutieli(p_values: Sequence[float]) -> list[float]:
    """Bound the expected share of false claims whatever the dependence
    (Benjamini and Yekutieli 2001).
    """
    return (
        [float(p) for p in scipy.stats.false_discovery_control(p_values, method="by")]
        if len(p_values)
        else []
    )


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the expected share of false claims is bounded
    (Benjamini and Hochberg 1995).
    """
    return (
        [float(p) for p in scipy.stats.false_discovery_control(p_values)] if len(p_values) else []
    )


def bonferroni(p_values: Sequence[float]) -> list[float]:
    """Multiply each p-value by their number."""
    return [min(1.0, p * len(p_values)) for p in p_values]


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
    return float(optimize.brentq(surplus, below, above, xtol=1e-10))


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
        for quantile in (special.gammaincinv, special.gammainccinv)
    )
    nodes, weights = np.polynomial.legendre.leggauss(SCALE_NODES)
    scales = (low + high) / 2 + (high - low) / 2 * nodes
    squares = df * scales**2
    density = (
        np.exp(
            np.log(2 * df * scales)
            + (df / 2 - 1) * np.log(squares / 2)
            - squares / 2
            - special.gammaln(df / 2)
        )
        / 2
    )
    return scales, (high - low) / 2 * weights * density / float(
        (high - low) / 2 * weights @ density
    )


def hommel(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by Simes' test of every intersection (Hommel 1988)."""
    n = len(p_values)
    if not n:
        return []
    order = np.argsort(p_values)
    ordered = np.asarray(p_values, dtype=float)[order]
    adjusted = np.full(n, float((n * ordered / np.arange(1, n + 1)).min()))
    floor = adjusted.copy()
    for size in range(n - 1, 1, -1):
        first, last = ordered[: n - size + 1], ordered[n - size + 1 :]
        smallest = float((size * last / np.arange(2, size + 1)).min())
        floor[: n - size + 1] = np.minimum(size * first, smallest)
        floor[n - size + 1 :] = floor[n - size]
        adjusted = np.maximum(adjusted, floor)
    adjusted = np.minimum(np.maximum(adjusted, ordered), 1.0)
    return [float(adjusted[place]) for place in np.argsort(order)]


def two_stage_benjamini_hochberg(
    p_values: Sequence[float], *, significance: float = 0.05
) -> list[float]:
    """Adjust p-values with the number of true null hypotheses estimated in a first stage
    (Benjamini, Krieger and Yekutieli 2006, at the error rate that is asked for).
    """
    n = len(p_values)
    first = significance / (1 + significance)
    plain = benjamini_hochberg(p_values)
    rejected = sum(p <= first for p in plain)
    if rejected in {0, n}:
        return [min(1.0, p * (1 + significance)) for p in plain]
    share = (n - rejected) / n
    return [min(1.0, p * share * (1 + significance)) for p in plain]


def simes_p(p_values: Sequence[float]) -> float:
    """Return the p of the hypothesis that no comparison has an effect (Simes 1986)."""
    n = len(p_values)
    return min(1.0, *(n * p / rank for rank, p in enumerate(sorted(p_values), start=1)))


def fixed_sequence(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of comparisons in a stated order: each may be claimed only when all before it
    are.
    """
    return [max(p_values[: place + 1]) for place in range(len(p_values))]


def fisher_p(p_values: Sequence[float]) -> float:
    """Return the p of several independent tests of one hypothesis (Fisher 1925)."""
    statistic = -2 * float(np.log(np.asarray(p_values, dtype=float)).sum())
    return float(special.chdtrc(2 * len(p_values), statistic))


def stouffer_p(z_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Return the one-sided p of several z statistics of one hypothesis (Stouffer 1949)."""
    given = np.ones(len(z_values)) if weights is None else np.asarray(weights, dtype=float)
    together = float(given @ np.asarray(z_values, dtype=float) / np.sqrt((given**2).sum()))
    return float(special.ndtr(-together))
