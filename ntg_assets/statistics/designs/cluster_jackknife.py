"""Arms of clusters with covariates: one regression, and what leaving out each cluster does."""

from collections.abc import Iterator
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.designs.clusters import satterthwaite
from ntg_assets.statistics.designs.one_variance import Weighed, error_over_draws
from ntg_assets.statistics.moments import MINIMUM_UNITS

BLOCK = 20_000  # clusters left out at once, which bounds the memory
ONE_CLUSTER = (
    "a covariate, a stratum or a denominator rests on one cluster alone: without it nothing can be"
    " compared. Leave it out, or merge strata."
)
WORST = 1e12  # condition of the equations, beyond which their solution is rounding


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


class Jackknifed(NamedTuple):
    """One treatment: adjusted means of all arms, and the squared error of the difference."""

    means: Floats
    squared: float
    squared_control: float
    degrees_of_freedom: float
    has_one_variance: bool = False


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


def jackknife(sums: ClusterSums, *, labels: npt.NDArray[np.int64], n_arms: int) -> list[Jackknifed]:
    """Compare every treatment with the control, with the jackknife's error.

    Without covariates these are `compare_clusters` and its degrees of freedom; slopes cost one
    each. Leaving out whole clusters keeps what units of one have in common, and the error with few
    and unequal clusters on the safe side.

    Args:
        sums: Of each cluster.
        labels: Arm of each cluster; 0 is the control.
        n_arms: Arms.

    Source: Bell and McCaffrey 2002 (the jackknife, CR3); Hansen 2025, "Jackknife standard errors
    for clustered regression".

    Raises:
        NotEnoughDataError: an arm has fewer than two clusters, nothing varies, or the slopes hang
            on one cluster.
    """
    counts = np.bincount(labels, minlength=n_arms)
    _raise_if_lone_clusters(int(counts.min()))
    whole, left = (_adjusted_means if sums.q else _means)(sums, labels, n_arms)
    return [
        _jackknifed(sums, labels, whole, left[:, arm] - left[:, 0], arm=arm)
        for arm in range(1, n_arms)
    ]


def _jackknifed(
    sums: ClusterSums, labels: npt.NDArray[np.int64], whole: Floats, without: Floats, *, arm: int
) -> Jackknifed:
    """Compare one treatment with the control.

    Args:
        sums: Of each cluster.
        labels: Arm of each cluster.
        whole: Mean of each arm.
        without: Difference of the two arms without each cluster.
        arm: The treatment.
    """
    counts = np.bincount(labels, minlength=len(whole))
    moved = (without - (whole[arm] - whole[0])) * np.sqrt((counts - 1) / counts)[labels]
    parts = np.bincount(labels, weights=moved**2, minlength=len(counts)).astype(np.float64)
    if not parts.any():
        _raise_equal_means(whole[0], whole[arm])
    in_pair = (labels == 0) | (labels == arm)
    joint = error_over_draws(
        _weighed(sums.weights[in_pair], labels[in_pair] == arm, moved[in_pair])
    )
    if joint is None:
        df = _degrees_of_freedom(sums.weights, labels, parts, arm) - sums.q
        return Jackknifed(whole, float(parts.sum()), float(parts[0]), max(df, 1.0))
    others = float(parts.sum() - parts[0] - parts[arm])
    df = satterthwaite(sums.weights[in_pair]) - 1 - sums.q
    return Jackknifed(
        whole, joint.whole + others, joint.of_control, max(df, 1.0), has_one_variance=True
    )


def _weighed(sizes: Floats, is_treated: npt.NDArray[np.bool_], moved: Floats) -> Weighed:
    """Read what leaving out a cluster moves as its residual by the size of its arm."""
    of_arm = [1 / float(sizes[~is_treated].sum()), 1 / float(sizes[is_treated].sum())]
    in_control, in_treatment = (np.full(len(sizes), weight) for weight in (-of_arm[0], of_arm[1]))
    own = np.where(is_treated, in_treatment, in_control)
    chance = np.full(len(sizes), is_treated.mean())
    return Weighed(moved / own, own, in_control, in_treatment, chance)


def _degrees_of_freedom(
    weights: Floats, labels: npt.NDArray[np.int64], parts: Floats, arm: int
) -> float:
    """Return Satterthwaite's degrees of freedom over the arms of clusters: of the errors that were
    found, but no more than of clusters that vary alike in all arms. The few clusters of a small arm
    that happen to lie close together make its error small and its freedom large (3 days against 11:
    7 to 10% of tests without an effect claim one).
    """
    freedom = np.array([satterthwaite(weights[labels == place]) for place in range(len(parts))])
    squares = np.bincount(labels, weights=weights**2, minlength=len(parts))
    alike = squares / np.bincount(labels, weights=weights, minlength=len(parts)) ** 2
    pair = [0, arm]
    return min(
        float(of_arm.sum() ** 2 / (of_arm**2 / own).sum())
        for of_arm, own in ((parts, freedom), (alike[pair], freedom[pair]))
    )


def _raise_if_lone_clusters(fewest: int) -> None:
    if fewest < MINIMUM_UNITS:
        raise NotEnoughDataError(
            f"an arm of {fewest} clusters has no error; at least {MINIMUM_UNITS} are needed."
        )


def _raise_equal_means(control: float, treatment: float) -> NoReturn:
    raise NotEnoughDataError(
        f"every cluster has the same mean in its arm ({control:g}, {treatment:g}): no interval"
        " exists."
    )


def _means(sums: ClusterSums, labels: npt.NDArray[np.int64], n_arms: int) -> tuple[Floats, Floats]:
    """Solve without slopes: the ratio of each arm, with all its clusters and without each."""
    arms = np.eye(n_arms)[labels]
    below, above = arms.T @ sums.weights, arms.T @ sums.values
    rest = below - arms * sums.weights[:, None]
    if not (below.all() and rest.all()):
        raise NotEnoughDataError(ONE_CLUSTER)
    left = (above - arms * sums.values[:, None]) / rest
    return above / below, np.asarray(left, dtype=np.float64)


def _adjusted_means(
    sums: ClusterSums, labels: npt.NDArray[np.int64], n_arms: int
) -> tuple[Floats, Floats]:
    """Solve with slopes: the mean of each arm, with all its clusters and without each."""
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
