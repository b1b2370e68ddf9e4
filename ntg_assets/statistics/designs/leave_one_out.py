"""Means of arms of clusters, with all clusters and with each left out; by normal equations where
covariates adjust them.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.designs.cluster_sums import ClusterSums

BLOCK = 20_000  # clusters left out at once, which bounds the memory
ONE_CLUSTER = (
    "a covariate, a stratum or a denominator rests on one cluster alone: without it nothing can be"
    " compared. Leave it out, or merge strata."
)
WORST = 1e12  # condition of the equations, beyond which their solution is rounding


def plain_means(
    sums: ClusterSums, labels: npt.NDArray[np.int64], n_arms: int
) -> tuple[Floats, Floats]:
    """Solve without slopes: the ratio of each arm, with all its clusters and without each.

    Args:
        sums: Of each cluster.
        labels: Arm of each cluster; 0 is the control.
        n_arms: Arms.

    Returns:
        Arrays (arms) and (clusters, arms).

    Raises:
        NotEnoughDataError: the denominator of an arm is that of one cluster.
    """
    arms = np.eye(n_arms)[labels]
    below, above = arms.T @ sums.weights, arms.T @ sums.values
    rest = below - arms * sums.weights[:, None]
    if not (below.all() and rest.all()):
        raise NotEnoughDataError(ONE_CLUSTER)
    left = (above - arms * sums.values[:, None]) / rest
    return above / below, np.asarray(left, dtype=np.float64)


def adjusted_means(
    sums: ClusterSums, labels: npt.NDArray[np.int64], n_arms: int
) -> tuple[Floats, Floats]:
    """Solve with slopes: the mean of each arm, with all its clusters and without each.

    Args:
        sums: Of each cluster.
        labels: Arm of each cluster; 0 is the control.
        n_arms: Arms.

    Returns:
        Arrays (arms) and (clusters, arms).

    Raises:
        NotEnoughDataError: a slope or an arm hangs on one cluster.
    """
    equations = _equations_of_all(sums, np.eye(n_arms)[labels])
    whole = _solve(*equations)[0][:n_arms]
    without = _each_left_out(sums, labels, n_arms, equations)
    return whole, np.vstack([solved[:, :n_arms] for solved in without])


def _each_left_out(
    sums: ClusterSums, labels: npt.NDArray[np.int64], n_arms: int, equations: tuple[Floats, Floats]
) -> Iterator[Floats]:
    left, right = equations
    for first in range(0, len(labels), BLOCK):
        part = slice(first, first + BLOCK)
        of_each = _equations_of_each(sums, np.eye(n_arms)[labels[part]], part)
        yield _solve(left - of_each[0], right - of_each[1])


def _equations_of_all(sums: ClusterSums, arms: Floats) -> tuple[Floats, Floats]:
    """Write the normal equations of all clusters together."""
    left = _in_blocks(
        np.diag(arms.T @ sums.weights)[None],
        (arms.T @ sums.slopes)[None],
        sums.products.sum(axis=0)[None],
    )
    right = [(arms.T @ sums.values)[None], sums.moments.sum(axis=0)[None]]
    return left, np.concatenate(right, axis=1)


def _equations_of_each(sums: ClusterSums, arms: Floats, part: slice) -> tuple[Floats, Floats]:
    """Write the normal equations of each cluster of a part."""
    left = _in_blocks(
        arms[:, :, None] * arms[:, None, :] * sums.weights[part, None, None],
        arms[:, :, None] * sums.slopes[part, None, :],
        sums.products[part],
    )
    return left, np.concatenate([arms * sums.values[part, None], sums.moments[part]], axis=1)


def _in_blocks(top: Floats, side: Floats, products: Floats) -> Floats:
    """Join the blocks of symmetric equations: arms by arms, arms by slopes, slopes by slopes."""
    above = np.concatenate([top, side], axis=2)
    below = np.concatenate([side.transpose(0, 2, 1), products], axis=2)
    return np.concatenate([above, below], axis=1)


def _solve(left: Floats, right: Floats) -> Floats:
    with np.errstate(all="ignore"):
        worst = float(np.linalg.cond(left).max()) if left.shape[1] > 1 else 0.0
    if not worst < WORST:
        raise NotEnoughDataError(ONE_CLUSTER)
    solved = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return np.asarray(solved, dtype=np.float64)
