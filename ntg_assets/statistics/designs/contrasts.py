"""Treatments against a control where units come in clusters or strata, or with covariates of their
own: from units to the few numbers that an interval of any confidence needs.
"""

from ntg_assets.statistics.classical_tests import compare_with_one_variance
from ntg_assets.statistics.designs.cluster_contrasts import (
    cluster_arms,
    cluster_sums,
    jackknife_contrasts,
)
from ntg_assets.statistics.designs.covariate_contrasts import contrast_of_regression, fit_contrasts
from ntg_assets.statistics.designs.strata_contrasts import contrast_within_strata
from ntg_assets.statistics.designs.units import Contrast, Units, sample_of


def contrast_units(units: Units, *, n_arms: int | None = None) -> list[Contrast]:
    """Compare every treatment with the control, as the units were randomised.

    Clusters and ratios by the jackknife over clusters, strata and covariates being slopes of one
    regression; single units with covariates by that regression with errors of their own (HC2);
    strata alone by post-stratification.

    Args:
        units: All arms.
        n_arms: Arms that must be there; None: those that are.

    Raises:
        NotEnoughDataError: an arm has too few units or clusters, or nothing varies.
    """
    n = units.n_arms if n_arms is None else n_arms
    if units.needs_jackknife:
        return jackknife_contrasts(cluster_sums(units), labels=cluster_arms(units), n_arms=n)
    if units.covariates is None or not units.covariates.shape[1]:
        return contrast_within_strata(units, n_arms=n)
    return fit_contrasts(units, n_arms=n)


def contrast_alike(units: Units, *, n_arms: int) -> list[Contrast]:
    """Compare single units of which no arm can have changed anything: with one variance, whatever
    their strata.

    Raises:
        NotEnoughDataError: an arm has too few units, or nothing varies.
    """
    control, *treated = (sample_of(units.values[units.arms == arm]) for arm in range(n_arms))
    return [
        contrast_of_regression(compare_with_one_variance(control, sample), control, sample)
        for sample in treated
    ]
