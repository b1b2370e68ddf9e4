"""Where the evidence of an experiment is a table that somebody made: of units, or of counts."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.spellings import as_list
from ntg_assets.configuration.inputs.written_values import NumberOptions


class TableSource(FileSource, NumberOptions):
    """A table without times: one row per unit, or one per arm and metric. `ntg experiments` decides
    it, and no run of the graph does.
    """

    kind: Literal["table"]
    files: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    """Paths or globs of the table, relative to the project folder; empty: it is handed over
    (`ntg experiments ID --units FILE`, `--aggregates FILE`).
    """
    holds: Literal["units", "aggregates"] = "units"
    """What `files` are: a row per unit (`unit_id`, `arm`, a column per metric), or a row per arm
    and metric (`arm`, `metric`, `n`, `mean`, `variance`).
    """
    evidence: Literal["observed", "simulated"] = "observed"
    """`simulated` for a made-up world; it is shown on every readout."""
    unit_id: ColumnName = "unit_id"
    """Column with the unit."""
    arm: ColumnName = "arm"
    """Column with the name of the arm."""
    segment: ColumnName | None = None
    """Column with the part of the population that the unit belongs to, known before the experiment;
    null: `segment`, where there is one.
    """
    values: dict[str, ColumnName] = Field(default_factory=dict)
    """What the table calls a metric's column, where it is not the metric's name, and so for
    `<metric>_before`, `<metric>_denominator`, `metric`, `n`, `mean`, `variance`, `day`:
    `{revenue: Umsatz, revenue_before: "Umsatz vorher"}`.
    """
    window_days: float = Field(default=28.0, gt=0)
    """Over how many days the values of a unit were counted."""
    pre_period_days: float = Field(default=0.0, ge=0)
    """Over how many days before the experiment `<metric>_before` was counted."""

    @property
    def assigned_at_once(self) -> bool:
        """Whether all units count as given their arm at one moment: nobody says when."""
        return True

    @property
    def outcomes(self) -> None:
        """No log of outcomes: the table holds what came of each unit."""
        return
