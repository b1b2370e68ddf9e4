"""Treatments against a control where units come in clusters or strata, or with covariates of their
own: from units to the few numbers that an interval of any confidence needs.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.statistics.classical_tests import compare_with_one_variance
from ntg_assets.statistics.designs.cluster_contrasts import (
    cluster_arms,
    cluster_sums,
    jackknife_contrasts,
)
from ntg_assets.statistics.designs.covariates import compare_with_covariates
from ntg_assets.statistics.designs.slopes import slopes_of
from ntg_assets.statistics.designs.strata import compare_within_strata
from ntg_assets.statistics.designs.units import Contrast, Units
from ntg_assets.statistics.moments import MINIMUM_UNITS
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.two_samples import Difference


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
        return _within_strata(units, n)
    differences = compare_with_covariates(*_by_arm(units, slopes_of(units), n))
    samples = [_sample(units.values[units.arms == arm]) for arm in range(n)]
    return [
        _of_regression(difference, samples[0], treated)
        for difference, treated in zip(differences, samples[1:], strict=True)
    ]


def contrast_alike(units: Units, *, n_arms: int) -> list[Contrast]:
    """Compare single units of which no arm can have changed anything: with one variance, whatever
    their strata.

    Raises:
        NotEnoughDataError: an arm has too few units, or nothing varies.
    """
    control, *treated = (_sample(units.values[units.arms == arm]) for arm in range(n_arms))
    return [
        _of_regression(compare_with_one_variance(control, sample), control, sample)
        for sample in treated
    ]


def _within_strata(units: Units, n_arms: int) -> list[Contrast]:
    strata = np.zeros(len(units.values), dtype=np.int64) if units.strata is None else units.strata
    names = [str(code) for code in np.unique(strata)]
    arms = [
        {name: _sample(units.values[(units.arms == arm) & (strata == int(name))]) for name in names}
        for arm in range(n_arms)
    ]
    plain = [_sample(units.values[units.arms == arm]) for arm in range(n_arms)]
    sizes = {name: float(sum(arm[name].n for arm in arms)) for name in names}
    return stratified_contrasts(arms, plain, weights=sizes)


def stratified_contrasts(
    arms: Sequence[dict[str, Sample]], plain: Sequence[Sample], *, weights: dict[str, float]
) -> list[Contrast]:
    """Compare every treatment with the control within strata.

    Args:
        arms: Of each arm, control first, its units by stratum.
        plain: Each arm without strata.
        weights: Units of each stratum, all arms together.

    Raises:
        NotEnoughDataError: an arm lacks a stratum, or nothing varies in any.
    """
    return [
        _stratified_contrast((arms[0], treated), (plain[0], sample), weights=weights)
        for treated, sample in zip(arms[1:], plain[1:], strict=True)
    ]


def _stratified_contrast(
    pair: tuple[dict[str, Sample], dict[str, Sample]],
    plain: tuple[Sample, Sample],
    *,
    weights: dict[str, float],
) -> Contrast:
    difference = compare_within_strata(*pair, weights=weights)
    means = [_over_strata(arm, weights, lambda sample: sample.mean) for arm in pair]
    errors = [_over_strata(arm, weights, lambda sample: sample.squared_error, 2) for arm in pair]
    before = plain[0].squared_error + plain[1].squared_error
    return Contrast(
        int(plain[0].n),
        int(plain[1].n),
        means[0],
        means[1],
        errors[0],
        errors[1],
        difference.difference,
        difference.standard_error,
        difference.degrees_of_freedom,
        1 - difference.standard_error**2 / before if before > 0 else 0.0,
        "",
    )


def _over_strata(
    arm: dict[str, Sample],
    weights: dict[str, float],
    of: Callable[[Sample], float],
    power: int = 1,
) -> float:
    """Weigh a figure of each stratum by the stratum's share of all units, to a power."""
    total = sum(weights.values())
    return sum((weights[name] / total) ** power * of(arm[name]) for name in arm)


def _of_regression(difference: Difference, control: Sample, treatment: Sample) -> Contrast:
    """Share the error of a regression between the arms as their plain errors lie."""
    before = control.squared_error + treatment.squared_error
    squared = difference.standard_error**2
    part = squared * control.squared_error / before
    # the control stays where it is, so that all treatments stand beside one mean
    return Contrast(
        int(control.n),
        int(treatment.n),
        control.mean,
        control.mean + difference.difference,
        part,
        squared - part,
        difference.difference,
        difference.standard_error,
        difference.degrees_of_freedom,
        1 - squared / before,
        "",
    )


def _by_arm(units: Units, slopes: Floats, n: int) -> tuple[Sequence[Floats], Sequence[Floats]]:
    places = [units.arms == arm for arm in range(n)]
    return [units.values[rows] for rows in places], [slopes[rows] for rows in places]


def _sample(values: Floats) -> Sample:
    n = len(values)
    return Sample(
        n,
        float(values.mean()) if n else 0.0,
        float(values.var(ddof=1)) if n >= MINIMUM_UNITS else 0.0,
    )
