"""Where the evidence of an experiment comes from: a replay of ranking strategies, or logs of the user's own."""

from typing import Literal

from pydantic import Field

from ntg_assets.section import Section

Evidence = Literal["observed", "offline replay", "simulated"]


class ExposureLogSettings(Section):
    """Who saw which arm, and when: files, and what the columns are called in them."""

    files: list[str] = Field(min_length=1)
    """Paths or globs, relative to the project folder; CSV or Parquet."""
    unit_id: str = "user_id"
    """Column with the unit; the same ids as in the outcomes."""
    arm: str = "arm"
    """Column with the name of the arm."""
    exposed_at: str = "exposed_at"
    """Column with the time of the exposure (ISO, UTC)."""
    experiment: str | None = None
    """Column with the experiment; only rows that name this one count. None: every row does."""
    segment: str | None = None
    """Column with the part of the population that the unit belongs to, known before the exposure."""


class OutcomeLogSettings(Section):
    """What units did: files, and what the columns are called in them."""

    files: list[str] = Field(min_length=1)
    """Paths or globs, relative to the project folder; CSV or Parquet."""
    unit_id: str = "user_id"
    happened_at: str = "happened_at"
    """Column with the time of the outcome (ISO, UTC)."""
    event_type: str | None = None
    """Column with the kind of outcome; None: all are of one kind."""
    value: str | None = None
    """Column with the value of the outcome; None: each counts 1."""


class ReplaySource(Section):
    """Held-out behaviour: each arm is a ranking strategy, and users are held against the list they would have been shown."""

    kind: Literal["offline replay"] = "offline replay"
    list_length: int = Field(default=10, ge=1)
    """Items of each list that a user is taken to have seen."""

    @property
    def evidence(self) -> Evidence:
        return "offline replay"


class LogSource(Section):
    """Exposures and outcomes that were logged while the experiment ran."""

    kind: Literal["log"]
    evidence: Literal["observed", "simulated"] = "observed"
    """`simulated` for logs of a made-up world; it is shown on every readout and never pooled with what was observed."""
    exposures: ExposureLogSettings
    outcomes: OutcomeLogSettings | None = None
    """The outcome log; None: the interaction log itself (`ingest.events`)."""
    window_days: float = Field(default=28.0, gt=0)
    """Outcomes count in `[first exposure, first exposure + window)`; units whose window is not over yet are not read out."""
    pre_period_days: float = Field(default=28.0, ge=0)
    """Length of the window before the exposure from which covariates are taken; 0: none."""
    assigned_by: Literal["log", "hash"] = "log"
    """`log`: the first arm seen is the arm given. `hash`: our own bucketing gave the arms, and the log is held against it."""


Source = ReplaySource | LogSource
