"""What the tables of the experiments promise."""

from typing import Annotated

import pandera.polars as pa
import polars as pl

from ntg_assets.contracts import Contract, column, contract

SOURCES = ["observed", "offline replay", "simulated"]
COMPARISONS = ["between users", "paired"]
READ = [*COMPARISONS, "to date"]
SUMMED = [*COMPARISONS, "since the look"]
VERDICTS = ["healthy", "thin", "sick"]
ROLES = ["primary", "guardrail", "secondary", "negative control"]
OUTCOMES = ["rollout", "rollback", "iterate"]
EXPERIMENT = "Experiment, by its id in the configuration"
UNIT = "Unit of the experiment as text (the user_id where users are the unit)"
SOURCE = "Where the evidence comes from; kinds are never pooled"

Timestamp = Annotated[pl.Datetime, "us", None]
Exact = Annotated[pl.Decimal, 38, 0]


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


@contract("effect_by_day")
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
    difference_low: float = column("Lower end of its 95% interval, for this day alone", nullable=True)
    difference_high: float = column("Upper end of its interval", nullable=True)

    class Config:
        unique = ["experiment", "arm", "day"]


@contract("health_checks")
class HealthChecks(Contract):
    """One row per (experiment, check): can the numbers be trusted at all?"""

    experiment: str = column(EXPERIMENT)
    source: str = column(SOURCE, isin=SOURCES)
    position: int = column("Order in which the checks are read", ge=0)
    check: str = column("What was asked")
    value: float = column("What was found")
    limit: float = column("From where on it is a problem")
    verdict: str = column("`thin`: too little for a claim. `sick`: the numbers cannot be trusted", isin=VERDICTS)
    sentence: str = column("What it means, for people")

    class Config:
        unique = ["experiment", "check"]


@contract("readouts")
class Readouts(Contract):
    """One row per (experiment, comparison, metric, treatment arm): what was found against the control."""

    readout_key: str = column("Names this readout and the exact sums it rests on", str_length=16, unique=True)
    experiment: str = column(EXPERIMENT)
    comparison: str = column("Arms of different users, each user under both, or guardrails on everything to date", isin=READ)
    metric: str = column("Metric")
    arm: str = column("Treatment arm")
    control_arm: str = column("Arm it is compared with")
    source: str = column(SOURCE, isin=SOURCES)
    role: str = column("What the metric is for", isin=ROLES)
    method: str = column("Test behind the interval")
    n_control: int = column("Units of the control with a value", ge=0)
    n_treatment: int = column("Units of the treatment with a value (pairs: users)", ge=0)
    mean_control: float = column("Mean of the control, adjusted where the method says so", nullable=True)
    mean_treatment: float = column("Mean of the treatment, adjusted where the method says so", nullable=True)
    difference: float = column("Treatment minus control: the scale on which decisions are made", nullable=True)
    difference_low: float = column("Lower end of its interval (joint over the arms for the primary metric)", nullable=True)
    difference_high: float = column("Upper end of its interval", nullable=True)
    standard_error: float = column("Standard error of the difference", nullable=True, ge=0)
    p: float = column("Two-sided p-value of this comparison alone", nullable=True, ge=0, le=1)
    p_adjusted: float = column("p-value adjusted for the comparisons it stands beside", nullable=True, ge=0, le=1)
    adjustment: str = column("How p was adjusted")
    look: int = column("Planned look that the numbers belong to; 0 before the first", ge=0)
    n_looks: int = column("Looks planned", ge=1)
    significance: float = column("Two-sided error rate of the interval: this look's part of the experiment's", gt=0, lt=1)
    relative_difference: float = column(
        "Difference as a share of the control; null where the baseline is not clearly above zero", nullable=True
    )
    relative_low: float = column("Lower end of its interval (log ratio)", nullable=True)
    relative_high: float = column("Upper end of its interval", nullable=True)
    variance_removed_share: float = column("Share of the squared error that the pre-period covariate removed", nullable=True)
    revenue_lift_per_unit: float = column("Difference times the worth of one unit of the primary metric", nullable=True)
    revenue_lift_per_unit_low: float = column("Lower end of its interval", nullable=True)
    revenue_lift_per_unit_high: float = column("Upper end of its interval", nullable=True)
    n_population: int = column("Units that would be exposed if the arm were rolled out to all, over the same time", ge=0)
    revenue_lift_total: float = column("Lift per unit times the population", nullable=True)
    revenue_lift_total_low: float = column("Lower end of its interval", nullable=True)
    revenue_lift_total_high: float = column("Upper end of its interval", nullable=True)
    detectable_difference: float = column("Smallest true difference that these units find with the wanted power", nullable=True, ge=0)
    units_needed_per_arm: float = column(
        "Units per arm to find the smallest effect worth finding, else the one observed", nullable=True, ge=0
    )
    is_valid: bool = column("Whether a claim may rest on it: there is a result and the experiment is healthy")
    verdict: str = column("What it says, in words")

    class Config:
        unique = ["experiment", "comparison", "metric", "arm"]

    @pa.dataframe_check
    @classmethod
    def a_valid_readout_has_an_interval(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """No claim without difference, interval and p."""
        complete = pl.all_horizontal(pl.col("difference", "difference_low", "difference_high", "p").is_not_null())
        return data.lazyframe.select(~pl.col("is_valid") | complete)


@contract("experiment_plans")
class ExperimentPlans(Contract):
    """One row per (experiment, days): what the traffic so far can show by when."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    days: int = column("Days from the start", unit="days", ge=1)
    units_in_control: float = column("Units of the control by then", ge=0)
    detectable_difference: float = column("Smallest true difference found by then with the wanted power", nullable=True, ge=0)
    detectable_share: float = column("The same as a share of the control's mean", nullable=True, ge=0)
    power_for_minimum_effect: float = column("Probability to find the smallest effect worth finding", nullable=True, ge=0, le=1)

    class Config:
        unique = ["experiment", "days"]


@contract("segment_effects")
class SegmentEffects(Contract):
    """One row per (experiment, metric, arm, segment): what the arm changed within one part of the population."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    arm: str = column("Treatment arm")
    segment: str = column("Part of the population, known before the exposure")
    source: str = column(SOURCE, isin=SOURCES)
    n_control: int = column("Units of the control in the segment", ge=0)
    n_treatment: int = column("Units of the treatment in the segment", ge=0)
    difference: float = column("Treatment minus control", nullable=True)
    difference_low: float = column("Lower end of its interval, for this segment alone", nullable=True)
    difference_high: float = column("Upper end of its interval", nullable=True)
    standard_error: float = column("Standard error of the difference", nullable=True, ge=0)
    p: float = column("Two-sided p-value of this segment alone", nullable=True, ge=0, le=1)
    p_adjusted: float = column("Adjusted over all segments and arms of the metric (Holm)", nullable=True, ge=0, le=1)
    p_segments_alike: float = column("p of a test that all segments have one effect (Cochran's Q)", nullable=True, ge=0, le=1)
    verdict: str = column("What the adjusted p says, in words")

    class Config:
        unique = ["experiment", "metric", "arm", "segment"]


@contract("decision_gates")
class DecisionGates(Contract):
    """One row per (experiment, arm, gate): every number that the rule looked at, also behind the gate that stopped."""

    experiment: str = column(EXPERIMENT)
    arm: str = column("Treatment arm")
    position: int = column("Order of the gates", ge=0)
    gate: str = column("Gate")
    value: float = column("What it looked at", nullable=True)
    limit: float = column("What it was held against", nullable=True)
    verdict: str = column("What it said", isin=["pass", "rollback", "iterate"])
    sentence: str = column("Why, for people")
    readout_key: str = column("Readout behind the gate, where it is not that of the primary metric", nullable=True)

    class Config:
        unique = ["experiment", "arm", "gate"]


@contract("decisions")
class Decisions(Contract):
    """One row per experiment: roll out, roll back or iterate, and the readout it rests on."""

    experiment: str = column(EXPERIMENT)
    decision: str = column("What to do: the rule's decision, unless a named person overrode it", isin=OUTCOMES)
    rule_decision: str = column("What the rule says", isin=OUTCOMES)
    override_owner: str = column("Who overrode the rule; null when nobody did", nullable=True)
    override_reason: str = column("Why", nullable=True)
    arm: str = column("Arm that it is about")
    source: str = column(SOURCE, isin=SOURCES)
    reason: str = column("Gate that decided")
    sentence: str = column("The decision and its reason, for people")
    owner: str = column("Who answers for the experiment")
    rule_version: str = column("Version of the written rule")
    readout_key: str = column("Readout that it rests on", str_length=16)
    is_readout_valid: bool = column("Whether that readout allows a claim")
    inputs_sha256: str = column("SHA-256 of everything it rests on", str_length=64)
    receipt: str = column("Receipt (JSON) from which the decision can be derived again")

    class Config:
        unique = ["experiment"]

    @pa.dataframe_check
    @classmethod
    def no_action_without_a_valid_readout(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Rolling out and rolling back are claims; iterating is not."""
        return data.lazyframe.select((pl.col("rule_decision") == "iterate") | pl.col("is_readout_valid"))

    @pa.dataframe_check
    @classmethod
    def no_departure_from_the_rule_without_owner_and_reason(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """What is in force is the rule's decision, or a named person's with a reason."""
        is_signed = pl.col("override_owner").is_not_null() & pl.col("override_reason").is_not_null()
        return data.lazyframe.select((pl.col("decision") == pl.col("rule_decision")) | is_signed)


@contract("self_test_units")
class SelfTestUnits(Contract):
    """One row per (experiment, metric, unit): values under the control arm on which the statistics are tested."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    unit_id: str = column(UNIT)
    value: float = column("Value of the metric")

    class Config:
        unique = ["experiment", "metric", "unit_id"]


@contract("self_tests")
class SelfTests(Contract):
    """One row per (experiment, metric, test): a promise of the statistics, and how it was kept on these data."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    source: str = column("Where the values come from", isin=SOURCES)
    test: str = column("A/A: share of false claims. Coverage: share of intervals with the truth. Power: share of effects found")
    expected_share: float = column("What was promised", ge=0, le=1)
    found_share: float = column("What was found", ge=0, le=1)
    monte_carlo_error: float = column("Standard error of the found share, were the promise true", ge=0)
    uniform_p: float = column("A/A only: p of a Kolmogorov-Smirnov test that the p-values are uniform", nullable=True, ge=0, le=1)
    n_repetitions: int = column("Repetitions", ge=1)
    n_units: int = column("Units whose values were used", ge=1)
    is_kept: bool = column("Whether the found share is within three of its errors of the promise")
    sentence: str = column("The result, for people")

    class Config:
        unique = ["experiment", "metric", "test"]
