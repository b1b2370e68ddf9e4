"""Arms made from whatever numbers are at hand, and what is done with values themselves."""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from ntg_assets.statistics.moments import PAIRS, VARIABLES, Moments
from ntg_assets.statistics.quantiles import (
    OrderStatistics,
    mid_quantiles,
)
from ntg_assets.statistics.repeated.max_t import max_t_p, shared_control_loadings
from ntg_assets.statistics.samples import Sample

Numbers = Sequence[float] | npt.NDArray[np.float64]


def sample_from_sums(n: float, total: float, squares: float) -> Sample:
    """Make an arm from its units, the sum of their values and the sum of their squares.

    Args:
        n: Units.
        total: Sum of their values.
        squares: Sum of their squared values, not of deviations.
    """
    mean = total / n
    return Sample(n, mean, (squares - n * mean**2) / (n - 1) if n > 1 else float("nan"))


def sample_from_values(values: Numbers) -> Sample:
    """Make an arm from its values; those that are missing (NaN) do not count."""
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    return Sample(len(numbers), float(numbers.mean()), float(numbers.var(ddof=1)))


def sample_from_share(successes: float, n: int) -> Sample:
    """Make an arm from a count of successes; the variance is share * (1 - share)."""
    share = successes / n
    return Sample(n, share, share * (1 - share))


def moments_from_values(
    value: Numbers,
    *,
    denominator: Numbers | None = None,
    covariate: Numbers | None = None,
    covariate_denominator: Numbers | None = None,
) -> Moments:
    """Make the moments of an arm from its units: a mean or ratio,
    with the same quantity before the experiment where it is known.

    Args:
        value: One per unit; none may be missing.
        denominator: One per unit; None: 1 each, so that the metric is a mean.
        covariate: The value before the experiment, one per unit; None: 0 each.
        covariate_denominator: The denominator before it; None: 1 each.
    """
    n = len(value)
    columns = (value, denominator, covariate, covariate_denominator)
    filled = [
        np.full(n, constant) if column is None else np.asarray(column, dtype=float)
        for column, constant in zip(columns, (0.0, 1.0, 0.0, 1.0), strict=True)
    ]
    table = np.cov(np.array(filled))
    place = {name: position for position, name in enumerate(VARIABLES)}
    return Moments(
        n,
        {name: float(column.mean()) for name, column in zip(VARIABLES, filled, strict=True)},
        {(first, second): float(table[place[first], place[second]]) for first, second in PAIRS},
    )


def adjusted_by_covariates(
    values: Sequence[Numbers], covariates: Sequence[npt.NDArray[np.float64]]
) -> list[Sample]:
    """Take out of each arm what several covariates explain: one set of slopes,
    fitted within the arms (CUPED with a vector).

    Args:
        values: Per arm, one number per unit.
        covariates: Per arm, an array (units, covariates), known before the experiment.
    """
    rows = [np.asarray(of_arm, dtype=float) for of_arm in covariates]
    centred = [of_arm - of_arm.mean(axis=0) for of_arm in rows]
    inner = [np.asarray(of_arm, dtype=float) - np.mean(of_arm) for of_arm in values]
    slopes = np.linalg.lstsq(np.vstack(centred), np.concatenate(inner), rcond=None)[0]
    centre = np.vstack(rows).mean(axis=0)
    return [
        sample_from_values(np.asarray(of_arm, dtype=float) - (row - centre) @ slopes)
        for of_arm, row in zip(values, rows, strict=True)
    ]


def order_statistics(values: Numbers, quantile: float) -> OrderStatistics:
    """Find a quantile of one arm by itself and the values that enclose it with 95% confidence; of
    arms that are to be compared and share values, ask `mid_quantiles` for all of them together.
    """
    return mid_quantiles([values], quantile)[0]


def winsorised(arms: Sequence[Numbers], *, at: float) -> list[npt.NDArray[np.float64]]:
    """Cut the values of all arms at one common quantile, so that no arm has a cap of its own."""
    pooled = np.sort(np.concatenate([np.asarray(arm, dtype=float) for arm in arms]))
    cap = pooled[ceil(len(pooled) * at) - 1]
    return [np.minimum(np.asarray(arm, dtype=float), cap) for arm in arms]


def dunnett_p(
    control: Numbers, treatments: Sequence[Numbers], *, two_sided: bool = True
) -> list[float]:
    """Compare several treatments with one control, p-values adjusted for all of them,
    with one variance for all arms (Dunnett 1955).
    """
    arms = [np.asarray(arm, dtype=float) for arm in (control, *treatments)]
    df = sum(len(arm) - 1 for arm in arms)
    pooled = sum((len(arm) - 1) * float(arm.var(ddof=1)) for arm in arms) / df
    base, *others = [Sample(len(arm), float(arm.mean()), pooled) for arm in arms]
    loadings = shared_control_loadings(base, others)
    statistics = [
        (arm.mean - base.mean) / sqrt(arm.squared_error + base.squared_error) for arm in others
    ]
    return [
        max_t_p(statistic, loadings, degrees_of_freedom=df, two_sided=two_sided)
        for statistic in statistics
    ]
