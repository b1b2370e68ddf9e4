"""The rows of one experiment's outcomes."""

from typing import TYPE_CHECKING, Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import (
    OutcomeLogSettings,
)
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.experiments.data.logs.log_rules import (
    OUTCOMES,
    ValidatedRows,
    validate_rows,
)
from ntg_assets.local_days import local_day

if TYPE_CHECKING:
    from ntg_assets.configuration.inputs.columns_from import ColumnName

OUTCOME_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "unit_id": pl.String,
    "event_at": pl.Datetime("us"),
    "event_type": pl.String,
    "value": pl.Float64,
    "event_on": pl.Date,
}


def outcomes_of(
    experiment: ExperimentSettings, log: OutcomeLogSettings, *, files: LogFiles
) -> ValidatedRows:
    """Read the outcomes of one experiment and leave out what cannot be true."""
    what = f"experiment {experiment.id}: outcomes"
    wanted = _columns(log)
    rows = files.read(log, wanted, what=what)
    if "value" not in wanted:
        rows = rows.with_columns(pl.lit(1.0).alias("value"))
    typed = rows.select(
        experiment=pl.lit(experiment.id),
        unit_id="unit_id",
        event_at="event_at",
        event_type="event_type" if "event_type" in wanted else pl.lit("outcome"),
        value="value",
        event_on=local_day(pl.col("event_at"), files.zone),
    )
    distinct = list(OUTCOME_TYPES) if log.duplicates == "drop" else []
    return validate_rows(
        typed, files.rules, at="event_at", log=OUTCOMES, what=what, distinct=distinct
    )


def _columns(log: OutcomeLogSettings) -> "dict[str, ColumnName]":
    """Name the columns that the log has; a type of event and a value it may do without."""
    columns = {
        "unit_id": log.unit_id,
        "event_at": log.happened_at,
        "event_type": log.event_type,
        "value": log.value,
    }
    return {name: column for name, column in columns.items() if column is not None}
