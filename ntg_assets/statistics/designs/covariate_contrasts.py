"""Contrasts of single units with covariates of their own, by one regression."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Floats
from ntg_assets.statistics.designs.covariates import Fitted, fit_with_covariates
from ntg_assets.statistics.designs.one_variance import Weighed, error_over_draws
from ntg_assets.statistics.designs.slopes import slopes_of
from ntg_assets.statistics.designs.units import Codes, Contrast, Units, sample_of
from ntg_assets.statistics.samples import Sample
from ntg_assets.statistics.skewness import ONE_VARIANCE
from ntg_assets.statistics.two_samples import Difference, pooled_error

Mask = npt.NDArray[np.bool_]


def fit_contrasts(units: Units, *, n_arms: int) -> list[Contrast]:
    """Compare arms by a regression on covariates and strata, with an error for each unit (HC2).

    Args:
        units: All arms.
        n_arms: Arms that must be there.

    Raises:
        NotEnoughDataError: more slopes and arms than units, or nothing is left to vary.
    """
    fitted = fit_with_covariates(*_by_arm(units, slopes_of(units), n_arms))
    samples = [sample_of(units.values[units.arms == arm]) for arm in range(n_arms)]
    labels = np.repeat(np.arange(n_arms), [int(sample.n) for sample in samples])
    return [
        _contrast(fitted, labels, (samples[0], samples[arm]), arm=arm) for arm in range(1, n_arms)
    ]


def _contrast(fitted: Fitted, labels: Codes, pair: tuple[Sample, Sample], *, arm: int) -> Contrast:
    """Compare one treatment with the control; where its own error would mislead, with that over all
    draws of the arms.
    """
    own = fitted.inverse[arm] - fitted.inverse[0]
    plain = contrast_of_regression(fitted.difference(own, own**2), *pair)
    in_pair = (labels == 0) | (labels == arm)
    weighed = _weighed(fitted, own, in_pair, labels == arm, arm=arm)
    joint = error_over_draws(weighed)
    if joint is None:
        return plain
    squares = own**2
    squares[in_pair] = weighed.mean_weight(2)
    found = fitted.difference(own, squares)
    whole = found.standard_error**2
    return replace(
        plain,
        squared_error_control=joint.of_control,
        squared_error_treatment=whole - joint.of_control,
        standard_error=found.standard_error,
        degrees_of_freedom=found.degrees_of_freedom,
        removed_share=1 - whole / pooled_error(*pair),
        method=ONE_VARIANCE,
        has_one_variance=True,
    )


def _weighed(fitted: Fitted, own: Floats, in_pair: Mask, is_treated: Mask, *, arm: int) -> Weighed:
    """Say what each unit of two arms counts for, and what it would count for in either."""
    by_column = fitted.inverse @ own  # the weight that each column of the design gives
    slopes = fitted.design[in_pair][:, fitted.n_arms :] @ by_column[fitted.n_arms :]
    return Weighed(
        fitted.scaled[in_pair],
        own[in_pair],
        by_column[0] + slopes,
        by_column[arm] + slopes,
        np.full(len(slopes), is_treated.sum() / in_pair.sum()),
    )


def contrast_of_regression(difference: Difference, control: Sample, treatment: Sample) -> Contrast:
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
