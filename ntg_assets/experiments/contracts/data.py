"""What the tables promise from which every statistic is derived."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    EXPERIMENT,
    SOURCE,
    SOURCES,
    UNIT,
)


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


@contract("designed_units")
class DesignedUnits(Contract):
    """One row per (experiment, metric, unit) of metrics that are compared by clusters, strata or
    covariates of the exposure log.
    """

    experiment: str = column(EXPERIMENT)
    metric: str = column("Metric")
    unit_id: str = column(UNIT)
    arm: str = column("Arm")
    segment: str = column("Part of the population that the unit belongs to")
    is_in_look: bool = column("Whether the unit belongs to the last planned look reached")
    value: float = column("Value of the metric, winsorised where it is", nullable=True)
    denominator: float = column("Denominator of a ratio; null for other kinds", nullable=True)
    covariate: float = column("The same quantity before; null where there is none", nullable=True)
    covariate_denominator: float = column("Denominator of the covariate of a ratio", nullable=True)
    cluster_id: str = column("What was randomised as a whole; null: the unit", nullable=True)
    stratum: str = column("Part within which arms are compared; null: none", nullable=True)
    covariates: str = column("Numbers known before (JSON, by name); null: none", nullable=True)

    class Config:
        unique = ["experiment", "metric", "unit_id"]


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
