"""What the tables promise into which the experiments' own logs are read, once, at the start of a run."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.experiments.contract_terms import EXPERIMENT, SOURCE, SOURCES, UNIT, Timestamp


@contract("exposure_log")
class ExposureLog(Contract):
    """One row per (experiment, unit, arm) of the configured exposure logs, with the windows of its outcomes."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm that the unit saw")
    source: str = column(SOURCE, isin=SOURCES)
    segment: str = column("Part of the population, as the log says; all or unknown where it does not")
    first_exposed_at: Timestamp = column("First exposure (UTC)")
    last_exposed_at: Timestamp = column("Last exposure (UTC)")
    n_exposures: int = column("Exposures", ge=1)
    pre_start_at: Timestamp = column("Start of the time before the exposure that is looked at (UTC)")
    window_end_at: Timestamp = column("End of the window in which outcomes count (UTC)")
    uses_interaction_log: bool = column("Whether outcomes are those of the interaction log")
    assigned_by: str = column("Whether the log or our own bucketing gave the arm", isin=["log", "hash"])

    class Config:
        unique = ["experiment", "unit_id", "arm"]


@contract("outcome_log")
class OutcomeLog(Contract):
    """One row per outcome of the configured outcome logs. No key: outcomes may be alike."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    event_at: Timestamp = column("When it happened (UTC)")
    event_type: str = column("Kind of outcome", nullable=True)
    value: float = column("Value of the outcome; null or infinite as in the log: health counts them", nullable=True)


@contract("kept_assignments")
class KeptAssignments(Contract):
    """One row per (experiment, unit) whose arm of an earlier night is kept."""

    experiment: str = column(EXPERIMENT)
    unit_id: str = column(UNIT)
    arm: str = column("Arm that the unit keeps")

    class Config:
        unique = ["experiment", "unit_id"]
