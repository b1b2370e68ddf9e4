"""Several covariates at once: each arm's mean, had its units been like all units before.

One set of slopes, fitted within the arms. Slopes cost degrees of freedom, and covariates that
differ between the arms by chance cost precision: without both, four covariates with eight units per
arm claim in 14% of tests without an effect.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.student_t import Alternative
from ntg_assets.statistics.two_samples import Difference, t_difference

RANK = 1e-10  # of the largest singular value; a direction below it is a repetition of others


def compare_with_covariates(
    values: Sequence[Sequence[float] | Floats],
    covariates: Sequence[Floats],
    *,
    confidence: float = 0.95,
    alternative: Alternative = "two-sided",
) -> list[Difference]:
    """Compare every treatment with the control, covariates held equal.

    Each unit's squared residual is divided by what the fit leaves of it (HC2), arms may have
    variances of their own, and the degrees of freedom are Satterthwaite's under one variance, which
    makes the test exact for normal values in equal arms.

    Args:
        values: Per arm, control first, one number per unit.
        covariates: Per arm, an array (units, covariates), known before the experiment.
        confidence: Of the intervals.
        alternative: Which differences the test looks for.

    Source: MacKinnon and White 1985 (HC2); Bell and McCaffrey 2002 (degrees of freedom); Lin 2013,
    "Agnostic notes on regression adjustments to experimental data".

    Raises:
        NotEnoughDataError: more slopes and arms than units, or nothing is left to vary.
    """
    fitted = fit_with_covariates(values, covariates)
    contrasts = [fitted.inverse[place] - fitted.inverse[0] for place in range(1, len(values))]
    return [
        fitted.difference(own, own**2, confidence=confidence, alternative=alternative)
        for own in contrasts
    ]


class Fitted(NamedTuple):
    """A regression of values on arms and covariates.

    Attributes:
        outcome: Value of each unit, arm by arm.
        design: Array (units, arms + slopes): which arm a unit is of, and its covariates.
        inverse: What turns values into coefficients, array (arms + slopes, units).
        residuals: What the fit leaves of each value.
        left: Share of a unit's own value that the fit leaves to it, 1 - h.
        n_arms: Columns of the design that are arms.
    """

    outcome: Floats
    design: Floats
    inverse: Floats
    residuals: Floats
    left: Floats
    n_arms: int

    @property
    def scaled(self) -> Floats:
        """Residuals as wide as the errors that they come from (HC2)."""
        return np.asarray(self.residuals / np.sqrt(self.left), dtype=np.float64)

    def difference(
        self,
        contrast: Floats,
        squares: Floats,
        *,
        confidence: float = 0.95,
        alternative: Alternative = "two-sided",
    ) -> Difference:
        """Test a weighed sum of the values, with an error for each unit (HC2).

        Args:
            contrast: Weight of each unit.
            squares: By what its squared residual counts in the error.
            confidence: Of the interval.
            alternative: Which differences the test looks for.

        Raises:
            NotEnoughDataError: nothing is left to vary.
        """
        error = sqrt(float(squares @ (self.residuals**2 / self.left)))
        if error == 0:
            raise NotEnoughDataError(
                "the covariates explain every value, or no unit differs from another in its arm: no"
                " interval exists."
            )
        # between every two units: only where they are few enough to be kept
        hat = self.design @ self.inverse if len(self.outcome) <= MOST_EXACT else None
        df = _degrees_of_freedom(squares / self.left, self.left, hat)
        difference = float(contrast @ self.outcome)
        return t_difference(difference, error, df, confidence=confidence, alternative=alternative)


def fit_with_covariates(
    values: Sequence[Sequence[float] | Floats], covariates: Sequence[Floats]
) -> Fitted:
    """Fit one set of slopes within the arms.

    Args:
        values: Per arm, control first, one number per unit.
        covariates: Per arm, an array (units, covariates).

    Raises:
        NotEnoughDataError: more slopes and arms than units.
    """
    outcome = np.concatenate([np.asarray(of_arm, dtype=float) for of_arm in values])
    design = _design(covariates, sizes=[len(of_arm) for of_arm in values])
    if len(outcome) <= design.shape[1]:
        raise NotEnoughDataError(
            f"{len(outcome)} units cannot tell {len(values)} arms and"
            f" {design.shape[1] - len(values)} slopes apart."
        )
    inverse = np.asarray(np.linalg.pinv(design), dtype=np.float64)
    residuals = outcome - design @ (inverse @ outcome)
    left = np.maximum(1 - (design * inverse.T).sum(axis=1), RANK)
    return Fitted(outcome, design, inverse, residuals, left, len(values))


def _degrees_of_freedom(weights: Floats, left: Floats, hat: Floats | None) -> float:
    """Match mean and variance of sum(w e^2), the residuals e being those of independent normal
    values of one variance: their covariance is I - H.
    """
    mean = float(weights @ left)
    if hat is None:
        return mean**2 / float(weights**2 @ left**2)
    return mean**2 / float(weights @ ((np.eye(len(hat)) - hat) ** 2) @ weights)


def _design(covariates: Sequence[Floats], *, sizes: Sequence[int]) -> Floats:
    """Lay out the regression, one row per unit: which arm it is of, and its covariates."""
    arm = np.repeat(np.arange(len(sizes)), sizes)
    dummies = (arm[:, None] == np.arange(len(sizes))[None, :]).astype(float)
    before = np.vstack(
        [np.asarray(of_arm, dtype=float).reshape(len(of_arm), -1) for of_arm in covariates]
    )
    return np.hstack([dummies, independent(before - _means(before, dummies), before)])


MOST_EXACT = 500  # units; beyond it the correlation of residuals moves no digit that matters


def _means(before: Floats, dummies: Floats) -> Floats:
    """Return the mean of each covariate over all units: it moves the arms' means, not their
    differences.
    """
    return np.repeat(before.mean(axis=0)[None, :], len(dummies), axis=0)


def independent(centred: Floats, before: Floats) -> Floats:
    """Drop covariates that do not vary or repeat others; scale the rest."""
    scale = centred.std(axis=0)
    kept = centred[:, scale > RANK * np.maximum(np.abs(before).max(axis=0), 1)]
    if not kept.size:
        return kept
    left, singular, _ = np.linalg.svd(kept / kept.std(axis=0), full_matrices=False)
    return np.asarray(left[:, singular > RANK * singular[0]], dtype=np.float64)
