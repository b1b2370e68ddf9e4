"""What the tables promise into which the experiments' own logs are read,
once, at the start of a run.
"""

import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contracts.terms import EXPERIMENT, SOURCE, SOURCES, UNIT


@contract("exposure_log")
class ExposureLog(Contract):
    """One row per (experiment, unit, arm) of the configured exposure logs,
    with the windows of its outcomes.
    """

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm that the unit saw")
    source: str = column(SOURCE, isin=SOURCES)
    segment: str = column(
        "Part of the population, as the log says; all or unknown where it does not"
    )
    first_exposed_at: Timestamp = column("First exposure (UTC)")
    last_exposed_at: Timestamp = column("Last exposure (UTC)")
    n_exposures: int = column("Exposures", ge=1)
    pre_start_at: Timestamp = column(
        "Start of the time before the exposure that is looked at (UTC)"
    )
    window_end_at: Timestamp = column("End of the window in which outcomes count (UTC)")
    uses_interaction_log: bool = column("Whether outcomes are those of the interaction log")
    assigned_by: str = column(
        "Whether the log or our own bucketing gave the arm", isin=["log", "hash"]
    )
    first_exposed_on: pl.Date = column(
        "Day of the first exposure in the service's zone", unit="date"
    )
    last_exposed_on: pl.Date = column("Day of the last exposure in the service's zone", unit="date")
    cluster_id: str = column(
        "What was randomised as a whole; null where the experiment names none", nullable=True
    )
    stratum: str = column(
        "Part of the population within which arms are compared; null where none is named",
        nullable=True,
    )
    covariates: str = column(
        "Numbers known before (JSON, by name); null where no metric names any", nullable=True
    )

    class Config:
        unique = ["experiment", "unit_id", "arm"]


@contract("outcome_log")
class OutcomeLog(Contract):
    """One row per outcome of the configured outcome logs. No key: outcomes may be alike."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    event_at: Timestamp = column("When it happened (UTC)")
    event_type: str = column("Kind of outcome", nullable=True)
    value: float = column(
        "Value of the outcome; null or infinite as in the log: health counts them", nullable=True
    )
    event_on: pl.Date = column("Day on which it happened in the service's zone", unit="date")


@contract("log_row_counts")
class LogRowCounts(Contract):
    """One row per (experiment, log, event type): what the configured logs hold,
    and what was left out of them.
    """

    experiment: str = column(EXPERIMENT)
    log: str = column("Exposures or outcomes")
    event_type: str = column("Kind of outcome; null for exposures", nullable=True)
    n_rows: int = column("Rows that count", ge=0)
    n_out_of_time: int = column("Rows left out, since their time cannot be true", ge=0)
    n_duplicates: int = column("Rows left out, since they equal another one", ge=0)
    n_not_finite: int = column("Rows that count whose value is infinite or no number", ge=0)
    first_at: Timestamp = column("First time of a row that counts (UTC)", nullable=True)
    last_at: Timestamp = column("Last time of a row that counts (UTC)", nullable=True)

    class Config:
        unique = ["experiment", "log", "event_type"]


@contract("kept_assignments")
class KeptAssignments(Contract):
    """One row per (experiment, unit) whose arm of an earlier night is kept."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm that the unit keeps")

    class Config:
        unique = ["experiment", "unit_id"]
