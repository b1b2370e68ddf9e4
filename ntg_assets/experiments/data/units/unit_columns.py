"""The columns of a design as a test takes them: covariates, strata as codes."""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.statistics.designs.units import Codes
from ntg_assets.statistics.moments import MINIMUM_UNITS

UNKNOWN = "unknown"


def covariates_of(metric: MetricSettings, units: pl.DataFrame) -> tuple[Floats | None, str]:
    """Lay the covariates out; a missing one counts as the mean of those known, with a column that
    says that it is missing.
    """
    names = [f"design {name}" for name in metric.covariates]
    if metric.use_covariate and units["covariate"].null_count() < units.height:
        names.append("covariate")
    columns, remarks = [], ""
    for name in names:
        numbers = units[name].cast(pl.Float64).fill_nan(None)
        columns.append(numbers.fill_null(numbers.mean() or 0.0).to_numpy())
        if n := numbers.null_count():
            columns.append(numbers.is_null().cast(pl.Float64).to_numpy())
            remarks += f", {n:,} units without {name.removeprefix('design ')}"
    return (np.column_stack(columns) if columns else None), remarks


def strata_of(
    experiment: ExperimentSettings, units: pl.DataFrame, arms: Codes, n_arms: int
) -> tuple[Codes | None, str]:
    """Number the strata; where one has too few units of an arm, it counts as one with all that are
    no larger, or with the largest. Taken by their size, and not by how their own units fell on the
    arms: strata that were chosen for being uneven make an uneven whole, whose error says nothing of
    it (80 strata of 7 units: 13% of tests without an effect claimed one).

    Args:
        experiment: Names the column of strata.
        units: One row per unit.
        arms: Arm of each unit, from 0 (the control).
        n_arms: Arms.
    """
    if not experiment.strata:
        return None, ""
    labels = units[f"design {experiment.strata}"].cast(pl.String).fill_null(UNKNOWN)
    codes = np.unique(labels.to_numpy(), return_inverse=True)[1].astype(np.int64)
    small = _too_small(codes, arms, n_arms)
    if not len(small):
        return codes, ""
    codes[np.isin(codes, small)] = small[0]
    if len(_too_small(codes, arms, n_arms)):
        codes[codes == small[0]] = np.bincount(codes).argmax()
    return np.unique(codes, return_inverse=True)[1].astype(np.int64), (
        f", {len(small)} small ones together"
    )


def _too_small(codes: Codes, arms: Codes, n_arms: int) -> Codes:
    """Find strata with fewer than two units of an arm, and all that are no larger."""
    if not len(codes):
        return codes
    counts = np.zeros((int(codes.max()) + 1, n_arms), dtype=np.int64)
    np.add.at(counts, (codes, arms), 1)
    sizes = counts.sum(axis=1)
    is_short = (counts.min(axis=1) < MINIMUM_UNITS) & (sizes > 0)
    most = sizes[is_short].max(initial=0)
    return np.flatnonzero((sizes > 0) & (sizes <= most))
