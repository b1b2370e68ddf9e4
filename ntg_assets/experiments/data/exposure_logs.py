"""Logs of the user's own: who saw which arm,
and what units did. Read strictly: a row that cannot be read refuses the whole log.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from glob import escape, glob
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from polars.exceptions import PolarsError

from ntg_assets.configuration.events import IdType
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import (
    InterventionSource,
    LoggedSource,
    LogSource,
    OutcomeLogSettings,
    ReplaySource,
)
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.interventions import read_interventions
from ntg_assets.experiments.data.log_files import patterns_of
from ntg_assets.experiments.data.log_rules import (
    COUNT_TYPES,
    EXPOSURES,
    OUTCOMES,
    Judged,
    LogRules,
    judge_rows,
)
from ntg_assets.local_days import UTC_ZONE, local_day, shift_days, written_instants
from ntg_assets.sources.ids import as_log_id_or_written, id_texts
from ntg_assets.storage.parquet import read_verified

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
ANY_TIME = LogRules()
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


def read_experiment(experiment: ExperimentSettings, *, files: "LogFiles") -> ExperimentLogs:
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


def _kept_of(experiment: ExperimentSettings, *, files: "LogFiles") -> pl.DataFrame:
    name = experiment.kept_assignments
    path = files.home / name if name else None
    if path is None or not path.exists():
        return pl.DataFrame(schema=KEPT_TYPES)
    what = f"experiment {experiment.id}: kept assignments"
    rows = files.read(
        [str(path)],
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
    experiment: ExperimentSettings, source: LoggedSource, *, files: "LogFiles"
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
    experiment: ExperimentSettings, source: LogSource, *, files: "LogFiles"
) -> pl.DataFrame:
    log = source.exposures
    wanted = {"unit_id": log.unit_id, "arm": log.arm, "exposed_at": log.exposed_at}
    optional = {"named": log.experiment, "segment": log.segment}
    wanted |= {name: column for name, column in optional.items() if column is not None}
    what = f"experiment {experiment.id}: exposures"
    rows = files.read(log.files, wanted, what=what, experiment=experiment.id)
    if "segment" not in wanted:
        rows = rows.with_columns(pl.lit("all").alias("segment"))
    return _eligible(
        _with_time(rows, "exposed_at", what=what, zone=files.zone), experiment, what=what
    )


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
    experiment: ExperimentSettings, log: OutcomeLogSettings, *, files: "LogFiles"
) -> Judged:
    what = f"experiment {experiment.id}: outcomes"
    wanted = {"unit_id": log.unit_id, "event_at": log.happened_at}
    wanted |= {
        name: column
        for name, column in {"event_type": log.event_type, "value": log.value}.items()
        if column is not None
    }
    rows = _with_time(
        files.read(log.files, wanted, what=what), "event_at", what=what, zone=files.zone
    )
    rows = (
        _with_value(rows, what=what)
        if "value" in wanted
        else rows.with_columns(pl.lit(1.0).alias("value"))
    )
    kind = pl.col("event_type") if "event_type" in wanted else pl.lit("outcome").alias("event_type")
    event_on = local_day(pl.col("event_at"), files.zone).alias("event_on")
    typed = rows.select(
        pl.lit(experiment.id).alias("experiment"), "unit_id", "event_at", kind, "value", event_on
    )
    distinct = list(OUTCOME_TYPES) if log.duplicates == "drop" else []
    return judge_rows(typed, files.rules, at="event_at", log=OUTCOMES, what=what, distinct=distinct)


class LogFiles:
    """Log files, each read once however many experiments lie in it.

    Where units are users of the interaction log, `id_type` says how that writes ids: units are then
    written alike. Days, written or counted, are those of `zone`; `rules` say which times can be
    true.
    """

    def __init__(
        self,
        home: Path,
        id_type: IdType = "string",
        *,
        zone: str = UTC_ZONE,
        rules: LogRules = ANY_TIME,
    ) -> None:
        self.home = home
        self.id_type = id_type
        self.zone = zone
        self.rules = rules
        self._known: dict[str, dict[str | None, pl.DataFrame]] = {}
        self._unreadable: dict[str, tuple[str, str]] = {}
        self._matched: dict[str, list[Path]] = {}

    def count(self, files: Sequence[str]) -> int:
        """Count the files that patterns stand for."""
        self._matched |= {
            pattern: _matching(pattern, self.home)
            for pattern in files
            if pattern not in self._matched
        }
        return len({path for pattern in files for path in self._matched[pattern]})

    def read(
        self,
        files: Sequence[str],
        wanted: Mapping[str, str],
        *,
        what: str,
        experiment: str | None = None,
    ) -> pl.DataFrame:
        """Read the wanted columns; where one names the experiment (`named`),
        only the rows of this one; ids must not be empty.
        """
        parts = self._read_once(files, wanted, what=what)
        rows = parts.get(experiment, parts[None].clear()) if "named" in wanted else parts[None]
        if empty := rows.filter(pl.col("unit_id").fill_null("").str.strip_chars() == "").height:
            raise SourceError(
                f"{what}: {empty:,} of {rows.height:,} rows name no unit (column"
                f" {wanted['unit_id']!r}). Mend the log."
            )
        return rows

    def _read_once(
        self, files: Sequence[str], wanted: Mapping[str, str], *, what: str
    ) -> dict[str | None, pl.DataFrame]:
        """Read files for all experiments that lie in them;
        what cannot be read is not tried again, and told of each.
        """
        key = repr((files, wanted))
        if key in self._unreadable:
            first, reason = self._unreadable[key]
            raise SourceError(reason.replace(first, what))
        if key not in self._known:
            try:
                read = _read(files, wanted, home=self.home, what=what)
            except SourceError as error:
                self._unreadable[key] = what, str(error)
                raise
            rows = read.with_columns(unit_id=as_log_id_or_written(pl.col("unit_id"), self.id_type))
            self._known[key] = {None: rows}
            if "named" in wanted:
                self._known[key] |= {
                    str(name): part
                    for (name,), part in rows.partition_by("named", as_dict=True).items()
                }
        return self._known[key]


def _read(
    files: Sequence[str], wanted: Mapping[str, str], *, home: Path, what: str
) -> pl.DataFrame:
    """Read the wanted columns, by name, as text."""
    paths = [path for pattern in files for path in _matches(pattern, home=home, what=what)]
    return pl.concat([_read_one(path, wanted, what=what) for path in paths])


def _matches(pattern: str, *, home: Path, what: str) -> list[Path]:
    if found := _matching(pattern, home):
        return found
    raise SourceError(
        f"{what}: no file matches {pattern!r} in the project folder. Correct `files` of its source."
    )


def _matching(pattern: str, home: Path) -> list[Path]:
    if (home / pattern).is_file():
        return [home / pattern]
    matched = glob(str(Path(escape(str(home))) / pattern), recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
    return sorted(Path(name) for name in matched if Path(name).is_file())


def _read_one(path: Path, wanted: Mapping[str, str], *, what: str) -> pl.DataFrame:
    try:
        is_parquet = path.suffix == ".parquet"
        rows = (
            read_verified(path, name=f"{what}: {path.name}")
            if is_parquet
            else pl.read_csv(path, infer_schema=False)  # noqa: TID251  # log files, hashed
        )
    except (OSError, PolarsError) as error:
        raise SourceError(
            f"{what}: {path.name} cannot be read ({str(error).splitlines()[0]})."
        ) from None
    for column in wanted.values():
        if column not in rows.columns:
            nearest = get_close_matches(column, rows.columns, n=1)
            hint = (
                f"did you mean {nearest[0]!r}?" if nearest else f"it has {', '.join(rows.columns)}."
            )
            raise SourceError(f"{what}: {path.name} has no column {column!r}; {hint}")
    return rows.select(_as_read(rows[column], name).alias(name) for name, column in wanted.items())


def _as_read(column: pl.Series, name: str) -> pl.Series:
    """Keep times and numbers that the file itself types; everything else is text, ids always."""
    if name == "unit_id":
        return id_texts(column)
    return (
        column if column.dtype.is_temporal() or column.dtype.is_float() else column.cast(pl.String)
    )


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
        raise SourceError(
            f"{what}: {n_broken:,} of {rows.height:,} rows hold no number in value (first:"
            f" {given.filter(is_broken)[0]!r})."
        )
    return rows.with_columns(parsed.alias("value"))


def _refuse_unreadable(
    given: pl.Series, parsed: pl.Series, *, name: str, what: str, meaning: str
) -> None:
    if n_broken := parsed.null_count():
        example = given.filter(parsed.is_null())[0]
        raise SourceError(
            f"{what}: {n_broken:,} of {given.len():,} rows hold no {meaning} in {name} (first:"
            f" {example!r}). Write ISO, UTC."
        )


def _refuse_unknown_arms(rows: pl.DataFrame, experiment: ExperimentSettings) -> None:
    known = [arm.name for arm in experiment.arms]
    unknown = rows.filter(~pl.col("arm").is_in(known) | pl.col("arm").is_null())
    if unknown.height:
        named = ", ".join(repr(arm) for arm in unknown["arm"].unique().sort().head(MOST_NAMED))
        raise SourceError(
            f"experiment {experiment.id}: {unknown.height:,} of {rows.height:,} exposures are to"
            f" arms it does not have ({named}); it has {', '.join(known)}."
        )
