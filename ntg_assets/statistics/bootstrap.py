"""Intervals of means over users, by a seeded bootstrap."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from ntg_assets.arrays import Floats

LEVEL = 0.95
# users; with so many the bootstrap and the normal interval of a mean are the same, and one of them
# is free
NORMAL_FROM = 5_000
RESAMPLES_AT_ONCE = 100


class Interval(NamedTuple):
    """Mean of each column over its rows, with the ends of the 95% interval."""

    mean: Floats
    low: Floats
    high: Floats


def mean_intervals(values: Floats, *, rng: np.random.Generator, samples: int) -> Interval:
    """Estimate the mean of each column, rows
    (users) being drawn with replacement: the same users for every column.

    Args:
        values: Users x columns, users in a fixed order. With one user the interval is the value
        itself.
        rng: Seeded stream.
        samples: Resamples.

    Source: Efron and Tibshirani 1993 (percentile interval).
    """
    n_users = len(values)
    mean = values.mean(axis=0)
    if n_users >= NORMAL_FROM:
        margin = ndtri((1 + LEVEL) / 2) * values.std(axis=0, ddof=1) / np.sqrt(n_users)
        return Interval(mean, mean - margin, mean + margin)
    drawn = [
        _resampled_means(values, rng, min(RESAMPLES_AT_ONCE, samples - done))
        for done in range(0, samples, RESAMPLES_AT_ONCE)
    ]
    low, high = np.quantile(np.concatenate(drawn), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Interval(mean, low, high)


def _resampled_means(values: Floats, rng: np.random.Generator, samples: int) -> Floats:
    n_users = len(values)
    drawn = rng.integers(0, n_users, size=(samples, n_users))
    counts = np.zeros((samples, n_users))
    np.add.at(counts, (np.arange(samples)[:, None], drawn), 1.0)
    return np.einsum("su,uc->sc", counts, values) / n_users


def bootstrap_t_interval(
    control: Floats,
    treatment: Floats,
    *,
    rng: np.random.Generator,
    samples: int = 2_000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return the interval of a difference of means whose critical values are those of the data's
    own t statistic, so that skewness moves them.

    Units are drawn with replacement within each arm. Arms of many units cost their number times
    `samples`; with equal arms and many units Welch's interval is the same.

    Args:
        control: Values of the control, one per unit.
        treatment: Values of the treatment.
        rng: Seeded stream.
        samples: Resamples.
        confidence: Of the interval.

    Source: Efron and Tibshirani 1993, section 12.5; Hall 1988, "Theoretical Comparison of Bootstrap
    Confidence Intervals".
    """
    arms = (np.asarray(control, dtype=float), np.asarray(treatment, dtype=float))
    difference = float(arms[1].mean() - arms[0].mean())
    error = float(np.sqrt(sum(arm.var(ddof=1) / len(arm) for arm in arms)))
    drawn = [_resampled(arm, rng, samples) for arm in arms]
    spread = np.sqrt(sum(squared for _, squared in drawn))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = (drawn[1][0] - drawn[0][0] - difference) / spread
    known = statistics[np.isfinite(statistics)]
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return difference - float(high) * error, difference - float(low) * error


def _resampled(arm: Floats, rng: np.random.Generator, samples: int) -> tuple[Floats, Floats]:
    """Return means and squared errors of resamples of one arm."""
    means, errors = np.empty(samples), np.empty(samples)
    for first in range(0, samples, RESAMPLES_AT_ONCE):
        size = min(RESAMPLES_AT_ONCE, samples - first)
        drawn = arm[rng.integers(0, len(arm), (size, len(arm)))]
        means[first : first + size] = drawn.mean(axis=1)
        errors[first : first + size] = drawn.var(axis=1, ddof=1) / len(arm)
    return means, errors
