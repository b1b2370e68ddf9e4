"""What the tables promise from which every statistic is derived; with it come the contracts of logs, readouts and decisions."""

import ntg_assets.experiments.decision_contracts
import ntg_assets.experiments.log_contracts
import ntg_assets.experiments.readout_contracts  # noqa: F401  # registered together
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contract_terms import EXPERIMENT, SOURCE, SOURCES, SUMMED, UNIT, Exact, Timestamp


@contract("assignments")
class Assignments(Contract):
    """One row per (experiment, unit) of the experiment's part of its layer, those in the global holdout included."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    bucket: int = column("First 15 hex digits of sha256(salt:unit) as an integer", ge=0, lt=16**15)
    is_holdout: bool = column("Whether the unit is in the global holdout, so in no arm")
    arm: str = column("Arm that the unit gets; null in the holdout", nullable=True)
    is_kept: bool = column("Whether the arm comes from an earlier assignment or a log, not from the hash")

    class Config:
        unique = ["experiment", "unit_id"]


@contract("exposures")
class Exposures(Contract):
    """One row per (experiment, unit, arm): who saw what, and when. A unit with two rows saw two arms."""

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
    """One row per (experiment, unit, arm, metric): what the unit did, under its own arm and, in a replay, under each of the others."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm under which the value counts")
    metric: str = column("Metric, by its name in the configuration")
    source: str = column(SOURCE, isin=SOURCES)
    is_assigned: bool = column("Whether the unit was exposed to this arm and to no other; only these rows compare arms between users")
    is_in_look: bool = column("Whether the unit belongs to the last planned look reached; the others came in since")
    segment: str = column("Part of the population that the unit belongs to")
    value: float = column("Value of the metric (numerator of a ratio)", nullable=True)
    denominator: float = column("Denominator of a ratio; null for other kinds", nullable=True)
    covariate: float = column("The same quantity before the experiment; null where there is none", nullable=True)
    covariate_denominator: float = column("Denominator of the covariate of a ratio; null for other kinds", nullable=True)

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
    first_exposed_at: Timestamp = column("First exposure of any unit (UTC)", nullable=True)
    last_exposed_at: Timestamp = column("Last exposure of any unit (UTC)", nullable=True)
    n_known: int = column("Exposed units that the outcomes know at all; null in a replay", nullable=True, ge=0)
    n_just_before: int = column("Exposed units with an outcome in the day before their exposure; null in a replay", nullable=True, ge=0)
    n_in_time: int = column("Exposed units whose window was over when the log ended; null in a replay", nullable=True, ge=0)

    class Config:
        unique = ["experiment", "arm"]


@contract("metric_sums")
class MetricSums(Contract):
    """One row per (experiment, comparison, metric, arm, segment): exact sums, from which every statistic is derived."""

    experiment: str = column(EXPERIMENT)
    comparison: str = column("Arms of different users, each user under both, or units that came in after the last look", isin=SUMMED)
    metric: str = column("Metric")
    arm: str = column("Arm (in pairs: the treatment whose difference to the control is summed)")
    segment: str = column("Part of the population")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units with a usable value", ge=0)
    n_null: int = column("Units without a value, not in n", ge=0)
    n_unusable: int = column("Units with an infinite or impossible value, not in n", ge=0)
    largest: Exact = column("Largest value by size, in millionths")
    value: Exact = column("Sum of the value in millionths")
    denominator: Exact = column("Sum of the denominator in millionths")
    covariate: Exact = column("Sum of the covariate in millionths")
    covariate_denominator: Exact = column("Sum of the covariate denominator in millionths")
    value_value: Exact = column("Sum of value x value, in millionths of millionths")
    value_denominator: Exact = column("Sum of value x denominator, in millionths of millionths")
    value_covariate: Exact = column("Sum of value x covariate, in millionths of millionths")
    value_covariate_denominator: Exact = column("Sum of value x covariate denominator, in millionths of millionths")
    denominator_denominator: Exact = column("Sum of denominator x denominator, in millionths of millionths")
    denominator_covariate: Exact = column("Sum of denominator x covariate, in millionths of millionths")
    denominator_covariate_denominator: Exact = column("Sum of denominator x covariate denominator, in millionths of millionths")
    covariate_covariate: Exact = column("Sum of covariate x covariate, in millionths of millionths")
    covariate_covariate_denominator: Exact = column("Sum of covariate x covariate denominator, in millionths of millionths")
    covariate_denominator_covariate_denominator: Exact = column(
        "Sum of covariate denominator x covariate denominator, in millionths of millionths"
    )

    class Config:
        unique = ["experiment", "comparison", "metric", "arm", "segment"]


@contract("metric_quantiles")
class MetricQuantiles(Contract):
    """One row per (experiment, metric, arm) of a quantile metric: the quantile and the order statistics around it."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    arm: str = column("Arm")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units with a usable value", ge=1)
    value: float = column("The quantile")
    low: float = column("Order statistic below it (95% confidence on both sides together); null with too few units", nullable=True)
    high: float = column("Order statistic above it; null with too few units", nullable=True)

    class Config:
        unique = ["experiment", "metric", "arm"]


@contract("daily_sums")
class DailySums(Contract):
    """One row per (experiment, arm, day since the exposure), day null for the trend: exact sums of the primary metric, from logs only."""

    experiment: str = column(EXPERIMENT)
    arm: str = column("Arm")
    day: int = column("Calendar days since the exposure; null: the trend, late days against early ones", nullable=True)
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    n: int = column("Units of the arm, those that did nothing included", ge=1)
    value: Exact = column("Sum over the units in thousandths")
    value_value: Exact = column("Sum of squares in thousandths of thousandths")

    class Config:
        unique = ["experiment", "arm", "day"]


@contract("self_test_units")
class SelfTestUnits(Contract):
    """One row per (experiment, metric, unit): values under the control arm on which the statistics are tested."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    unit_id: str = column(UNIT)
    value: float = column("Value of the metric")

    class Config:
        unique = ["experiment", "metric", "unit_id"]
