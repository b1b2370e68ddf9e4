"""Several comparisons at once: the largest of correlated |t| against a shared control,
Holm, Benjamini-Hochberg, Bonferroni.
"""

from collections.abc import Callable, Sequence

import numpy as np
import scipy

from ntg_assets.arrays import Floats, Longs


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false claim is bounded,
    whatever their dependence (Holm 1979).
    """
    return _in_steps(p_values, lambda p, left: p * left)


def hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by steps up from the largest: less cautious than Holm,
    not for negatively dependent tests (Hochberg 1988).
    """
    return _in_steps(p_values, lambda p, left: p * left, from_largest=True)


def sidak(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values as if the tests were independent (Sidak 1967)."""
    return [
        float(-np.expm1(len(p_values) * np.log1p(-min(p, 1 - 1e-16)))) if p < 1 else 1.0
        for p in p_values
    ]


def holm_sidak(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values by Sidak's formula in Holm's steps."""
    return _in_steps(
        p_values, lambda p, left: -np.expm1(left * np.log1p(-np.minimum(p, 1 - 1e-16)))
    )


def _in_steps(
    p_values: Sequence[float],
    adjust: Callable[[Floats, Longs], Floats],
    *,
    from_largest: bool = False,
) -> list[float]:
    """Adjust each p-value for those that are left, its own included, and let none overtake the one
    before: from the smallest on nothing falls again, from the largest on nothing rises.
    """
    order = np.argsort(p_values, kind="stable")[:: -1 if from_largest else 1]
    left = np.arange(1, len(order) + 1)[:: 1 if from_largest else -1]
    steps = adjust(np.asarray(p_values, dtype=float)[order], left)
    never_back = (np.minimum if from_largest else np.maximum).accumulate
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(never_back(steps), 1.0) if len(order) else steps
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
    return float(scipy.special.chdtrc(2 * len(p_values), statistic))


def stouffer_p(z_values: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Return the one-sided p of several z statistics of one hypothesis (Stouffer 1949)."""
    z = np.asarray(z_values, dtype=float)
    shares = np.ones(len(z)) if weights is None else np.asarray(weights, dtype=float)
    together = float(shares @ z / np.sqrt((shares**2).sum()))
    return float(scipy.special.ndtr(-together))
