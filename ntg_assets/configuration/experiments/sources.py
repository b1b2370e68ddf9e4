"""Where the evidence of an experiment comes from: a replay of ranking strategies,
logs of the user's own, or a table of units.
"""

from typing import Literal

from pydantic import Field

from ntg_assets.configuration.experiments.table_source import TableSource
from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.configuration.section import Section

Evidence = Literal["observed", "offline replay", "simulated"]


class ExposureLogSettings(FileSource, TimeOptions):
    """Who saw which arm, and when: files, and what the columns are called in them."""

    unit_id: ColumnName = "user_id"
    """Column with the unit; the same ids as in the outcomes."""
    arm: ColumnName = "arm"
    """Column with the name of the arm."""
    exposed_at: ColumnName = "exposed_at"
    """Column with the time of the exposure (without an offset in `timezone`),
    or its day in the service's zone.
    """
    experiment: ColumnName | None = None
    """Column with the experiment; only rows that name this one count. None: every row does."""
    segment: ColumnName | None = None
    """Column with the part of the population that the unit belongs to,
    known before the exposure.
    """


class OutcomeLogSettings(FileSource, TimeOptions, NumberOptions):
    """What units did: files, and what the columns are called in them."""

    unit_id: ColumnName = "user_id"
    happened_at: ColumnName = "happened_at"
    """Column with the time of the outcome (without an offset in `timezone`),
    or its day in the service's zone.
    """
    event_type: ColumnName | None = None
    """Column with the kind of outcome; None: all are of one kind."""
    value: ColumnName | None = None
    """Column with the value of the outcome; None: each counts 1."""
    duplicates: Literal["drop", "keep"] = "drop"
    """Whether rows equal in all of these columns count once
    (`drop`: a log loaded twice doubles nothing) or are kept (days for times).
    """


class ReplaySource(Section):
    """Held-out behaviour: each arm is a ranking strategy,
    and users are held against the list they would have been shown.
    """

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
    """`simulated` for logs of a made-up world;
    it is shown on every readout and never pooled with what was observed.
    """
    exposures: ExposureLogSettings
    outcomes: OutcomeLogSettings | None = None
    """The outcome log; None: the interaction log itself (`ingest.events`)."""
    window_days: float = Field(default=28.0, gt=0)
    """Outcomes count in `[first exposure, first exposure + window)`;
    units whose window is not over yet are not read out.
    """
    pre_period_days: float = Field(default=28.0, ge=0)
    """Length of the window before the exposure from which covariates are taken; 0: none."""
    assigned_by: Literal["log", "hash"] = "log"
    """`log`: the first arm seen is the arm given. `hash`: our own bucketing gave the arms,
    and the log is held against it.
    """
    assigned_at_once: bool = False
    """Whether all units were given their arm at one moment (a campaign, a cohort). Then their
    windows are over together: one look, no planned_units needed, and it is the window that must
    cover whole weeks, not the days on which units arrived."""


class DeliveredLogSettings(FileSource):
    """Contacts that were really made, as the CRM reports them."""

    user_id: ColumnName = "user_id"
    """Column with the user who was contacted."""


class InterventionSource(Section):
    """The radar's own log: who was put on a list and drawn for a contact,
    and who was held out at random.
    """

    kind: Literal["interventions"]
    strategy: str = Field(min_length=1)
    """Strategy of `radar.strategies`; each is a trial of its own."""
    assignments: list[str] = Field(default=["outputs/radar/assignments/*.parquet"], min_length=1)
    """The published `intervention_assignments` of past nights: paths or globs,
    relative to the project folder.
    """
    delivered: DeliveredLogSettings | None = None
    """The contacts that were made. None: nobody says that any was,
    so the readout is `simulated`: a list alone changes nobody.
    """
    outcomes: OutcomeLogSettings | None = None
    """The outcome log; None: the interaction log itself."""
    window_days: float = Field(default=28.0, gt=0)
    """Outcomes count in `[assigned_on, assigned_on + window)`,
    for everyone as drawn, contacted or not (intention to treat).
    """
    pre_period_days: float = Field(default=28.0, ge=0)
    """Length of the window before the assignment from which covariates are taken; 0: none."""
    assigned_at_once: bool = False
    """Whether the log holds one night only (see a log's)."""

    @property
    def evidence(self) -> Evidence:
        return "simulated" if self.delivered is None else "observed"

    @property
    def assigned_by(self) -> Literal["log"]:
        return "log"


LoggedSource = LogSource | InterventionSource
Source = ReplaySource | LogSource | InterventionSource | TableSource
