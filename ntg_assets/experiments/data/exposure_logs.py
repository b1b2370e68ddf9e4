"""Logs of the user's own: who saw which arm,
and what units did. Read strictly: a row that cannot be read refuses the whole log.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import (
    InterventionSource,
    LoggedSource,
    LogSource,
    OutcomeLogSettings,
    ReplaySource,
)
from ntg_assets.configuration.files import ColumnName, FileSource
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.interventions import read_interventions
from ntg_assets.experiments.data.log_files import patterns_of
from ntg_assets.experiments.data.log_reading import ANY_TIME, LogFiles
from ntg_assets.experiments.data.log_rules import (
    COUNT_TYPES,
    EXPOSURES,
    OUTCOMES,
    Judged,
    LogRules,
    judge_rows,
)
from ntg_assets.local_days import UTC_ZONE, local_day, shift_days

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


class ExperimentLogs(NamedTuple):
    """Everything that is read for one experiment: rows of `exposure_log`,
    `outcome_log`, `log_row_counts`, `kept_assignments`.
    """

    exposures: pl.DataFrame
    outcomes: pl.DataFrame
    counts: pl.DataFrame
    kept: pl.DataFrame

    @property
    def sentence(self) -> str:
        """What was found and what was left out, in words."""
        left_out = self.counts.select(pl.col("n_out_of_time", "n_duplicates").sum()).row(
            0, named=True
        )
        counts = {
            "exposures": self.exposures["n_exposures"].sum(),
            "outcomes": self.outcomes.height,
            "kept assignments": self.kept.height,
            "rows left out as impossible times": left_out["n_out_of_time"],
            "rows left out as duplicates": left_out["n_duplicates"],
        }
        return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no row"


def read_experiment(experiment: ExperimentSettings, *, files: LogFiles) -> ExperimentLogs:
    """Read the logs of one experiment; what it has none of is empty.

    Args:
        experiment: The experiment.
        files: Reader of the log files, shared by all experiments whose units have the same kind of
            id.

    Raises:
        SourceError: something of it cannot be read (see the readers below).
    """
    seen = [_judged_exposures(one, source, files=files) for one, source in _logged([experiment])]
    did = [_outcomes_of(one, log, files=files) for one, log in _with_outcomes([experiment])]
    exposures = [
        _per_unit_and_arm(judged.rows, one, source, zone=files.zone)
        for judged, (one, source) in zip(seen, _logged([experiment]), strict=True)
    ]
    return ExperimentLogs(
        pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *exposures]),
        pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *(judged.rows for judged in did)]),
        _counts_of(experiment, [*seen, *did]),
        _kept_of(experiment, files=files),
    )


def files_of(experiment: ExperimentSettings) -> list[str]:
    """Name the files or globs that an experiment reads;
    none for a replay that keeps no assignments.
    """
    return [pattern for _, pattern in patterns_of(experiment)]


def read_exposure_logs(
    definitions: Sequence[ExperimentSettings],
    *,
    home: Path,
    zone: str = UTC_ZONE,
    rules: LogRules = ANY_TIME,
) -> pl.DataFrame:
    """Read the exposures of every experiment on logs; one row per
    (experiment, unit, arm), with the windows of its outcomes.

    Args:
        definitions: The experiments.
        home: Folder below which the files lie.
        zone: Zone whose days are written or counted.
        rules: Which times can be true.

    Raises:
        SourceError: a file or a column is missing, a time cannot be read, an id is empty, an arm is
            not one of the experiment's, or too many times cannot be true.
    """
    files = LogFiles(home, zone=zone, rules=rules)
    parts = [
        _per_unit_and_arm(_judged_exposures(one, source, files=files).rows, one, source, zone=zone)
        for one, source in _logged(definitions)
    ]
    return pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *parts])


def read_outcome_logs(
    definitions: Sequence[ExperimentSettings],
    *,
    home: Path,
    zone: str = UTC_ZONE,
    rules: LogRules = ANY_TIME,
) -> pl.DataFrame:
    """Read the outcome logs of every experiment that has one of its own;
    one row per outcome, equal ones once (see `duplicates`).

    Args:
        definitions: The experiments.
        home: Folder below which the files lie.
        zone: Zone whose days are written or counted.
        rules: Which times can be true.

    Days, written or counted, are those of `zone`.

    Raises:
        SourceError: a file or a column is missing, a time or a value cannot be read, an id is
            empty, or too many times cannot be true.
    """
    files = LogFiles(home, zone=zone, rules=rules)
    parts = [_outcomes_of(one, log, files=files).rows for one, log in _with_outcomes(definitions)]
    return pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *parts])


def count_log_rows(
    definitions: Sequence[ExperimentSettings],
    *,
    home: Path,
    zone: str = UTC_ZONE,
    rules: LogRules = ANY_TIME,
) -> pl.DataFrame:
    """Count what the experiments' own logs hold and what was left out of them;
    one row per (experiment, log, event type).

    Raises:
        SourceError: as `read_exposure_logs` and `read_outcome_logs`.
    """
    files = LogFiles(home, zone=zone, rules=rules)
    return pl.concat(
        [
            pl.DataFrame(schema=COUNT_TYPES),
            *(read_experiment(one, files=files).counts for one in definitions),
        ]
    )


def read_kept_assignments(definitions: Sequence[ExperimentSettings], *, home: Path) -> pl.DataFrame:
    """Read the earlier assignments that experiments keep; one row per
    (experiment, unit) that had an arm.

    A file that does not exist yet keeps nothing: the first night writes it.
    """
    files = LogFiles(home)
    return pl.concat(
        [pl.DataFrame(schema=KEPT_TYPES), *(_kept_of(one, files=files) for one in definitions)]
    )


def _kept_of(experiment: ExperimentSettings, *, files: LogFiles) -> pl.DataFrame:
    name = experiment.kept_assignments
    path = files.home / name if name else None
    if path is None or not path.exists():
        return pl.DataFrame(schema=KEPT_TYPES)
    what = f"experiment {experiment.id}: kept assignments"
    rows = files.read(
        FileSource(files=[str(path)]),
        {"named": "experiment", "unit_id": "unit_id", "arm": "arm"},
        what=what,
        experiment=experiment.id,
    )
    known = [arm.name for arm in experiment.arms]
    kept = (
        rows.filter(pl.col("arm").is_in(known))
        .select(pl.lit(experiment.id).alias("experiment"), "unit_id", "arm")
        .unique()
    )
    if (
        twice := kept.filter(kept["unit_id"].is_duplicated())
        .sort("unit_id", "arm")["unit_id"]
        .to_list()
    ):
        raise SourceError(
            f"{what}: {len(set(twice)):,} units have several arms (first: {twice[0]!r}). Keep one"
            " of each."
        )
    return kept.sort("unit_id")


def _logged(
    definitions: Sequence[ExperimentSettings],
) -> list[tuple[ExperimentSettings, LoggedSource]]:
    return [(one, one.source) for one in definitions if not isinstance(one.source, ReplaySource)]


def _with_outcomes(
    definitions: Sequence[ExperimentSettings],
) -> list[tuple[ExperimentSettings, OutcomeLogSettings]]:
    return [(one, source.outcomes) for one, source in _logged(definitions) if source.outcomes]


def _counts_of(experiment: ExperimentSettings, judged: Sequence[Judged]) -> pl.DataFrame:
    counts = [
        one.counts.select(pl.lit(experiment.id).alias("experiment"), pl.all()) for one in judged
    ]
    return pl.concat([pl.DataFrame(schema=COUNT_TYPES), *counts])


def _judged_exposures(
    experiment: ExperimentSettings, source: LoggedSource, *, files: LogFiles
) -> Judged:
    what = (
        f"experiment {experiment.id}:"
        f" {'interventions' if isinstance(source, InterventionSource) else 'exposures'}"
    )
    if isinstance(source, InterventionSource):
        rows = read_interventions(source, read=files.read, what=what, zone=files.zone)
    else:
        rows = _logged_exposures(experiment, source, files=files)
    _refuse_unknown_arms(rows, experiment)
    return judge_rows(rows, files.rules, at="exposed_at", log=EXPOSURES, what=what)


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
    what = f"experiment {experiment.id}: exposures"
    rows = files.read(log, wanted, what=what, experiment=experiment.id)
    if "segment" not in wanted:
        rows = rows.with_columns(pl.lit("all").alias("segment"))
    return _eligible(rows, experiment, what=what)


def _eligible(rows: pl.DataFrame, experiment: ExperimentSettings, *, what: str) -> pl.DataFrame:
    if not experiment.eligible_segments:
        return rows
    known = rows["segment"].drop_nulls().unique().sort().to_list()
    if unknown := [segment for segment in experiment.eligible_segments if segment not in known]:
        has = ", ".join(known[:MOST_NAMED]) or "none"
        raise SourceError(
            f"{what}: no exposure lies in the eligible segment {unknown[0]!r}; the log has {has}."
        )
    return rows.filter(pl.col("segment").is_in(experiment.eligible_segments))


def _per_unit_and_arm(
    rows: pl.DataFrame, experiment: ExperimentSettings, source: LoggedSource, *, zone: str
) -> pl.DataFrame:
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
        shift_days(grouped["first_exposed_at"], -source.pre_period_days, zone).alias(
            "pre_start_at"
        ),
        shift_days(grouped["first_exposed_at"], source.window_days, zone).alias("window_end_at"),
        pl.lit(source.outcomes is None).alias("uses_interaction_log"),
        pl.lit(source.assigned_by).alias("assigned_by"),
        local_day(pl.col("first_exposed_at"), zone).alias("first_exposed_on"),
        local_day(pl.col("last_exposed_at"), zone).alias("last_exposed_on"),
    ).sort("unit_id", "arm")


def _outcomes_of(
    experiment: ExperimentSettings, log: OutcomeLogSettings, *, files: LogFiles
) -> Judged:
    what = f"experiment {experiment.id}: outcomes"
    wanted: dict[str, ColumnName] = {"unit_id": log.unit_id, "event_at": log.happened_at}
    wanted |= {
        name: column
        for name, column in {"event_type": log.event_type, "value": log.value}.items()
        if column is not None
    }
    rows = files.read(log, wanted, what=what)
    if "value" not in wanted:
        rows = rows.with_columns(pl.lit(1.0).alias("value"))
    kind = pl.col("event_type") if "event_type" in wanted else pl.lit("outcome").alias("event_type")
    event_on = local_day(pl.col("event_at"), files.zone).alias("event_on")
    typed = rows.select(
        pl.lit(experiment.id).alias("experiment"), "unit_id", "event_at", kind, "value", event_on
    )
    distinct = list(OUTCOME_TYPES) if log.duplicates == "drop" else []
    return judge_rows(typed, files.rules, at="event_at", log=OUTCOMES, what=what, distinct=distinct)


def _refuse_unknown_arms(rows: pl.DataFrame, experiment: ExperimentSettings) -> None:
    known = [arm.name for arm in experiment.arms]
    unknown = rows.filter(~pl.col("arm").is_in(known) | pl.col("arm").is_null())
    if unknown.height:
        named = ", ".join(repr(arm) for arm in unknown["arm"].unique().sort().head(MOST_NAMED))
        raise SourceError(
            f"experiment {experiment.id}: {unknown.height:,} of {rows.height:,} exposures are to"
            f" arms it does not have ({named}); it has {', '.join(known)}."
        )
