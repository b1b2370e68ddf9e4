"""The effect on each day since the exposure, for people to look at;
whether it lasts is asked of whole units (see `novelty`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
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
            effects = [
                day_sums(rows.get((name, day)), n=units.get(name, 0))
                for name in (experiment.control.name, arm.name)
            ]
            blank = (
                experiment.id,
                arm.name,
                day,
                experiment.primary_metric,
                experiment.evidence,
                effects[0].n,
                effects[1].n,
            )
            change = _difference(*effects)
            if change is None:
                yield DayEffect(*blank)
            else:
                relative = (change.relative, change.relative_low, change.relative_high)
                yield DayEffect(*blank, change.difference, change.low, change.high, *relative)


def _difference(control: DaySums, treatment: DaySums) -> Difference | None:
    try:
        return compare_means(control.sample, treatment.sample)
    except NotEnoughDataError:
        return None
