"""The effect on early and on late units, for people to look at; whether it moves between them is
asked in `novelty`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.statistics.novelty import EARLY, LATE, Cohort, cohort_of
from ntg_assets.statistics.two_samples import compare_means


@dataclass(frozen=True)
class CohortEffect:
    """One treatment against the control in one cohort; the fields are columns of
    `effect_by_cohort`.
    """

    experiment: str
    arm: str
    cohort: str
    exposed_from_at: datetime
    metric: str
    source: str
    n_control: int
    n_treatment: int
    mean_control: float
    mean_treatment: float
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    relative_difference: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None


def effects_by_cohort(
    experiment: ExperimentSettings, daily_sums: pl.DataFrame
) -> Iterator[CohortEffect]:
    """Compare each treatment with the control within each cohort (each interval for its cohort
    alone); a cohort that an arm has no units of is left out.
    """
    wholes = daily_sums.filter(pl.col("day").is_null(), pl.col("cohort").is_in([EARLY, LATE]))
    found = {(row["arm"], row["cohort"]): cohort_of(row) for row in wholes.iter_rows(named=True)}
    for arm in experiment.treatments:
        for name in (EARLY, LATE):
            control, treated = (
                found.get((one, name)) for one in (experiment.control.name, arm.name)
            )
            if control and treated:
                yield _effect(experiment, arm.name, name, control, treated)


def _effect(
    experiment: ExperimentSettings, arm: str, name: str, control: Cohort, treated: Cohort
) -> CohortEffect:
    blank = CohortEffect(
        experiment.id,
        arm,
        name,
        min(control.exposed_from_at, treated.exposed_from_at),
        experiment.primary_metric,
        experiment.evidence,
        control.sums.n,
        treated.sums.n,
        control.sums.mean,
        treated.sums.mean,
    )
    try:
        change = compare_means(control.sums.sample, treated.sums.sample)
    except NotEnoughDataError:
        return blank
    return replace(
        blank,
        difference=change.difference,
        difference_low=change.low,
        difference_high=change.high,
        relative_difference=change.relative,
        relative_low=change.relative_low,
        relative_high=change.relative_high,
    )
