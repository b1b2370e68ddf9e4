"""What the tables of health and decisions promise."""

import pandera.polars as pa
import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import EXPERIMENT, OUTCOMES, SOURCE, SOURCES, VERDICTS
from ntg_assets.summaries import summary


@contract("health_checks")
@summary(
    measures={
        "n_checks": "count(*)",
        "n_experiments": "count(distinct experiment)",
        "n_sick": "count(*) filter (verdict = 'sick')",
        "n_healthy": "count(*) filter (verdict = 'healthy')",
    },
    columns=("experiment", "check", "metric", "value", "limit", "verdict", "sentence"),
)
class HealthChecks(Contract):
    """One row per (experiment, check): can the numbers be trusted at all?"""

    experiment: str = column(EXPERIMENT)
    source: str = column(SOURCE, isin=SOURCES)
    position: int = column("Order in which the checks are read", ge=0)
    check: str = column("What was asked")
    metric: str = column(
        "Metric whose claim alone it stops; null: all claims, as when it is about the primary"
        " metric",
        nullable=True,
    )
    value: float = column("What was found")
    limit: float = column("From where on it is a problem")
    verdict: str = column(
        "`warning`: to be known, stops nothing. `thin`: too little for a claim. `sick`: not to be"
        " trusted",
        isin=VERDICTS,
    )
    sentence: str = column("What it means, for people")

    class Config:
        unique = ["experiment", "check"]


@contract("decision_gates")
class DecisionGates(Contract):
    """One row per (experiment, arm, gate): every number that the rule looked at,
    also behind the gate that stopped.
    """

    experiment: str = column(EXPERIMENT)
    arm: str = column("Treatment arm")
    position: int = column("Order of the gates", ge=0)
    gate: str = column("Gate")
    value: float = column("What it looked at", nullable=True)
    limit: float = column("What it was held against", nullable=True)
    verdict: str = column("What it said", isin=["pass", "rollback", "iterate"])
    sentence: str = column("Why, for people")
    readout_key: str = column(
        "Readout behind the gate, where it is not that of the primary metric", nullable=True
    )

    class Config:
        unique = ["experiment", "arm", "gate"]


@contract("decisions")
@summary(
    measures={
        "n_experiments": "count(*)",
        "n_roll_out": "count(*) filter (decision = 'rollout')",
        "n_roll_back": "count(*) filter (decision = 'rollback')",
        "n_iterate": "count(*) filter (decision = 'iterate')",
    },
    columns=("experiment", "decision", "sentence"),
)
class Decisions(Contract):
    """One row per experiment: roll out, roll back or iterate, and the readout it rests on."""

    experiment: str = column(EXPERIMENT)
    decision: str = column(
        "What to do: the rule's decision, unless a named person overrode it", isin=OUTCOMES
    )
    rule_decision: str = column("What the rule says", isin=OUTCOMES)
    override_owner: str = column("Who overrode the rule; null when nobody did", nullable=True)
    override_reason: str = column("Why", nullable=True)
    arm: str = column("Arm that it is about")
    source: str = column(SOURCE, isin=SOURCES)
    unit: str = column("What got an arm: users, or another unit")
    tests: str = column(
        "What is tested, where it bears on the question of the first page",
        nullable=True,
        isin=["recommendation_strategy"],
    )
    horizon_days: int = column(
        "Days in which outcomes counted; null in a replay", unit="days", nullable=True, ge=1
    )
    money_unit: str = column(
        "Currency in which the primary metric is measured; null when it is no measured money",
        nullable=True,
    )
    not_money: str = column(
        "Why the primary metric is no measured money; null when it is", nullable=True
    )
    reason: str = column("Gate that decided")
    sentence: str = column("The decision and its reason, for people")
    owner: str = column("Who answers for the experiment")
    rule_version: str = column("Version of the written rule")
    readout_key: str = column("Readout that it rests on", str_length=16)
    is_readout_valid: bool = column("Whether that readout allows a claim")
    definition_sha256: str = column("SHA-256 of the experiment's definition", str_length=64)
    inputs_sha256: str = column("SHA-256 of everything it rests on", str_length=64)
    receipt_sha256: str = column(
        "SHA-256 of the receipt, by which a copy of it is known to be this one", str_length=64
    )
    receipt: str = column("Receipt (JSON) from which the decision can be derived again")

    class Config:
        unique = ["experiment"]

    @pa.dataframe_check
    @classmethod
    def no_action_without_a_valid_readout(cls, table: pa.PolarsData) -> pl.LazyFrame:
        """Rolling out and rolling back are claims; iterating is not."""
        return table.lazyframe.select(
            (pl.col("rule_decision") == "iterate") | pl.col("is_readout_valid")
        )

    @pa.dataframe_check
    @classmethod
    def no_departure_from_the_rule_without_owner_and_reason(
        cls, table: pa.PolarsData
    ) -> pl.LazyFrame:
        """What is in force is the rule's decision, or a named person's with a reason."""
        follows_the_rule = pl.col("decision") == pl.col("rule_decision")
        has_owner = pl.col("override_owner").is_not_null()
        is_signed = has_owner & pl.col("override_reason").is_not_null()
        return table.lazyframe.select(follows_the_rule | is_signed)


@contract("experiment_problems")
class ExperimentProblems(Contract):
    """One row per (experiment, step) that could not be made: the experiment is missing from that
    table, the others are not.
    """

    experiment: str = column(EXPERIMENT)
    step: str = column(
        "`sources` (its logs could not be read: it is in no table), or the table that lacks it"
    )
    reason: str = column("Why, for people")

    class Config:
        unique = ["experiment", "step"]


@contract("unit_id_report")
@summary(
    measures={
        "n_units": "coalesce(sum(n_units), 0)",
        "n_found": "coalesce(sum(n_found), 0)",
        "n_near": "coalesce(sum(n_near), 0)",
        "n_not_found": "coalesce(sum(n_not_found), 0)",
    },
)
class UnitIdReport(Contract):
    """One row per experiment on logs: how its exposed units meet the ids of its outcomes. n_found +
    n_near + n_not_found = n_units.
    """

    experiment: str = column(EXPERIMENT)
    outcomes: str = column(
        "What the outcomes are taken from", isin=["interaction log", "outcome log"]
    )
    n_units: int = column("Exposed units", ge=0)
    n_found: int = column("Units that have an id of the outcomes", ge=0)
    n_near: int = column(
        "Units that have none, but differ from one only by spaces, unseen characters, case, quotes,"
        " zeros or a .0",
        ge=0,
    )
    n_not_found: int = column(
        "Units that the outcomes do not know: they did nothing, or their ids are others", ge=0
    )
    first_near: str = column(
        "A unit that nearly has an id of the outcomes, and that id; null: none", nullable=True
    )

    class Config:
        unique = ["experiment"]
