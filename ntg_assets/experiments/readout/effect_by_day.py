"""The effect on each day since the exposure, for people to look at;
whether it lasts is asked of whole units (see `novelty`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.readout.readout import interval_columns, relative_columns
from ntg_assets.statistics.over_time.trends import WHOLE, DaySums, day_sums
from ntg_assets.statistics.two_samples import Difference, compare_means


@dataclass(frozen=True)
class DayEffect:
    """One treatment against the control on one day; the fields are columns of `effect_by_day`."""

    experiment: str
    arm: str
    day: int
    metric: str
    source: str
    n_control: int
    n_treatment: int
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    relative_difference: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None


def effects_by_day(experiment: ExperimentSettings, daily_sums: pl.DataFrame) -> Iterator[DayEffect]:
    """Compare each treatment with the control on every day since the exposure
    (each interval for its day alone).
    """
    rows = {
        (row["arm"], row["day"]): row
        for row in daily_sums.filter(pl.col("cohort") == WHOLE).iter_rows(named=True)
    }
    units = {row["arm"]: row["n"] for row in rows.values()}
    for arm in experiment.treatments:
        for day in sorted({day for _, day in rows if day is not None}):
            control, treated = (
                day_sums(rows.get((name, day)), n=units.get(name, 0))
                for name in (experiment.control.name, arm.name)
            )
            yield _effect(experiment, arm.name, day, control, treated)


def _effect(
    experiment: ExperimentSettings, arm: str, day: int, control: DaySums, treated: DaySums
) -> DayEffect:
    metric, source = experiment.primary_metric, experiment.evidence
    blank = DayEffect(experiment.id, arm, day, metric, source, control.n, treated.n)
    change = _difference(control, treated)
    if change is None:
        return blank
    return replace(blank, **interval_columns(change), **relative_columns(change))


def _difference(control: DaySums, treatment: DaySums) -> Difference | None:
    try:
        return compare_means(control.sample, treatment.sample)
    except NotEnoughDataError:
        return None
