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
    """Make an arm from its units, the sum of their values and the sum of their squares."""
    mean = total / n
    return Sample(n, mean, (squares - n * mean**2) / (n - 1) if n > 1 else float("nan"))


def sample_from_values(values: Numbers) -> Sample:
    """Make an arm from its values; those that are missing (NaN) do not count."""
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    return Sample(len(known), float(known.mean()), float(known.var(ddof=1)))


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
    """
    n = len(value)
    given = (value, denominator, covariate, covariate_denominator)
    filled = [
        np.full(n, constant) if one is None else np.asarray(one, dtype=float)
        for one, constant in zip(given, (0.0, 1.0, 0.0, 1.0), strict=True)
    ]
    table = np.cov(np.array(filled))
    place = {name: position for position, name in enumerate(VARIABLES)}
    return Moments(
        n,
        {name: float(column.mean()) for name, column in zip(VARIABLES, filled, strict=True)},
        {(one, other): float(table[place[one], place[other]]) for one, other in PAIRS},
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
    rows = [np.asarray(one, dtype=float) for one in covariates]
    centred = [one - one.mean(axis=0) for one in rows]
    inner = [np.asarray(one, dtype=float) - np.mean(one) for one in values]
    slopes = np.linalg.lstsq(np.vstack(centred), np.concatenate(inner), rcond=None)[0]
    centre = np.vstack(rows).mean(axis=0)
    return [
        sample_from_values(np.asarray(one, dtype=float) - (row - centre) @ slopes)
        for one, row in zip(values, rows, strict=True)
    ]


def order_statistics(values: Numbers, quantile: float) -> OrderStatistics:
    """Find a quantile of one arm by itself and the values that enclose it with 95% confidence; of
    arms that are to be compared and share values, ask `mid_quantiles` for all of them together.
    """
    return mid_quantiles([values], quantile)[0]


def winsorised(arms: Sequence[Numbers], *, at: float) -> list[npt.NDArray[np.float64]]:
    """Cut the values of all arms at one common quantile, so that no arm has a cap of its own."""
    pooled = np.sort(np.concatenate([np.asarray(one, dtype=float) for one in arms]))
    cap = pooled[ceil(len(pooled) * at) - 1]
    return [np.minimum(np.asarray(one, dtype=float), cap) for one in arms]


def dunnett_p(
    control: Numbers, treatments: Sequence[Numbers], *, two_sided: bool = True
) -> list[float]:
    """Compare several treatments with one control, p-values adjusted for all of them,
    with one variance for all arms (Dunnett 1955).
    """
    arms = [np.asarray(one, dtype=float) for one in (control, *treatments)]
    df = sum(len(one) - 1 for one in arms)
    pooled = sum((len(one) - 1) * float(one.var(ddof=1)) for one in arms) / df
    base, *others = [Sample(len(one), float(one.mean()), pooled) for one in arms]
    loadings = shared_control_loadings(base, others)
    statistics = [
        (one.mean - base.mean) / sqrt(one.squared_error + base.squared_error) for one in others
    ]
    return [
        max_t_p(statistic, loadings, degrees_of_freedom=df, two_sided=two_sided)
        for statistic in statistics
    ]
