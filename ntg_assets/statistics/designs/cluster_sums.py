"""Sums over the units of each cluster: all that a comparison of arms of clusters needs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats


class ClusterSums(NamedTuple):
    """Sums over the units of each cluster, enough for a regression of its own arm on slopes.

    Attributes:
        weights: Units, or their denominators.
        values: Values.
        slopes: Weights times covariates, array (clusters, q).
        products: Weights times products of covariates, array (clusters, q, q).
        moments: Values times covariates, array (clusters, q).
    """

    weights: Floats
    values: Floats
    slopes: Floats
    products: Floats
    moments: Floats

    @property
    def q(self) -> int:
        """Slopes."""
        return int(self.slopes.shape[1])

    def without_slopes(self) -> "ClusterSums":
        return self._replace(
            slopes=self.slopes[:, :0],
            products=self.products[:, :0, :0],
            moments=self.moments[:, :0],
        )


def add_up(
    values: Floats, weights: Floats, slopes: Floats, clusters: npt.NDArray[np.int64]
) -> ClusterSums:
    """Add up the units of each cluster.

    Args:
        values: One per unit; sums where weights are sizes.
        weights: What values are divided by.
        slopes: Array (units, q).
        clusters: Codes from 0.
    """
    k, q = int(clusters.max()) + 1 if len(clusters) else 0, slopes.shape[1]

    def of(what: Floats) -> Floats:
        return np.bincount(clusters, weights=what, minlength=k).astype(np.float64)

    def by_slope(what: Floats) -> Floats:
        return np.column_stack([of(what * slope) for slope in slopes.T] or [np.empty((k, 0))])

    products = np.zeros((k, q, q))
    for slope in range(q):
        for second in range(slope, q):
            product = of(weights * slopes[:, slope] * slopes[:, second])
            products[:, slope, second] = products[:, second, slope] = product
    return ClusterSums(of(weights), of(values), by_slope(weights), products, by_slope(values))
