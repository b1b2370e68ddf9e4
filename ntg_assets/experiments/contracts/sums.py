"""Contracts of the sums that the statistics of experiments rest on."""

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    COHORT_KINDS,
    EXPERIMENT,
    READ,
    SOURCE,
    SOURCES,
    SUMMED,
    Exact,
)


@contract("metric_sums")
class MetricSums(Contract):
    """One row per (experiment, comparison, metric, arm, segment): exact sums,
    from which every statistic is derived.
    """

    experiment: str = column(EXPERIMENT)
    comparison: str = column(
        "Arms of different users, each user under both, or units that came in after the last look",
        isin=SUMMED,
    )
    metric: str = column("Metric")
    arm: str = column("Arm (in pairs: the treatment whose difference to the control is summed)")
    segment: str = column("Part of the population")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units with a usable value", ge=0)
    n_null: int = column("Units without a value, not in n", ge=0)
    n_unusable: int = column("Units with an infinite or impossible value, not in n", ge=0)
    n_nonzero: int = column("Units with a value other than zero", ge=0)
    largest: Exact = column("Largest value by size, in millionths")
    value: Exact = column("Sum of the value in millionths")
    denominator: Exact = column("Sum of the denominator in millionths")
    covariate: Exact = column("Sum of the covariate in millionths")
    covariate_denominator: Exact = column("Sum of the covariate denominator in millionths")
    value_value: Exact = column("Sum of value x value, in millionths of millionths")
    value_denominator: Exact = column("Sum of value x denominator, in millionths of millionths")
    value_covariate: Exact = column("Sum of value x covariate, in millionths of millionths")
    value_covariate_denominator: Exact = column(
        "Sum of value x covariate denominator, in millionths of millionths"
    )
    denominator_denominator: Exact = column(
        "Sum of denominator x denominator, in millionths of millionths"
    )
    denominator_covariate: Exact = column(
        "Sum of denominator x covariate, in millionths of millionths"
    )
    denominator_covariate_denominator: Exact = column(
        "Sum of denominator x covariate denominator, in millionths of millionths"
    )
    covariate_covariate: Exact = column("Sum of covariate x covariate, in millionths of millionths")
    covariate_covariate_denominator: Exact = column(
        "Sum of covariate x covariate denominator, in millionths of millionths"
    )
    covariate_denominator_covariate_denominator: Exact = column(
        "Sum of covariate denominator x covariate denominator, in millionths of millionths"
    )

    class Config:
        unique = ["experiment", "comparison", "metric", "arm", "segment"]


@contract("metric_quantiles")
class MetricQuantiles(Contract):
    """One row per (experiment, metric, arm) of a quantile metric: the quantile by mid-ranks and the
    values that enclose it.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    arm: str = column("Arm")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units with a usable value", ge=1)
    value: float = column("The quantile")
    low: float = column(
        "Value below it (95% confidence on both sides together); null with too few units",
        nullable=True,
    )
    high: float = column("Value above it; null with too few units", nullable=True)
    n_equal: int = column("Units at the two values between which the quantile lies", ge=0)

    class Config:
        unique = ["experiment", "metric", "arm"]


@contract("metric_shapes")
class MetricShapes(Contract):
    """One row per (experiment, metric, arm) whose arms are so unequal in size that the skewness of
    values matters: higher powers of the values as the test sees them.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    arm: str = column("Arm")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units with a usable value", ge=2)
    third: Exact = column("Sum of the third powers of the standardised values, in millionths")
    fourth: Exact = column("Sum of their fourth powers, in millionths")

    class Config:
        unique = ["experiment", "metric", "arm"]


@contract("metric_contrasts")
class MetricContrasts(Contract):
    """One row per (experiment, comparison, metric, treatment, segment) of metrics that are compared
    by clusters, strata or covariates: all that an interval of any confidence needs.
    """

    experiment: str = column(EXPERIMENT)
    comparison: str = column("Units of the look, or all to date where more came since", isin=READ)
    metric: str = column("Metric, or what its units did before")
    arm: str = column("Treatment, or all treatments")
    segment: str = column("Part of the population; empty: everybody")
    n_control: int = column("Units of the control (clusters, where they are compared)", ge=0)
    n_treatment: int = column("Units of the treatment", ge=0)
    mean_control: float = column("Mean of the control, adjusted")
    mean_treatment: float = column("Mean of the treatment, adjusted")
    squared_error_control: float = column(
        "What the control adds to the squared error of the difference"
    )
    squared_error_treatment: float = column("What the treatment adds to it")
    difference: float = column("Treatment minus control")
    standard_error: float = column("Its standard error", ge=0)
    degrees_of_freedom: float = column("Its degrees of freedom", nullable=True)
    removed_share: float = column(
        "Share of the squared error that covariates and strata took out", nullable=True
    )
    method: str = column("Estimator, in words")
    has_one_variance: bool = column(
        "Whether units were taken to vary alike in both arms: an effect then widens the interval"
    )

    class Config:
        unique = ["experiment", "comparison", "metric", "arm", "segment"]


@contract("daily_sums")
class DailySums(Contract):
    """One row per (experiment, arm, cohort, day since the exposure),
    day null for whole windows: sums of the primary metric, from logs.
    """

    experiment: str = column(EXPERIMENT)
    arm: str = column("Arm")
    cohort_kind: str = column("How units are divided", isin=COHORT_KINDS)
    cohort: str = column(
        "All units; those exposed before the one in the middle (early), or from it on (late); or"
        " the first day of their week of the experiment, or their day"
    )
    day: int = column(
        "Calendar days since the exposure (of any event: of the first one); null: the whole window",
        nullable=True,
    )
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units of the arm and cohort, those that did nothing included", ge=1)
    exposed_from_at: Timestamp = column("First exposure of any of them (UTC)")
    n_active: int = column(
        "Days: units with any event on the day (of metrics that ask for any: with their first)",
        nullable=True,
        ge=0,
    )
    n_first: int = column("Days: units whose first event lies on the day", nullable=True, ge=0)
    value: Exact = column("Sum over the units in thousandths")
    value_value: Exact = column("Sum of squares in thousandths of thousandths")
    moment: Exact = column(
        "Whole windows: sum of day x value in thousandths, which says around which day the value"
        " lies",
        nullable=True,
    )
    moment_moment: Exact = column(
        "Whole windows: sum of the squares of the units' moments", nullable=True
    )
    value_moment: Exact = column("Whole windows: sum of value x moment of each unit", nullable=True)

    class Config:
        unique = ["experiment", "arm", "cohort_kind", "cohort", "day"]
