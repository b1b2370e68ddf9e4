"""Contrasts of units that were randomised in clusters, by the jackknife."""

import numpy as np

from ntg_assets.statistics.designs.cluster_jackknife import Jackknifed, jackknife
from ntg_assets.statistics.designs.cluster_sums import ClusterSums, add_up
from ntg_assets.statistics.designs.slopes import slopes_of
from ntg_assets.statistics.designs.units import Codes, Contrast, Units
from ntg_assets.statistics.skewness import ONE_VARIANCE


def cluster_sums(units: Units) -> ClusterSums:
    """Add up what the jackknife needs of each cluster; units without one are their own."""
    weights = np.ones(len(units.values)) if units.weights is None else units.weights
    return add_up(units.values, weights, slopes_of(units), cluster_codes(units))


def cluster_arms(units: Units) -> Codes:
    """Return the arm of each cluster, in the order of `cluster_sums`."""
    codes = cluster_codes(units)
    arms = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    arms[codes] = units.arms
    return arms


def one_per_cluster(units: Units) -> Codes | None:
    """Return the stratum of each cluster; None where there are none, or a cluster has several."""
    if units.strata is None:
        return None
    codes = cluster_codes(units)
    label_of = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    label_of[codes] = units.strata
    return label_of if bool((label_of[codes] == units.strata).all()) else None


def jackknife_contrasts(sums: ClusterSums, *, labels: Codes, n_arms: int) -> list[Contrast]:
    """Compare arms of clusters."""
    jackknifed = jackknife(sums, labels=labels, n_arms=n_arms)
    plain = jackknife(sums.without_slopes(), labels=labels, n_arms=n_arms) if sums.q else jackknifed
    counts = np.bincount(labels, minlength=n_arms)
    return [
        _contrast(own, before if sums.q else None, place=place, counts=counts)
        for place, (own, before) in enumerate(zip(jackknifed, plain, strict=True), start=1)
    ]


def _contrast(own: Jackknifed, before: Jackknifed | None, *, place: int, counts: Codes) -> Contrast:
    """Compare the treatment at a place with the control; `before` is the same without slopes."""
    return Contrast(
        int(counts[0]),
        int(counts[place]),
        float(own.means[0]),
        float(own.means[place]),
        own.squared_control,
        own.squared - own.squared_control,
        float(own.means[place] - own.means[0]),
        own.squared**0.5,
        own.degrees_of_freedom,
        None if before is None else 1 - own.squared / before.squared,
        ONE_VARIANCE if own.has_one_variance else "",
        own.has_one_variance,
    )


def cluster_codes(units: Units) -> Codes:
    """Number the clusters from 0 on; units without any are clusters of one."""
    if units.clusters is None:
        return np.arange(len(units.values))
    return np.unique(units.clusters, return_inverse=True)[1].astype(np.int64)
