"""What the tables promise from which every statistic is derived."""

import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    COHORTS,
    EXPERIMENT,
    LOG_FILES,
    LOGS,
    SOURCE,
    SOURCES,
    SUMMED,
    UNIT,
    Exact,
)


@contract("experiment_sources")
class ExperimentSources(Contract):
    """One row per (experiment, log, file): the files of its own logs, as they were read."""

    experiment: str = column(EXPERIMENT)
    log: str = column("What lies in the file", isin=LOG_FILES)
    file_name: str = column("File, relative to the project folder")
    sha256: str = column("SHA-256 of its bytes before it was read", str_length=64)
    n_bytes: int = column("Its length", ge=0)
    stood_still: bool = column(
        "Whether it held the same bytes after it was read; else no decision rests on it"
    )

    class Config:
        unique = ["experiment", "log", "file_name"]


@contract("assignments")
class Assignments(Contract):
    """One row per (experiment, unit) of the experiment's part of its layer,
    those in the global holdout included.
    """

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    bucket: int = column("First 15 hex digits of sha256(salt:unit) as an integer", ge=0, lt=16**15)
    is_holdout: bool = column("Whether the unit is in the global holdout, so in no arm")
    arm: str = column("Arm that the unit gets; null in the holdout", nullable=True)
    is_kept: bool = column(
        "Whether the arm comes from an earlier assignment or a log, not from the hash"
    )

    class Config:
        unique = ["experiment", "unit_id"]


@contract("exposures")
class Exposures(Contract):
    """One row per (experiment, unit, arm): who saw what,
    and when. A unit with two rows saw two arms.
    """

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm that the unit saw (in a replay: could have seen)")
    source: str = column(SOURCE, isin=SOURCES)
    first_exposed_at: Timestamp = column("First exposure (UTC)")
    last_exposed_at: Timestamp = column("Last exposure (UTC)")
    n_exposures: int = column("Exposures (in a replay: events in TEST)", ge=1)

    class Config:
        unique = ["experiment", "unit_id", "arm"]


@contract("unit_metrics")
class UnitMetrics(Contract):
    """One row per (experiment, unit, arm, metric): what the unit did,
    under its own arm and, in a replay, under each of the others.
    """

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm under which the value counts")
    metric: str = column("Metric, by its name in the configuration")
    source: str = column(SOURCE, isin=SOURCES)
    is_assigned: bool = column(
        "Whether the unit was exposed to this arm and to no other; only these rows compare arms"
        " between users"
    )
    is_in_look: bool = column(
        "Whether the unit belongs to the last planned look reached; the others came in since"
    )
    segment: str = column("Part of the population that the unit belongs to")
    value: float = column("Value of the metric (numerator of a ratio)", nullable=True)
    denominator: float = column("Denominator of a ratio; null for other kinds", nullable=True)
    covariate: float = column(
        "The same quantity before the experiment; null where there is none", nullable=True
    )
    covariate_denominator: float = column(
        "Denominator of the covariate of a ratio; null for other kinds", nullable=True
    )

    class Config:
        unique = ["experiment", "unit_id", "arm", "metric"]


@contract("arm_traffic")
class ArmTrafficTable(Contract):
    """One row per (experiment, arm), also for arms that nobody saw."""

    experiment: str = column(EXPERIMENT)
    arm: str = column("Arm")
    weight: float = column("Share of the traffic, relative to the other arms", gt=0)
    n_assigned: int = column("Units that were given the arm", ge=0)
    n_exposed: int = column("Units that saw the arm", ge=0)
    n_in_several_arms: int = column("Units that saw this arm and another", ge=0)
    n_not_assigned: int = column("Units that saw the arm without being given it", ge=0)
    n_units: int = column(
        "Units that saw this arm first: over all arms they add up to the units of the experiment",
        ge=0,
    )
    n_units_in_several_arms: int = column("Of these, units that saw another arm as well", ge=0)
    n_units_not_assigned: int = column(
        "Of these, units that saw any arm without being given it", ge=0
    )
    first_exposed_at: Timestamp = column("First exposure of any unit (UTC)", nullable=True)
    last_exposed_at: Timestamp = column("Last exposure of any unit (UTC)", nullable=True)
    n_known: int = column(
        "Exposed units that the outcomes know at all; null in a replay", nullable=True, ge=0
    )
    n_just_before: int = column(
        "Exposed units with an outcome in the day before their exposure; null in a replay",
        nullable=True,
        ge=0,
    )
    n_in_time: int = column(
        "Exposed units whose window was over when the log ended; null in a replay",
        nullable=True,
        ge=0,
    )

    class Config:
        unique = ["experiment", "arm"]


@contract("traffic_by_day")
class TrafficByDay(Contract):
    """One row per (experiment, arm, day): units that saw their first arm then."""

    experiment: str = column(EXPERIMENT)
    arm: str = column("Arm that they saw first")
    exposed_on: pl.Date = column("Day of the first exposure, in the service's zone", unit="date")
    n_units: int = column("Units", ge=1)

    class Config:
        unique = ["experiment", "arm", "exposed_on"]


@contract("log_contents")
class LogContents(Contract):
    """One row per (experiment, log, event type) of experiments on logs: what their logs hold,
    and what was left out of their own ones.
    """

    experiment: str = column(EXPERIMENT)
    log: str = column(
        "Exposures, outcomes, or the interaction log where an experiment has no outcome log of"
        " its own",
        isin=LOGS,
    )
    event_type: str = column("Kind of event; null for exposures", nullable=True)
    n_rows: int = column("Rows that count", ge=0)
    n_out_of_time: int = column(
        "Rows left out because their time cannot be true (of the interaction log: see"
        " `quarantine`)",
        ge=0,
    )
    n_duplicates: int = column(
        "Rows left out because an equal one counts (of the interaction log: see `load_ledger`)",
        ge=0,
    )
    n_not_finite: int = column(
        "Rows with an infinite value, which make their unit's value unusable", ge=0
    )
    first_at: Timestamp = column("First time of a row that counts (UTC)", nullable=True)
    last_at: Timestamp = column("Last time of a row that counts (UTC)", nullable=True)
    ended_at: Timestamp = column(
        "Where the log is taken to end (UTC): without stray rows far behind all others",
        nullable=True,
    )
    n_after_end: int = column("Stray rows behind that, of all types together", ge=0)

    class Config:
        unique = ["experiment", "log", "event_type"]


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


@contract("daily_sums")
class DailySums(Contract):
    """One row per (experiment, arm, cohort, day since the exposure),
    day null for whole windows: sums of the primary metric, from logs.
    """

    experiment: str = column(EXPERIMENT)
    arm: str = column("Arm")
    cohort: str = column(
        "All units, or those exposed before the one in the middle (early), or from it on (late)",
        isin=COHORTS,
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
        unique = ["experiment", "arm", "cohort", "day"]


@contract("self_test_units")
class SelfTestUnits(Contract):
    """One row per (experiment, metric, unit): the units of every arm on which the statistics are
    tested.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    unit_id: str = column(UNIT)
    arm: str = column("Arm")
    value: float = column("Value of the metric")
    denominator: float = column("What a ratio divides by; null: 1", nullable=True)
    covariate: float = column("The same quantity before; null: not known", nullable=True)
    covariate_denominator: float = column("The denominator before; null: 1", nullable=True)

    class Config:
        unique = ["experiment", "metric", "unit_id"]
