"""What the tables of the statistics promise."""

import pandera.polars as pa
import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    BETTER,
    EXPERIMENT,
    READ,
    ROLES,
    SOURCE,
    SOURCES,
)
from ntg_assets.summaries import summary


@contract("readouts")
@summary(
    measures={
        "n_experiments": "count(distinct experiment)",
        "n_valid": "count(*) filter (is_valid)",
        "smallest_p_adjusted": "min(p_adjusted) filter (is_valid)",
        "n_units": "max(n_control + n_treatment)",
    },
    columns=(
        "experiment",
        "metric",
        "arm",
        "role",
        "difference",
        "difference_low",
        "difference_high",
        "verdict",
    ),
)
class Readouts(Contract):
    """One row per (experiment, comparison, metric,
    treatment arm): what was found against the control.
    """

    readout_key: str = column(
        "Names this readout and the exact sums it rests on", str_length=16, unique=True
    )
    experiment: str = column(EXPERIMENT)
    comparison: str = column(
        "Arms of different users, each user under both, or guardrails on everything to date",
        isin=READ,
    )
    metric: str = column("Metric")
    arm: str = column("Treatment arm")
    control_arm: str = column("Arm it is compared with")
    source: str = column(SOURCE, isin=SOURCES)
    role: str = column("What the metric is for", isin=ROLES)
    better: str = column("Whether more or less of the metric is better", isin=BETTER)
    method: str = column("Test behind the interval")
    n_control: int = column("Units of the control with a value", ge=0)
    n_treatment: int = column("Units of the treatment with a value (pairs: users)", ge=0)
    mean_control: float = column(
        "Mean of the control, adjusted where the method says so", nullable=True
    )
    mean_treatment: float = column(
        "Mean of the treatment, adjusted where the method says so", nullable=True
    )
    difference: float = column(
        "Treatment minus control: the scale on which decisions are made", nullable=True
    )
    difference_low: float = column(
        "Lower end of its interval (joint over the arms for the primary metric)", nullable=True
    )
    difference_high: float = column("Upper end of its interval", nullable=True)
    standard_error: float = column("Standard error of the difference", nullable=True, ge=0)
    p: float = column("Two-sided p-value of this comparison alone", nullable=True, ge=0, le=1)
    p_adjusted: float = column(
        "p-value adjusted for the comparisons it stands beside", nullable=True, ge=0, le=1
    )
    adjustment: str = column("How p was adjusted")
    look: int = column("Planned look that the numbers belong to; 0 before the first", ge=0)
    n_looks: int = column("Looks planned", ge=1)
    significance: float = column(
        "Two-sided error rate of the interval: this look's part of the experiment's", gt=0, lt=1
    )
    relative_difference: float = column(
        "Difference as a share of the control; null where the baseline is not clearly above zero",
        nullable=True,
    )
    relative_low: float = column("Lower end of its interval (log ratio)", nullable=True)
    relative_high: float = column("Upper end of its interval", nullable=True)
    variance_removed_share: float = column(
        "Share of the squared error that the pre-period covariate removed", nullable=True
    )
    revenue_lift_per_unit: float = column(
        "Improvement of the primary metric times the worth of one unit of it", nullable=True
    )
    revenue_lift_per_unit_low: float = column("Lower end of its interval", nullable=True)
    revenue_lift_per_unit_high: float = column("Upper end of its interval", nullable=True)
    n_population: int = column(
        "Units that would be exposed if the arm were rolled out to all, over the same time", ge=0
    )
    revenue_lift_total: float = column("Lift per unit times the population", nullable=True)
    revenue_lift_total_low: float = column("Lower end of its interval", nullable=True)
    revenue_lift_total_high: float = column("Upper end of its interval", nullable=True)
    detectable_difference: float = column(
        "Smallest true difference that these units find with the wanted power", nullable=True, ge=0
    )
    units_needed_per_arm: float = column(
        "Units per arm to find the smallest effect worth finding, else the one observed",
        nullable=True,
        ge=0,
    )
    is_valid: bool = column(
        "Whether a claim may rest on it: there is a result and the experiment is healthy"
    )
    verdict: str = column("What it says, in words")

    class Config:
        unique = ["experiment", "comparison", "metric", "arm"]

    @pa.dataframe_check
    @classmethod
    def a_valid_readout_has_an_interval(cls, table: pa.PolarsData) -> pl.LazyFrame:
        """No claim without difference, interval and p."""
        complete = pl.all_horizontal(
            pl.col("difference", "difference_low", "difference_high", "p").is_not_null()
        )
        return table.lazyframe.select(~pl.col("is_valid") | complete)


@contract("experiment_plans")
@summary(
    measures={
        "n_experiments": "count(distinct experiment)",
        "longest_days": "max(days)",
        "smallest_detectable_share": "min(detectable_share)",
        "largest_power": "max(power_for_minimum_effect)",
    },
)
class ExperimentPlans(Contract):
    """One row per (experiment, days): what the traffic so far can show by when."""

    experiment: str = column(EXPERIMENT)
    metric: str = column("Primary metric")
    source: str = column(SOURCE, isin=SOURCES)
    days: int = column("Days from the start", unit="days", ge=1)
    units_in_control: float = column("Units of the control by then", ge=0)
    detectable_difference: float = column(
        "Smallest true difference found by then with the wanted power", nullable=True, ge=0
    )
    detectable_share: float = column(
        "The same as a share of the control's mean", nullable=True, ge=0
    )
    power_for_minimum_effect: float = column(
        "Probability to find the smallest effect worth finding", nullable=True, ge=0, le=1
    )

    class Config:
        unique = ["experiment", "days"]


@contract("self_tests")
class SelfTests(Contract):
    """One row per (experiment, metric, test): a promise of the statistics,
    and how it was kept on these data.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    source: str = column("Where the values come from", isin=SOURCES)
    test: str = column(
        "A/A: share of false claims. Coverage: share of intervals with the truth. Power: share of"
        " effects found. Largest values: share of a treatment among them"
    )
    expected_share: float = column(
        "What was promised; of largest values, the share of those below", ge=0, le=1
    )
    found_share: float = column("What was found", ge=0, le=1)
    monte_carlo_error: float = column(
        "Standard error of the found share, were the promise true", ge=0
    )
    uniform_p: float = column(
        "A/A: p of a Kolmogorov-Smirnov test that the p-values are uniform. Largest values: p of"
        " Fisher's exact test that they are spread as those below",
        nullable=True,
        ge=0,
        le=1,
    )
    n_repetitions: int = column("Repetitions; of largest values, how many there are", ge=1)
    n_units: int = column("Units whose values were used", ge=1)
    is_kept: bool = column(
        "Whether the found share is within three of its errors of the promise; of largest values,"
        " within four times the odds, or p of .001 or more"
    )
    sentence: str = column("The result, for people")

    class Config:
        unique = ["experiment", "metric", "test"]
