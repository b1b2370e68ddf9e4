"""Curves on the log odds that a recalibration may choose from,
each fitted on forecasts whose outcome is known.

A curve is `offset + slope * L + bend * ln(1 + exp(L))` of the log odds L told. Platt's line has no
bend. The beta calibrator `c + a ln(p) - b ln(1 - p)` is the curve (c, a, b - a), because ln(p) = L
- ln(1 + exp(L)) and -ln(1 - p) = ln(1 + exp(L)).

Source: Platt 1999, "Probabilistic outputs for support vector machines"; Kull, Silva Filho and Flach
2017, "Beta calibration".
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.statistics.glm import maximum_likelihood, sigmoid

MIN_EARLIER_ORIGINS = 2  # a curve through one origin's noise is none
# of the newest origin's offset: some of it is noise, and some of what is not passes
CARRIED_SHARE = 0.7


class Curve(NamedTuple):
    """New log odds = offset + slope * L + bend * ln(1 + exp(L))."""

    offset: float = 0.0
    slope: float = 1.0
    bend: float = 0.0

    def of(self, logit: Floats) -> Floats:
        """Move log odds along the curve."""
        return self.offset + self.slope * logit + self.bend * softplus(logit)

    def steepness(self, logit: Floats) -> Floats:
        """Derivative of the curve."""
        return self.slope + self.bend * sigmoid(logit)


NO_CHANGE = Curve()


def softplus(logit: Floats) -> Floats:
    """ln(1 + exp(L)) without overflow."""
    return np.logaddexp(0.0, logit)


def platt(closed: pl.DataFrame) -> Curve | None:
    """Fit offset and slope on all closed origins;
    None where no finite fit exists or the order would be reversed.
    """
    logit, churned = _told(closed)
    found = _enough(closed) and maximum_likelihood(
        np.column_stack([np.ones(len(logit)), logit]), churned, start=np.array([0.0, 1.0])
    )
    return (
        Curve(float(found[0]), float(found[1]))
        if isinstance(found, np.ndarray) and found[1] > 0
        else None
    )


def beta(closed: pl.DataFrame) -> Curve | None:
    """Fit the beta calibrator on all closed origins;
    None where no finite fit exists or it would not rise everywhere.
    """
    logit, churned = _told(closed)
    design = np.column_stack([np.ones(len(logit)), logit, softplus(logit)])
    found = _enough(closed) and maximum_likelihood(design, churned, start=np.array([0.0, 1.0, 0.0]))
    if not isinstance(found, np.ndarray) or found[1] <= 0 or found[1] + found[2] <= 0:
        return None
    return Curve(float(found[0]), float(found[1]), float(found[2]))


def carried_offset(closed: pl.DataFrame) -> Curve | None:
    """Carry most of the newest closed origin's offset forward: what a season or a drift did last,
    it is likely to go on doing.
    """
    logit, churned = _told(closed.filter(pl.col("origin_on") == pl.col("origin_on").max()))
    found = maximum_likelihood(np.ones((len(logit), 1)), churned, offset=logit)
    return None if found is None else Curve(CARRIED_SHARE * float(found[0]))


CALIBRATORS: Mapping[str, Callable[[pl.DataFrame], Curve | None]] = {
    "carried_offset": carried_offset,
    "platt": platt,
    "beta": beta,
}


def _told(closed: pl.DataFrame) -> tuple[Floats, Floats]:
    return closed["churn_logit"].to_numpy(), closed["is_churned"].cast(pl.Float64).to_numpy()


def _enough(closed: pl.DataFrame) -> bool:
    return closed["origin_on"].n_unique() >= MIN_EARLIER_ORIGINS
