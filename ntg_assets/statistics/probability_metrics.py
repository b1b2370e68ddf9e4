"""How good probabilities are: discrimination, calibration,
and the noise that a perfect model would show.

Rows of one user at several origins are not independent, so intervals come from resampling users,
not rows.
"""

from dataclasses import dataclass

import numpy as np

from ntg_assets.arrays import Floats, Longs
from ntg_assets.statistics.glm import Z_95, maximum_likelihood, sandwich, sigmoid

MAX_WEIGHTS = 20_000_000  # draws held at once: 160 MB
SMALLEST_PROBABILITY = 1e-12  # a certain and wrong forecast costs much, not infinitely much


@dataclass(frozen=True)
class Metric:
    """One number with its 95% interval; null where it is not defined
    (an AUC without both outcomes).
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    bin: int = 0


def auc(predicted: Floats, churned: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve of each row of weights;
    NaN without both outcomes. Ties count one half.

    Args:
        predicted: Probabilities, shape (n,).
        churned: 0 or 1, shape (n,).
        weights: Shape (samples, n).

    Source: Mann and Whitney 1947 (the curve's area is their statistic).
    """
    order = np.argsort(predicted, kind="stable")
    starts = np.flatnonzero(np.diff(predicted[order], prepend=-1.0))
    positive = np.add.reduceat(weights[:, order] * churned[order], starts, axis=1)
    negative = np.add.reduceat(weights[:, order] * (1 - churned[order]), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + negative / 2)).sum(axis=1)
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    return np.where(pairs > 0, wins / np.where(pairs > 0, pairs, 1.0), np.nan)


def log_loss(predicted: Floats, churned: Floats) -> Floats:
    """Minus log likelihood of each row."""
    kept = np.clip(predicted, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -(churned * np.log(kept) + (1 - churned) * np.log1p(-kept))


def equal_mass_bins(predicted: Floats, n_bins: int) -> Longs:
    """Number each row's bin from 1, in order of probability, sizes differing by at most one."""
    n = len(predicted)
    codes = np.empty(n, dtype=np.int64)
    codes[np.argsort(predicted, kind="stable")] = np.arange(n) * min(n_bins, n) // max(n, 1) + 1
    return codes


def expected_calibration_error(predicted: Floats, churned: Floats, bins: Longs) -> Floats:
    """Mean absolute gap between predicted and observed rate over bins, weighted by size.

    Args:
        predicted: Shape (n,).
        churned: Shape (samples, n): several sets of outcomes at once.
        bins: Bin of each row, from 1.
    """
    order = np.argsort(bins, kind="stable")
    starts = np.flatnonzero(np.diff(bins[order], prepend=0))
    gaps = np.add.reduceat(churned[:, order] - predicted[order], starts, axis=1)
    return np.abs(gaps).sum(axis=1) / len(predicted)


def calibration_noise(
    predicted: Floats, bins: Longs, *, samples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """ECE that a perfectly calibrated model would show on as many rows: its mean and its 95% point,
    by simulation.

    Args:
        predicted: Probabilities, shape (n,).
        bins: Bin of each row, from 1.
        samples: Sets of outcomes that are drawn.
        rng: Seeded stream.
    """
    errors = []
    step = max(1, MAX_WEIGHTS // max(len(predicted), 1))
    for start in range(0, samples, step):
        drawn = rng.random((min(step, samples - start), len(predicted))) < predicted
        errors.append(expected_calibration_error(predicted, drawn.astype(np.float64), bins))
    simulated = np.concatenate(errors)
    return float(simulated.mean()), float(np.quantile(simulated, 0.95))


def brier_parts(predicted: Floats, churned: Floats, bins: Longs) -> dict[str, float]:
    """Split the Brier score: reliability - resolution + uncertainty + what is left inside the bins.

    Args:
        predicted: Probabilities, shape (n,).
        churned: Outcome, 0 or 1, shape (n,).
        bins: Bin of each row, from 1, none empty.

    Source: Murphy 1973, "A new vector partition of the probability score".
    """
    n, rate = len(predicted), churned.mean()
    sizes = np.bincount(bins)[1:]
    forecast = np.bincount(bins, predicted)[1:] / sizes
    observed = np.bincount(bins, churned)[1:] / sizes
    reliability = float((sizes * (forecast - observed) ** 2).sum() / n)
    resolution = float((sizes * (observed - rate) ** 2).sum() / n)
    uncertainty = float(rate * (1 - rate))
    score = float(((predicted - churned) ** 2).mean())
    return {
        "brier": score,
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
        "brier_within_bins": score - reliability + resolution - uncertainty,
    }


def calibration_line(predicted: Floats, churned: Floats, users: Longs) -> list[Metric]:
    """Slope of the outcome on the predicted log odds (1 is right),
    and offset at slope 1 (0 is right), clustered by user.

    Args:
        predicted: Probabilities, shape (n,).
        churned: Outcome, 0 or 1, shape (n,).
        users: User of each row, as a code: rows of one user are not independent.

    Source: Cox 1958, "Two further applications of a model for binary regression".
    """
    kept = np.clip(predicted, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    logit = np.log(kept / (1 - kept))
    ones = np.ones((len(logit), 1))
    slope = _line(np.column_stack([ones, logit]), churned, users, offset=np.zeros(len(logit)))
    offset = _line(ones, churned, users, offset=logit)
    return [_interval("calibration_slope", slope, 1), _interval("calibration_offset", offset, 0)]


def _line(
    design: Floats, churned: Floats, users: Longs, *, offset: Floats
) -> tuple[Floats, Floats] | None:
    """Maximum likelihood and clustered covariance, or None where no finite maximum exists."""
    if np.ptp(design[:, -1]) == 0 < design.shape[1] - 1:
        return None
    coefficients = maximum_likelihood(design, churned, offset=offset)
    if coefficients is None:
        return None
    expected = sigmoid(design @ coefficients + offset)
    return coefficients, sandwich(
        design, churned - expected, expected * (1 - expected), users, penalty=0.0
    )


def _interval(name: str, fitted: tuple[Floats, Floats] | None, position: int) -> Metric:
    if fitted is None:
        return Metric(name, None)
    value = float(fitted[0][position])
    error = float(np.sqrt(fitted[1][position, position]))
    return Metric(name, value, value - Z_95 * error, value + Z_95 * error)
