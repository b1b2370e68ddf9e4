"""Does the effect last? The primary metric by days since the exposure, and a test whether the effect fades or grows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.settings import ExperimentSettings
from ntg_assets.experiments.two_samples import Difference, Sample, compare_means

MILLI = 1_000


@dataclass(frozen=True)
class DaySums:
    """Sums of one arm on one day since the exposure (or of the trend contrast): units, and the values in thousandths."""

    n: int
    value: int
    value_value: int

    @property
    def sample(self) -> Sample:
        """Mean and variance over the arm's units; those that did nothing count zero.

        Raises:
            NotEnoughDataError: fewer than two units.
        """
        if self.n <= 1:
            raise NotEnoughDataError(f"{self.n} units have no variance.")
        variance = (self.n * self.value_value - self.value**2) / (self.n * (self.n - 1) * MILLI**2)
        return Sample(self.n, self.value / (self.n * MILLI), variance)


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


def effects_by_day(experiment: ExperimentSettings, daily_sums: pl.DataFrame) -> Iterator[DayEffect]:
    """Compare each treatment with the control on every day since the exposure (each interval for its day alone)."""
    rows = {(row["arm"], row["day"]): row for row in daily_sums.iter_rows(named=True)}
    units = {row["arm"]: row["n"] for row in rows.values()}
    for arm in experiment.treatments:
        for day in sorted({day for _, day in rows if day is not None}):
            found = [day_sums(rows.get((name, day)), n=units.get(name, 0)) for name in (experiment.control.name, arm.name)]
            blank = (experiment.id, arm.name, day, experiment.primary_metric, experiment.evidence, found[0].n, found[1].n)
            change = _difference(*found)
            yield DayEffect(*blank) if change is None else DayEffect(*blank, change.difference, change.low, change.high)


def trend_of(control: DaySums, treatment: DaySums) -> Difference | None:
    """Compare the trend contrasts of two arms: below zero the effect fades with the days since the exposure, above it grows.

    One number per unit enters, so days of one user do not count as independent. None where nothing varies.
    """
    return _difference(control, treatment)


def day_sums(row: dict[str, Any] | None, *, n: int) -> DaySums:
    """Read one row of `daily_sums`; an arm without a row did nothing on that day."""
    return DaySums(n, 0, 0) if row is None else DaySums(int(row["n"]), int(row["value"]), int(row["value_value"]))


def _difference(control: DaySums, treatment: DaySums) -> Difference | None:
    try:
        return compare_means(control.sample, treatment.sample)
    except NotEnoughDataError:
        return None
