"""Contrasts of single units within strata."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.statistics.designs.one_variance import Weighed, error_over_draws
from ntg_assets.statistics.designs.strata import compare_within_strata
from ntg_assets.statistics.designs.units import Codes, Contrast, Units, sample_of
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.skewness import LARGER_ERROR, ONE_VARIANCE, is_unequal
from ntg_assets.statistics.two_samples import pooled_error, pooled_variance

Mask = npt.NDArray[np.bool_]


def contrast_within_strata(units: Units, *, n_arms: int) -> list[Contrast]:
    """Compare single units within their strata; without any, all of them.

    Args:
        units: All arms.
        n_arms: Arms that must be there.

    Raises:
        NotEnoughDataError: an arm lacks a stratum, or nothing varies in any.
    """
    strata = np.zeros(len(units.values), dtype=np.int64) if units.strata is None else units.strata
    names = [str(code) for code in np.unique(strata)]
    arms = [
        {
            name: sample_of(units.values[(units.arms == arm) & (strata == int(name))])
            for name in names
        }
        for arm in range(n_arms)
    ]
    plain = [sample_of(units.values[units.arms == arm]) for arm in range(n_arms)]
    sizes = {name: float(sum(arm[name].n for arm in arms)) for name in arms[0]}
    contrasts = stratified_contrasts(arms, plain, weights=sizes)
    shares = np.bincount(strata) / len(strata)
    return [
        _over_draws(contrast, units, strata, shares, arm=arm)
        for arm, contrast in enumerate(contrasts, start=1)
    ]


def _over_draws(
    contrast: Contrast, units: Units, strata: Codes, shares: Floats, *, arm: int
) -> Contrast:
    """Give a contrast the error over all draws of the arms where its own would mislead.

    Args:
        contrast: Of the arm.
        units: All arms.
        strata: Stratum of each unit.
        shares: Share of all units in each stratum.
        arm: The treatment.
    """
    in_pair = (units.arms == 0) | (units.arms == arm)
    codes = strata[in_pair]
    weighed = _weighed(units.values[in_pair], units.arms[in_pair] == arm, codes, shares)
    joint = error_over_draws(weighed)
    if joint is None:
        return contrast
    parts = np.bincount(codes, weights=weighed.residuals**2 * weighed.mean_weight(2))
    freedom = np.bincount(codes) - 2
    plain = pooled_error(*(sample_of(units.values[units.arms == place]) for place in (0, arm)))
    return replace(
        contrast,
        squared_error_control=joint.of_control,
        squared_error_treatment=joint.whole - joint.of_control,
        standard_error=sqrt(joint.whole),
        degrees_of_freedom=joint.whole**2 / float((parts**2 / np.maximum(freedom, 1)).sum()),
        removed_share=1 - joint.whole / plain,
        method=ONE_VARIANCE,
        has_one_variance=True,
    )


def _weighed(values: Floats, is_treated: Mask, strata: Codes, shares: Floats) -> Weighed:
    """Say what each unit counts for in the difference of its stratum, and what it would count for
    in the other arm.
    """
    cells = strata + len(shares) * is_treated
    counts = np.bincount(cells, minlength=2 * len(shares))
    sums = np.bincount(cells, weights=values, minlength=2 * len(shares))
    residuals = values - (sums / np.maximum(counts, 1))[cells]
    n_control, n_treatment = counts[strata], counts[strata + len(shares)]
    in_control, in_treatment = -shares[strata] / n_control, shares[strata] / n_treatment
    return Weighed(
        residuals * np.sqrt(counts / np.maximum(counts - 1, 1))[cells],
        np.where(is_treated, in_treatment, in_control),
        in_control,
        in_treatment,
        n_treatment / (n_control + n_treatment),
    )


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


def with_larger_error(
    contrast: Contrast,
    pair: tuple[dict[str, Sample], dict[str, Sample]],
    plain: tuple[Sample, Sample],
    *,
    weights: dict[str, float],
) -> Contrast:
    """Give a contrast of which only counts, means and variances are known the larger of two errors,
    each arm's own and one variance in a stratum (see `compare_unknown_shapes`).

    Args:
        contrast: Of the two arms.
        pair: Control and treatment by stratum.
        plain: Both without strata.
        weights: Units of each stratum, all arms together.
    """
    total = sum(weights.values())
    alike = {
        name: ((weights[name] / total) ** 2 * pooled_variance(control, pair[1][name]), control.n)
        for name, control in pair[0].items()
    }
    of_control = sum(variance / n for variance, n in alike.values())
    parts = {
        name: variance * (1 / n + 1 / pair[1][name].n) for name, (variance, n) in alike.items()
    }
    whole = sum(parts.values())
    if not is_unequal(*plain) or whole <= contrast.standard_error**2:
        return contrast
    freedom = {name: alike[name][1] + pair[1][name].n - 2 for name in parts}
    return replace(
        contrast,
        squared_error_control=of_control,
        squared_error_treatment=whole - of_control,
        standard_error=sqrt(whole),
        degrees_of_freedom=whole**2 / sum(part**2 / freedom[name] for name, part in parts.items()),
        removed_share=1 - whole / pooled_error(*plain),
        method=LARGER_ERROR,
    )


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
