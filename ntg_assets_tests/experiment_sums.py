"""Exact sums from given values, for tests that need no tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ntg_assets.statistics.moments import LARGEST_VALUE, PAIRS, VARIABLES, Sums
from ntg_assets.statistics.over_time.trends import Cohort, DaySums, Trend, trend_of

MILLI = 1_000


def sums(values: Any, *, covariate: Sequence[float] | None = None) -> Sums:
    """Sum up given values of a plain mean."""
    n = len(values)
    micro = {
        "value": [round(value * 1e6) for value in values],
        "denominator": [10**6] * n,
        "covariate": [0] * n if covariate is None else [round(value * 1e6) for value in covariate],
        "covariate_denominator": [10**6] * n,
    }
    products = {
        pair: sum(one * other for one, other in zip(micro[pair[0]], micro[pair[1]], strict=True))
        for pair in PAIRS
    }
    n_nonzero = sum(value != 0 for value in micro["value"])
    first = {name: sum(micro[name]) for name in VARIABLES}
    return Sums(n, 0, 0, first, products, n_nonzero=n_nonzero)


def sums_of_units(units: Sequence[tuple[float | None, float, float, float]]) -> Sums:
    """Sum up units (value, denominator, covariate,
    its denominator) as the store does: what is missing or impossible is counted apart.
    """
    known = [[one for one in unit if one is not None] for unit in units if unit[0] is not None]
    usable = [
        [round(one * 1e6) for one in unit]
        for unit in known
        if all(abs(one) < LARGEST_VALUE for one in unit)
    ]
    columns = {name: [unit[position] for unit in usable] for position, name in enumerate(VARIABLES)}
    products = {
        (one, other): sum(a * b for a, b in zip(columns[one], columns[other], strict=True))
        for one, other in PAIRS
    }
    largest = max((abs(value) for value in columns["value"]), default=0)
    first = {name: sum(columns[name]) for name in VARIABLES}
    n_null, n_unusable = len(units) - len(known), len(known) - len(usable)
    n_nonzero = sum(value != 0 for value in columns["value"])
    return Sums(len(usable), n_null, n_unusable, first, products, largest, n_nonzero)


def trend(values: npt.NDArray[np.float64]) -> Trend:
    """Lay units (rows) on their days since the exposure (columns), as `daily_sums` does."""
    milli = np.rint(values * MILLI).astype(np.int64)
    value, moment = milli.sum(axis=1), (milli * np.arange(milli.shape[1])).sum(axis=1)
    parts = {
        "value": value,
        "moment": moment,
        "value_value": value**2,
        "moment_moment": moment**2,
        "value_moment": value * moment,
    }
    is_active = values != 0
    first = is_active.argmax(axis=1)[is_active.any(axis=1)]
    days = {int(day): int(n) for day, n in zip(*np.unique(first, return_counts=True), strict=True)}
    row = {"n": len(values)} | {name: int(part.sum()) for name, part in parts.items()}
    return trend_of(row, n_active=int(is_active.sum()), first_days=days)


def cohorts(
    values: npt.NDArray[np.float64], *, is_early: npt.NDArray[np.bool_]
) -> dict[str, Cohort]:
    """Divide units into those exposed early and those exposed late."""
    milli = np.rint(values.sum(axis=1) * MILLI).astype(np.int64)
    parts = {"early": milli[is_early], "late": milli[~is_early]}
    return {
        name: Cohort(
            datetime(2026, 1, 5), DaySums(len(part), int(part.sum()), int((part * part).sum()))
        )
        for name, part in parts.items()
    }
