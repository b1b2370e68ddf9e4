"""What the tables promise that say who was given and who saw which arm."""

import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import (
    EXPERIMENT,
    LOG_FILES,
    LOGS,
    SOURCE,
    SOURCES,
    UNIT,
)
from ntg_assets.summaries import summary


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


@contract("arm_traffic")
@summary(
    measures={
        "n_units": "sum(n_units)",
        "fewest_units": "min(n_units)",
        "n_exposed": "sum(n_exposed)",
        "n_in_several_arms": "sum(n_in_several_arms)",
        "n_not_assigned": "sum(n_not_assigned)",
    },
)
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
    n_clusters: int = column(
        "Clusters of which a unit saw the arm; null where no cluster_id is named",
        nullable=True,
        ge=0,
    )
    n_clusters_in_several_arms: int = column(
        "Of these, clusters of which a unit saw another arm: all their units are left out",
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
