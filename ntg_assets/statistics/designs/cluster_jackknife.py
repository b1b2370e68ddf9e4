"""Arms of clusters compared: the error of a difference, of what leaving out each cluster does."""

from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.designs.cluster_sums import ClusterSums
from ntg_assets.statistics.designs.clusters import satterthwaite
from ntg_assets.statistics.designs.leave_one_out import adjusted_means, plain_means
from ntg_assets.statistics.designs.one_variance import Weighed, error_over_draws
from ntg_assets.statistics.moments import MINIMUM_UNITS


class Jackknifed(NamedTuple):
    """One treatment: adjusted means of all arms, and the squared error of the difference."""

    means: Floats
    squared: float
    squared_control: float
    degrees_of_freedom: float
    has_one_variance: bool = False


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
    whole, left = (adjusted_means if sums.q else plain_means)(sums, labels, n_arms)
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
