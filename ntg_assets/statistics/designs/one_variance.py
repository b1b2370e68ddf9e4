"""The error of a contrast when every unit may have stood in either arm: one variance for both,
where skewed values in arms of unequal size would mislead an error of each arm's own.

A contrast is a sum over units of residual times weight, and a unit's weight hangs on its arm. An
error from the units as they fell takes a small arm's variance from that arm alone, which is small
exactly when the arm lacks the large values of the others (see `skewness`). Where nothing differs,
the arms are drawn, so the error over all draws weighs each squared residual by what it would count
for in each arm. Without strata and slopes these are Welch's and Student's tests, and the rule
between them is that of `compare_skewed`.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.statistics.skewness import MOST_SKEW, MOST_UNLIKE


class Weighed(NamedTuple):
    """Units of a control and a treatment, and what each counts for in the difference of the two.

    Attributes:
        residuals: One per unit, divided by what the fit leaves of it.
        own: Weight of each unit in its arm.
        in_control: Weight that it has, or would have, in the control.
        in_treatment: The same in the treatment.
        chance: Of having fallen into the treatment.
    """

    residuals: Floats
    own: Floats
    in_control: Floats
    in_treatment: Floats
    chance: Floats

    def mean_weight(self, power: int) -> Floats:
        """Average a power of the weight over both arms."""
        in_control = (1 - self.chance) * self.in_control**power
        return np.asarray(in_control + self.chance * self.in_treatment**power, dtype=np.float64)


class SquaredError(NamedTuple):
    """The squared error of a difference, and what of it the control adds."""

    whole: float
    of_control: float


def error_over_draws(units: Weighed) -> SquaredError | None:
    """Return the squared error over all draws of the arms; None where that of the units as they
    fell may stand: skewness does not break it, or the two differ by more than draws make them.

    Args:
        units: Of both arms.

    Source: Neyman 1923 and Fisher 1935 (errors over the draws of the arms, the second where nothing
    differs), held against each other by Ding 2017, "A Paradox from Randomization-Based Causal
    Inference"; Johnson 1978 (the skewness of a mean decides how far a t-test is off).
    """
    squares = units.residuals**2
    over_draws = float(squares @ units.mean_weight(2))
    if not _misleads(units, over_draws):
        return None
    return SquaredError(over_draws, float(squares @ ((1 - units.chance) * units.in_control**2)))


def _misleads(units: Weighed, over_draws: float) -> bool:
    """Whether skewness breaks the error of the units as they fell, and one variance is not far from
    the truth.
    """
    if over_draws <= 0:
        return False
    as_fallen = float(units.residuals**2 @ units.own**2)
    skewness = float(units.residuals**3 @ units.mean_weight(3)) / over_draws**1.5
    return abs(skewness) > MOST_SKEW and abs(as_fallen - over_draws) <= MOST_UNLIKE * _spread(units)


def _spread(units: Weighed) -> float:
    """Return the standard deviation of the error as it falls, over the draws of the arms."""
    squares = units.residuals**2
    vary = np.maximum(units.mean_weight(4) - units.mean_weight(2) ** 2, 0)
    centre = float(squares @ vary) / float(vary.sum()) if vary.any() else 0.0
    return sqrt(float((squares - centre) ** 2 @ vary))
