"""Logs of the user's own: who saw which arm, and what units did. Read strictly: a row that cannot be read refuses the whole log."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from ntg_assets.errors import SourceError
from ntg_assets.experiments.interventions import read_interventions
from ntg_assets.experiments.settings import ExperimentSettings
from ntg_assets.experiments.source_settings import InterventionSource, LoggedSource, LogSource, ReplaySource
from ntg_assets.local_days import UTC_ZONE, local_day, shift_days, written_instants

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
}
OUTCOME_TYPES: dict[str, Any] = {
    "experiment": pl.String,
    "unit_id": pl.String,
    "event_at": pl.Datetime("us"),
    "event_type": pl.String,
    "value": pl.Float64,
    "event_on": pl.Date,
}
KEPT_TYPES: dict[str, Any] = {"experiment": pl.String, "unit_id": pl.String, "arm": pl.String}
MOST_NAMED = 5


def read_exposure_logs(definitions: Sequence[ExperimentSettings], *, home: Path, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Read the exposures of every experiment on logs; one row per (experiment, unit, arm), with the windows of its outcomes.

    Days, written or counted, are those of `zone`.

    Raises:
        SourceError: a file or a column is missing, a time cannot be read, an id is empty, an arm is not one of the experiment's.
    """
    files = _Files(home, zone)
    parts = [_exposures_of(one, one.source, files=files) for one in definitions if not isinstance(one.source, ReplaySource)]
    return pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *parts])


def read_outcome_logs(definitions: Sequence[ExperimentSettings], *, home: Path, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Read the outcome logs of every experiment that has one of its own; one row per outcome.

    Days, written or counted, are those of `zone`.

    Raises:
        SourceError: a file or a column is missing, a time or a value cannot be read, an id is empty.
    """
    files = _Files(home, zone)
    parts = [_outcomes_of(one, one.source, files=files) for one in definitions if not isinstance(one.source, ReplaySource)]
    return pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *parts])


def read_kept_assignments(definitions: Sequence[ExperimentSettings], *, home: Path) -> pl.DataFrame:
    """Read the earlier assignments that experiments keep; one row per (experiment, unit) that had an arm.

    A file that does not exist yet keeps nothing: the first night writes it.
    """
    parts = [_kept_of(one, home / one.kept_assignments) for one in definitions if one.kept_assignments]
    return pl.concat([pl.DataFrame(schema=KEPT_TYPES), *parts])


def _kept_of(experiment: ExperimentSettings, path: Path) -> pl.DataFrame:
    if not path.is_file():
        return pl.DataFrame(schema=KEPT_TYPES)
    known = [arm.name for arm in experiment.arms]
    rows = pl.read_parquet(path, columns=list(KEPT_TYPES))
    return rows.filter((pl.col("experiment") == experiment.id) & pl.col("arm").is_in(known))


def _exposures_of(experiment: ExperimentSettings, source: LoggedSource, *, files: "_Files") -> pl.DataFrame:
    if isinstance(source, InterventionSource):
        rows = read_interventions(source, read=files.read, what=f"experiment {experiment.id}: interventions", zone=files.zone)
    else:
        rows = _logged_exposures(experiment, source, files=files)
    _refuse_unknown_arms(rows, experiment)
    return _per_unit_and_arm(rows, experiment, source, zone=files.zone)


def _logged_exposures(experiment: ExperimentSettings, source: LogSource, *, files: "_Files") -> pl.DataFrame:
    log = source.exposures
    wanted = {"unit_id": log.unit_id, "arm": log.arm, "exposed_at": log.exposed_at}
    optional = {"named": log.experiment, "segment": log.segment}
    wanted |= {name: column for name, column in optional.items() if column is not None}
    what = f"experiment {experiment.id}: exposures"
    rows = files.read(log.files, wanted, what=what, experiment=experiment.id)
    if "segment" not in wanted:
        rows = rows.with_columns(pl.lit("all").alias("segment"))
    return _eligible(_with_time(rows, "exposed_at", what=what, zone=files.zone), experiment, what=what)


def _eligible(rows: pl.DataFrame, experiment: ExperimentSettings, *, what: str) -> pl.DataFrame:
    if not experiment.eligible_segments:
        return rows
    known = rows["segment"].drop_nulls().unique().sort().to_list()
    if unknown := [segment for segment in experiment.eligible_segments if segment not in known]:
        has = ", ".join(known[:MOST_NAMED]) or "none"
        raise SourceError(f"{what}: no exposure lies in the eligible segment {unknown[0]!r}; the log has {has}.")
    return rows.filter(pl.col("segment").is_in(experiment.eligible_segments))


def _per_unit_and_arm(rows: pl.DataFrame, experiment: ExperimentSettings, source: LoggedSource, *, zone: str) -> pl.DataFrame:
    grouped = rows.group_by("unit_id", "arm").agg(
        pl.col("exposed_at").min().alias("first_exposed_at"),
        pl.col("exposed_at").max().alias("last_exposed_at"),
        pl.len().cast(pl.Int64).alias("n_exposures"),
        pl.col("segment").fill_null("unknown").min().alias("segment"),
    )
    return grouped.select(
        pl.lit(experiment.id).alias("experiment"),
        "unit_id",
        "arm",
        pl.lit(source.evidence).alias("source"),
        "segment",
        "first_exposed_at",
        "last_exposed_at",
        "n_exposures",
        shift_days(grouped["first_exposed_at"], -source.pre_period_days, zone).alias("pre_start_at"),
        shift_days(grouped["first_exposed_at"], source.window_days, zone).alias("window_end_at"),
        pl.lit(source.outcomes is None).alias("uses_interaction_log"),
        pl.lit(source.assigned_by).alias("assigned_by"),
        local_day(pl.col("first_exposed_at"), zone).alias("first_exposed_on"),
        local_day(pl.col("last_exposed_at"), zone).alias("last_exposed_on"),
    ).sort("unit_id", "arm")


def _outcomes_of(experiment: ExperimentSettings, source: LoggedSource, *, files: "_Files") -> pl.DataFrame:
    log = source.outcomes
    if log is None:
        return pl.DataFrame(schema=OUTCOME_TYPES)
    what = f"experiment {experiment.id}: outcomes"
    wanted = {"unit_id": log.unit_id, "event_at": log.happened_at}
    wanted |= {name: column for name, column in {"event_type": log.event_type, "value": log.value}.items() if column is not None}
    rows = _with_time(files.read(log.files, wanted, what=what), "event_at", what=what, zone=files.zone)
    rows = _with_value(rows, what=what) if "value" in wanted else rows.with_columns(pl.lit(1.0).alias("value"))
    kind = pl.col("event_type") if "event_type" in wanted else pl.lit("outcome").alias("event_type")
    event_on = local_day(pl.col("event_at"), files.zone).alias("event_on")
    return rows.select(pl.lit(experiment.id).alias("experiment"), "unit_id", "event_at", kind, "value", event_on)


class _Files:
    """Log files, each read once however many experiments lie in it."""

    def __init__(self, home: Path, zone: str = UTC_ZONE) -> None:
        self.home = home
        self.zone = zone
        self._known: dict[str, dict[str | None, pl.DataFrame]] = {}

    def read(self, files: Sequence[str], wanted: Mapping[str, str], *, what: str, experiment: str | None = None) -> pl.DataFrame:
        """Read the wanted columns; where one names the experiment (`named`), only the rows of this one."""
        key = repr((files, wanted))
        if key not in self._known:
            rows = _read(files, wanted, home=self.home, what=what)
            self._known[key] = {None: rows}
            if "named" in wanted:
                self._known[key] |= {str(name): part for (name,), part in rows.partition_by("named", as_dict=True).items()}
        parts = self._known[key]
        return parts.get(experiment, parts[None].clear()) if "named" in wanted else parts[None]


def _read(files: Sequence[str], wanted: Mapping[str, str], *, home: Path, what: str) -> pl.DataFrame:
    """Read the wanted columns, by name, as text; ids must not be empty."""
    paths = [path for pattern in files for path in _matches(pattern, home=home, what=what)]
    rows = pl.concat([_read_one(path, wanted, what=what) for path in paths])
    if empty := rows.filter(pl.col("unit_id").fill_null("").str.strip_chars() == "").height:
        raise SourceError(f"{what}: {empty:,} of {rows.height:,} rows name no unit (column {wanted['unit_id']!r}). Mend the log.")
    return rows


def _matches(pattern: str, *, home: Path, what: str) -> list[Path]:
    if (home / pattern).is_file():
        return [home / pattern]
    if found := sorted(home.glob(pattern)):
        return found
    raise SourceError(f"{what}: no file matches {pattern!r} in the project folder. Correct `files` of its source.")


def _read_one(path: Path, wanted: Mapping[str, str], *, what: str) -> pl.DataFrame:
    try:
        rows = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    except (OSError, PolarsError) as error:
        raise SourceError(f"{what}: {path.name} cannot be read ({str(error).splitlines()[0]}).") from None
    for column in wanted.values():
        if column not in rows.columns:
            nearest = get_close_matches(column, rows.columns, n=1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"it has {', '.join(rows.columns)}."
            raise SourceError(f"{what}: {path.name} has no column {column!r}; {hint}")
    return rows.select(_as_read(rows[column]).alias(name) for name, column in wanted.items())


def _as_read(column: pl.Series) -> pl.Series:
    """Keep times and numbers that the file itself types; everything else is text."""
    return column if column.dtype.is_temporal() or column.dtype.is_float() else column.cast(pl.String)


def _with_time(rows: pl.DataFrame, name: str, *, what: str, zone: str) -> pl.DataFrame:
    given = rows[name]
    parsed = written_instants(given, zone)
    _refuse_unreadable(given, parsed, name=name, what=what, meaning="time")
    return rows.with_columns(parsed.alias(name))


def _with_value(rows: pl.DataFrame, *, what: str) -> pl.DataFrame:
    """Read values; a missing or infinite one is kept as it is, for the health checks to count."""
    given = rows["value"]
    parsed = given.cast(pl.Float64, strict=False)
    is_broken = parsed.is_null() & given.is_not_null()
    if n_broken := int(is_broken.sum()):
        raise SourceError(f"{what}: {n_broken:,} of {rows.height:,} rows hold no number in value (first: {given.filter(is_broken)[0]!r}).")
    return rows.with_columns(parsed.alias("value"))


def _refuse_unreadable(given: pl.Series, parsed: pl.Series, *, name: str, what: str, meaning: str) -> None:
    if n_broken := parsed.null_count():
        example = given.filter(parsed.is_null())[0]
        raise SourceError(f"{what}: {n_broken:,} of {given.len():,} rows hold no {meaning} in {name} (first: {example!r}). Write ISO, UTC.")


def _refuse_unknown_arms(rows: pl.DataFrame, experiment: ExperimentSettings) -> None:
    known = [arm.name for arm in experiment.arms]
    unknown = rows.filter(~pl.col("arm").is_in(known) | pl.col("arm").is_null())
    if unknown.height:
        named = ", ".join(repr(arm) for arm in unknown["arm"].unique().sort().head(MOST_NAMED))
        raise SourceError(
            f"experiment {experiment.id}: {unknown.height:,} of {rows.height:,} exposures are to arms it does not have ({named}); "
            f"it has {', '.join(known)}."
        )
