"""Exact sums from given values, for tests that need no tables."""

from collections.abc import Sequence
from typing import Any

from ntg_assets.experiments.moments import PAIRS, VARIABLES, Sums


def sums(values: Any, *, covariate: Sequence[float] | None = None) -> Sums:
    """Sum up given values of a plain mean."""
    n = len(values)
    micro = {
        "value": [round(value * 1e6) for value in values],
        "denominator": [10**6] * n,
        "covariate": [0] * n if covariate is None else [round(value * 1e6) for value in covariate],
        "covariate_denominator": [10**6] * n,
    }
    products = {pair: sum(one * other for one, other in zip(micro[pair[0]], micro[pair[1]], strict=True)) for pair in PAIRS}
    return Sums(n, 0, 0, {name: sum(micro[name]) for name in VARIABLES}, products)
