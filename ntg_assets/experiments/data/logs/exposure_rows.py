"""The rows of one experiment's exposures, and what they say of each unit and arm."""

from typing import TYPE_CHECKING, Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import (
    InterventionSource,
    LoggedSource,
    LogSource,
)
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs.exposure_design import (
    DESIGN,
    log_design_columns,
    with_log_design,
)
from ntg_assets.experiments.data.logs.interventions import read_interventions
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets.experiments.data.logs.log_rules import (
    EXPOSURES,
    ValidatedRows,
    validate_rows,
)
from ntg_assets.local_days import local_day, shift_days
from ntg_assets.sources.sniffing.advice import like_null
from ntg_assets.sources.values.words import meanings, written_otherwise

if TYPE_CHECKING:
    from ntg_assets.configuration.inputs.columns_from import ColumnName

EXPOSURE_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "unit_id": pl.String,
    "arm": pl.String,
    "source": pl.String,
    "segment": pl.String,
    "first_exposed_at": pl.Datetime("us"),
    "last_exposed_at": pl.Datetime("us"),
    "n_exposures": pl.Int64,
    "pre_start_at": pl.Datetime("us"),
    "window_end_at": pl.Datetime("us"),
    "uses_interaction_log": pl.Boolean,
    "assigned_by": pl.String,
    "first_exposed_on": pl.Date,
    "last_exposed_on": pl.Date,
    "cluster_id": pl.String,
    "stratum": pl.String,
    "covariates": pl.String,
}
MOST_NAMED = 5


def judged_exposures(
    experiment: ExperimentSettings, source: LoggedSource, *, files: LogFiles
) -> ValidatedRows:
    """Read the exposures of one experiment and leave out what cannot be true."""
    what = (
        f"experiment {experiment.id}:"
        f" {'interventions' if isinstance(source, InterventionSource) else 'exposures'}"
    )
    if isinstance(source, InterventionSource):
        drawn = read_interventions(source, read=files.read, what=what, zone=files.zone)
        rows = with_log_design(drawn, experiment, what=what)
    else:
        rows = _logged_exposures(experiment, source, files=files)
    named, note = _with_arms(rows, experiment)
    judged = validate_rows(named, files.rules, at="exposed_at", log=EXPOSURES, what=what)
    notes = [note, _describe_null_units(named["unit_id"])]
    return judged._replace(note="; ".join(filter(None, notes)))


def _describe_null_units(units: pl.Series) -> str:
    """Say that a word for none is a unit."""
    words = like_null(units.unique())
    if not words:
        return ""
    n = int(units.is_in(words).sum())
    return f"{n:,} rows are of the unit {words[0]!r}; if that means empty, set `null_words`"


def _logged_exposures(
    experiment: ExperimentSettings, source: LogSource, *, files: LogFiles
) -> pl.DataFrame:
    log = source.exposures
    wanted: dict[str, ColumnName] = {
        "unit_id": log.unit_id,
        "arm": log.arm,
        "exposed_at": log.exposed_at,
    }
    optional = {"named": log.experiment, "segment": log.segment}
    wanted |= {name: column for name, column in optional.items() if column is not None}
    wanted |= log_design_columns(experiment)
    what = f"experiment {experiment.id}: exposures"
    rows = files.read(log, wanted, what=what, experiment=experiment.id)
    if "segment" not in wanted:
        rows = rows.with_columns(pl.lit("all").alias("segment"))
    return with_log_design(_eligible(rows, experiment, what=what), experiment, what=what)


def _eligible(rows: pl.DataFrame, experiment: ExperimentSettings, *, what: str) -> pl.DataFrame:
    if not experiment.eligible_segments:
        return rows
    segments = rows["segment"].drop_nulls().unique().sort().to_list()
    if unknown := [segment for segment in experiment.eligible_segments if segment not in segments]:
        has = ", ".join(segments[:MOST_NAMED]) or "none"
        raise SourceError(
            f"{what}: no exposure lies in the eligible segment {unknown[0]!r}; the log has {has}."
        )
    return rows.filter(pl.col("segment").is_in(experiment.eligible_segments))


def exposures_per_unit(
    rows: pl.DataFrame, experiment: ExperimentSettings, source: LoggedSource, *, zone: str
) -> pl.DataFrame:
    """Bring the exposures together; one row per (unit, arm), with the windows of its outcomes.

    Args:
        rows: One per exposure: `unit_id`, `arm`, `exposed_at`, and what the log says of the unit.
        experiment: Whose arms and units these are.
        source: The log's settings: windows, segments.
        zone: Zone whose midnights begin and end windows in days.
    """
    grouped = _per_unit(rows)
    first = grouped["first_exposed_at"]
    return grouped.select(
        pl.lit(experiment.id).alias("experiment"),
        "unit_id",
        "arm",
        pl.lit(source.evidence).alias("source"),
        "segment",
        "first_exposed_at",
        "last_exposed_at",
        "n_exposures",
        shift_days(first, -source.pre_period_days, zone).alias("pre_start_at"),
        shift_days(first, source.window_days, zone).alias("window_end_at"),
        pl.lit(source.outcomes is None).alias("uses_interaction_log"),
        pl.lit(source.assigned_by).alias("assigned_by"),
        local_day(pl.col("first_exposed_at"), zone).alias("first_exposed_on"),
        local_day(pl.col("last_exposed_at"), zone).alias("last_exposed_on"),
        *DESIGN,
    ).sort("unit_id", "arm")


def _per_unit(rows: pl.DataFrame) -> pl.DataFrame:
    """Reduce exposures to one row per (unit, arm): when, how often, and what the log says first."""
    return rows.group_by("unit_id", "arm").agg(
        pl.col("exposed_at").min().alias("first_exposed_at"),
        pl.col("exposed_at").max().alias("last_exposed_at"),
        pl.len().cast(pl.Int64).alias("n_exposures"),
        pl.col("segment").fill_null("unknown").min().alias("segment"),
        *(pl.col(name).sort_by("exposed_at", name).first() for name in DESIGN),
    )


def _with_arms(rows: pl.DataFrame, experiment: ExperimentSettings) -> tuple[pl.DataFrame, str]:
    """Write arms as the definition does; say how many rows write them otherwise.

    Raises:
        SourceError: an arm is not one of the experiment's.
    """
    arm_names = [arm.name for arm in experiment.arms]
    arms = meanings(rows["arm"], {name: name for name in arm_names})
    unknown = rows.filter(arms.is_null())
    if unknown.height:
        different = unknown["arm"].fill_null("").unique().sort()
        named = ", ".join(repr(arm) for arm in different.head(MOST_NAMED))
        raise SourceError(
            f"experiment {experiment.id}: {unknown.height:,} of {rows.height:,} exposures are to"
            f" arms it does not have ({named}); it has {', '.join(arm_names)}."
        )
    n_otherwise, first = written_otherwise(rows["arm"], arms)
    note = f"{n_otherwise:,} rows write an arm otherwise ({first})" if n_otherwise else ""
    return rows.with_columns(arms), note
