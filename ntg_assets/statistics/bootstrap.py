"""Intervals over users, by a seeded bootstrap: users are drawn, with all that is theirs."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from ntg_assets.arrays import Floats, Longs

LEVEL = 0.95
# users; with so many the bootstrap and the normal interval of a mean are the same, and one of them
# is free
NORMAL_FROM = 5_000
RESAMPLES_AT_ONCE = 100
FEWEST_RESAMPLES = 100
MOST_WEIGHTS = 20_000_000  # of rows held at once: 160 MB
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)


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
        np.einsum("su,uc->sc", counts, values) / n_users
        for counts in resampled_users(n_users, rng=rng, samples=samples)
    ]
    low, high = np.quantile(np.concatenate(drawn), TAILS, axis=0)
    return Interval(mean, low, high)


def resampled_users(n_users: int, *, rng: np.random.Generator, samples: int) -> Iterator[Floats]:
    """Draw users with replacement: how often each counts, shape (at most 100 samples, users)."""
    for first in range(0, samples, RESAMPLES_AT_ONCE):
        size = min(RESAMPLES_AT_ONCE, samples - first)
        drawn = rng.integers(0, n_users, size=(size, n_users))
        counts = np.zeros((size, n_users))
        np.add.at(counts, (np.arange(size)[:, None], drawn), 1.0)
        yield counts


def row_weights(users: Longs, *, samples: int, rng: np.random.Generator) -> Floats:
    """Resample users with all their rows, which are not independent: how often each row counts.

    Args:
        users: User of each row, numbered from 0 on.
        samples: Resamples; fewer, but 100 at least, where there are very many rows.
        rng: Seeded stream.

    Returns:
        Shape (samples, rows).
    """
    kept = max(FEWEST_RESAMPLES, min(samples, MOST_WEIGHTS // len(users)))
    counts = resampled_users(int(users.max()) + 1, rng=rng, samples=kept)
    return np.concatenate([drawn[:, users] for drawn in counts])


def percentile_interval(values: Floats) -> tuple[float | None, float | None]:
    """Middle 95% of the defined values."""
    defined = values[~np.isnan(values)]
    if not defined.size:
        return None, None
    low, high = np.quantile(defined, TAILS)
    return float(low), float(high)


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
    finite = statistics[np.isfinite(statistics)]
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
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
