"""The effect on units by when they were exposed (early and late, by week, by day), for people to
look at; whether it moves from early to late units is asked in `novelty`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.readout.readout import interval_columns, relative_columns
from ntg_assets.statistics.heterogeneity import alike_p
from ntg_assets.statistics.over_time.trends import Cohort, cohort_of
from ntg_assets.statistics.two_samples import Difference, compare_means


@dataclass(frozen=True)
class CohortEffect:
    """One treatment against the control in one cohort; the fields are columns of
    `effect_by_cohort`.
    """

    experiment: str
    arm: str
    cohort_kind: str
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
    p_cohorts_alike: float | None = None


def effects_by_cohort(
    experiment: ExperimentSettings, daily_sums: pl.DataFrame
) -> Iterator[CohortEffect]:
    """Compare each treatment with the control within each cohort (each interval for its cohort
    alone); a cohort that an arm has no units of is left out. `p_cohorts_alike` asks whether the
    cohorts differ at all: without that, the largest of several differences is not news.
    """
    wholes = daily_sums.filter(pl.col("day").is_null(), pl.col("cohort_kind") != "all")
    rows = wholes.sort("cohort_kind", "cohort").to_dicts()
    for kind, of_kind in groupby(rows, key=lambda row: str(row["cohort_kind"])):
        cohort_rows = list(of_kind)
        for arm in experiment.treatments:
            yield from _within(experiment, arm.name, kind, cohort_rows)


def _within(
    experiment: ExperimentSettings, arm: str, kind: str, rows: Sequence[dict[str, Any]]
) -> Iterator[CohortEffect]:
    pairs = _pairs(rows, control=experiment.control.name, treatment=arm)
    changes = {name: _change(*pair) for name, pair in pairs.items()}
    effects = [(c.difference, c.standard_error) for c in changes.values() if c is not None]
    p = alike_p(effects)
    for name, (control, treated) in pairs.items():
        blank = CohortEffect(
            experiment.id,
            arm,
            kind,
            name,
            min(control.exposed_from_at, treated.exposed_from_at),
            experiment.primary_metric,
            experiment.evidence,
            control.sums.n,
            treated.sums.n,
            control.sums.mean,
            treated.sums.mean,
            p_cohorts_alike=p,
        )
        change = changes[name]
        yield blank if change is None else _filled(blank, change)


def _pairs(
    rows: Sequence[dict[str, Any]], *, control: str, treatment: str
) -> dict[str, tuple[Cohort, Cohort]]:
    """Lay both arms of each cohort side by side; what an arm has no units of is left out."""
    cohorts = {(row["arm"], row["cohort"]): cohort_of(row) for row in rows}
    return {
        name: (cohorts[control, name], cohorts[treatment, name])
        for name in dict.fromkeys(row["cohort"] for row in rows)
        if {(control, name), (treatment, name)} <= cohorts.keys()
    }


def _change(control: Cohort, treated: Cohort) -> Difference | None:
    try:
        return compare_means(control.sums.sample, treated.sums.sample)
    except NotEnoughDataError:
        return None


def _filled(blank: CohortEffect, change: Difference) -> CohortEffect:
    return replace(blank, **interval_columns(change), **relative_columns(change))
