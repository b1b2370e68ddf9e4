"""Arms whose units were randomised in clusters (households, shops, teams): what varies is the
cluster.

Read singly, units of one cluster count as if each said something new: at an intra-cluster
correlation of .5 and ten units a cluster, 21% and more of tests without an effect claim one. The
mean over units is a ratio over clusters, the sum of the values by the number of units, so its error
is that of a ratio and its degrees of freedom are those of clusters.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.student_t import Alternative
from ntg_assets.statistics.two_samples import Difference, t_difference


class ClusterMeans(NamedTuple):
    """One arm by its clusters.

    Attributes:
        sums: Sum of the values of each cluster.
        sizes: Units of each cluster.
    """

    sums: Floats
    sizes: Floats

    @property
    def mean(self) -> float:
        """Mean over units."""
        return float(self.sums.sum() / self.sizes.sum())


def clustered(values: Sequence[float] | Floats, clusters: npt.ArrayLike) -> ClusterMeans:
    """Add up the units of each cluster; those without a value (NaN) do not count.

    Args:
        values: One per unit.
        clusters: Cluster of each unit.
    """
    numbers = np.asarray(values, dtype=float)
    is_given = ~np.isnan(numbers)
    _, place = np.unique(np.asarray(clusters)[is_given], return_inverse=True)
    sums = np.bincount(place, weights=numbers[is_given])
    return ClusterMeans(sums.astype(np.float64), np.bincount(place).astype(np.float64))


def compare_clusters(
    control: ClusterMeans,
    treatment: ClusterMeans,
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Difference:
    """Compare the means over units of two arms of clusters.

    The error is the jackknife over clusters (CR3), which stays honest with few clusters and unequal
    sizes; the degrees of freedom are Welch's, over clusters, less what unequal sizes cost.

    Source: Bell and McCaffrey 2002, "Bias reduction in standard errors for linear regression with
    multi-stage samples" (the correction for leverage; degrees of freedom by Satterthwaite).

    Raises:
        NotEnoughDataError: an arm has fewer than two clusters, or nothing varies.
    """
    arms = [_squared_error(arm) for arm in (control, treatment)]
    squared = sum(error for error, _ in arms)
    if squared == 0:
        raise NotEnoughDataError(
            f"every cluster has the same mean in its arm ({control.mean:g}, {treatment.mean:g}): no"
            " interval exists."
        )
    df = squared**2 / sum(error**2 / freedom for error, freedom in arms)
    error, difference = sqrt(squared), treatment.mean - control.mean
    return t_difference(difference, error, df, confidence=confidence, alternative=alternative)


def cluster_sample(arm: ClusterMeans) -> Sample:
    """Read an arm of clusters as a sample of clusters, for plans and relative effects."""
    error, _ = _squared_error(arm)
    n = len(arm.sizes)
    return Sample(n, arm.mean, error * n)


def intracluster_correlation(arm: ClusterMeans, squares: float) -> float:
    """Return the share of the variance that lies between clusters (one-way analysis of variance).

    Args:
        arm: The clusters.
        squares: Sum of the squared values of all units.

    Source: Donner 1986, "A Review of Inference Procedures for the Intraclass Correlation
    Coefficient in the One-Way Random Effects Model".
    """
    k, n = len(arm.sizes), float(arm.sizes.sum())
    between = float((arm.sums**2 / arm.sizes).sum() - n * arm.mean**2) / (k - 1)
    within = (squares - float((arm.sums**2 / arm.sizes).sum())) / (n - k)
    typical = (n - float((arm.sizes**2).sum()) / n) / (k - 1)
    return (between - within) / (between + (typical - 1) * within)


def design_effect(size: float, correlation: float, *, size_variation: float = 0.0) -> float:
    """Return by how much clusters multiply the variance of a mean.

    Args:
        size: Mean units per cluster.
        correlation: Intra-cluster correlation.
        size_variation: Standard deviation of the sizes over their mean.

    Source: Eldridge, Ashby and Kerry 2006, "Sample size for cluster randomized trials: effect of
    coefficient of variation of cluster size and analysis method".
    """
    return 1 + (size * (1 + size_variation**2) - 1) * correlation


def _squared_error(arm: ClusterMeans) -> tuple[float, float]:
    """Return the squared error of an arm's mean and its degrees of freedom."""
    k = len(arm.sizes)
    if k < MINIMUM_UNITS:
        raise NotEnoughDataError(
            f"an arm of {k} clusters has no error; at least {MINIMUM_UNITS} are needed."
        )
    weights = arm.sizes / arm.sizes.sum()
    residuals = arm.sums - arm.mean * arm.sizes
    apart = residuals / arm.sizes.sum() / (1 - weights)
    squared = float((apart**2).sum()) * (k - 1) / k
    return squared, satterthwaite(arm.sizes)


def satterthwaite(sizes: Floats) -> float:
    """Return the degrees of freedom of an arm of clusters, for equal variances between them:
    sum(w^2 / (1 - w))^2 over the sum of squares, less one; at least 1.
    """
    weights = sizes / sizes.sum()
    parts = weights**2 / (1 - weights)
    return max(float(parts.sum() ** 2 / (parts**2).sum()) - 1, 1.0)
