"""What the tables promise of effects: by day, by cohort, by segment."""

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    COHORT_KINDS,
    EXPERIMENT,
    SOURCE,
    SOURCES,
)
from ntg_assets.summaries import summary


@contract("effect_by_day")
@summary(
    measures={
        "n_experiments": "count(distinct experiment)",
        "n_days": "count(distinct day)",
        "n_units": "max(n_control + n_treatment)",
        "n_clear": "count(*) filter (difference_low > 0 or difference_high < 0)",
    },
    columns=(
        "experiment",
        "arm",
        "day",
        "metric",
        "n_treatment",
        "difference",
        "difference_low",
        "difference_high",
    ),
)
class EffectByDay(Contract):
    """One row per (experiment, treatment arm, day since the exposure): whether the effect lasts."""

    experiment: str = column(EXPERIMENT)
    arm: str = column("Treatment arm")
    day: int = column("Calendar days since the exposure", ge=0)
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    n_control: int = column("Units of the control", ge=0)
    n_treatment: int = column("Units of the treatment", ge=0)
    difference: float = column("Treatment minus control on that day", nullable=True)
    difference_low: float = column(
        "Lower end of its 95% interval, for this day alone", nullable=True
    )
    difference_high: float = column("Upper end of its interval", nullable=True)
    relative_difference: float = column(
        "The same as a share of the control; null where a mean is not clearly above zero",
        nullable=True,
    )
    relative_low: float = column("Lower end of its interval (log ratio)", nullable=True)
    relative_high: float = column("Upper end of its interval", nullable=True)

    class Config:
        unique = ["experiment", "arm", "day"]


@contract("effect_by_cohort")
@summary(
    measures={
        "n_experiments": "count(distinct experiment)",
        "n_cohorts": "count(*)",
        "n_units": "max(n_control + n_treatment)",
        "smallest_p_cohorts_alike": "min(p_cohorts_alike)",
    },
    columns=(
        "experiment",
        "arm",
        "cohort_kind",
        "cohort",
        "metric",
        "difference",
        "difference_low",
        "difference_high",
    ),
)
class EffectByCohort(Contract):
    """One row per (experiment, treatment arm, cohort): the effect on units by when they were
    exposed (early and late; by week; by day where all came within two weeks), over the same days
    since their exposure.
    """

    experiment: str = column(EXPERIMENT)
    arm: str = column("Treatment arm")
    cohort_kind: str = column("How units are divided", isin=COHORT_KINDS[1:])
    cohort: str = column(
        "Units exposed before the one in the middle (early), or from it on (late); else the first"
        " day of their week of the experiment, or their day, in the service's zone"
    )
    exposed_from_at: Timestamp = column("First exposure of any of them (UTC)")
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    n_control: int = column("Units of the control", ge=0)
    n_treatment: int = column("Units of the treatment", ge=0)
    mean_control: float = column("Mean of the control's units")
    mean_treatment: float = column("Mean of the treatment's units")
    difference: float = column("Treatment minus control in the cohort", nullable=True)
    difference_low: float = column(
        "Lower end of its 95% interval, for this cohort alone", nullable=True
    )
    difference_high: float = column("Upper end of its interval", nullable=True)
    relative_difference: float = column(
        "The same as a share of the control; null where a mean is not clearly above zero",
        nullable=True,
    )
    relative_low: float = column("Lower end of its interval (log ratio)", nullable=True)
    relative_high: float = column("Upper end of its interval", nullable=True)
    p_cohorts_alike: float = column(
        "p of a test that all cohorts of this kind have one effect (Cochran's Q)",
        nullable=True,
        ge=0,
        le=1,
    )

    class Config:
        unique = ["experiment", "arm", "cohort_kind", "cohort"]


@contract("segment_effects")
class SegmentEffects(Contract):
    """One row per (experiment, metric, arm, segment): what the arm changed within one part of the
    population.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    arm: str = column("Treatment arm")
    segment: str = column("Part of the population, known before the exposure")
    source: str = column(SOURCE, isin=SOURCES)
    n_control: int = column("Units of the control in the segment", ge=0)
    n_treatment: int = column("Units of the treatment in the segment", ge=0)
    difference: float = column("Treatment minus control", nullable=True)
    difference_low: float = column(
        "Lower end of its interval, for this segment alone", nullable=True
    )
    difference_high: float = column("Upper end of its interval", nullable=True)
    standard_error: float = column("Standard error of the difference", nullable=True, ge=0)
    p: float = column("Two-sided p-value of this segment alone", nullable=True, ge=0, le=1)
    p_adjusted: float = column(
        "Adjusted over all segments and arms of the metric (Holm)", nullable=True, ge=0, le=1
    )
    p_segments_alike: float = column(
        "p of a test that all segments have one effect (Cochran's Q)", nullable=True, ge=0, le=1
    )
    verdict: str = column("What the adjusted p says, in words")

    class Config:
        unique = ["experiment", "metric", "arm", "segment"]
