"""Covariates and strata as columns of one regression."""

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.statistics.designs.covariates import independent
from ntg_assets.statistics.designs.units import Units


def slopes_of(units: Units) -> Floats:
    """Lay covariates and strata out as columns that neither repeat each other nor stand still."""
    parts = [] if units.covariates is None else [units.covariates]
    if units.strata is not None:
        parts.append(np.eye(int(units.strata.max()) + 1)[units.strata][:, 1:])
    before = np.hstack(parts) if parts else np.empty((len(units.values), 0))
    return independent(before - before.mean(axis=0), before) if before.size else before
