"""Logs of the user's own: who saw which arm,
and what units did. Read strictly: a row that cannot be read refuses the whole log.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import (
    LoggedSource,
    OutcomeLogSettings,
)
from ntg_assets.experiments.data.logs.exposure_rows import (
    EXPOSURE_TYPES,
    exposures_per_unit,
    judged_exposures,
)
from ntg_assets.experiments.data.logs.kept_assignments import _kept_of
from ntg_assets.experiments.data.logs.log_files import patterns_of
from ntg_assets.experiments.data.logs.log_reading import ANY_TIME, LogFiles
from ntg_assets.experiments.data.logs.log_rules import (
    COUNT_TYPES,
    LogRules,
    ValidatedRows,
)
from ntg_assets.experiments.data.logs.outcome_rows import OUTCOME_TYPES, outcomes_of
from ntg_assets.sources.sources import Place
from ntg_assets.zones import UTC_ZONE


class ExperimentLogs(NamedTuple):
    """Everything that is read for one experiment: rows of `exposure_log`,
    `outcome_log`, `log_row_counts`, `kept_assignments`.
    """

    exposures: pl.DataFrame
    outcomes: pl.DataFrame
    counts: pl.DataFrame
    kept: pl.DataFrame
    notes: tuple[str, ...] = ()

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
        rows = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
        return "; ".join([rows or "no row", *self.notes])


def read_experiment(experiment: ExperimentSettings, *, files: LogFiles) -> ExperimentLogs:
    """Read the logs of one experiment; what it has none of is empty.

    Args:
        experiment: The experiment.
        files: Reader of the log files, shared by all experiments whose units have the same kind of
            id.

    Raises:
        SourceError: something of it cannot be read (see the readers below).
    """
    sources = [source for _, source in _logged([experiment])]
    seen = [judged_exposures(experiment, source, files=files) for source in sources]
    did = [outcomes_of(experiment, log, files=files) for _, log in _with_outcomes([experiment])]
    exposures = [
        exposures_per_unit(judged.rows, experiment, source, zone=files.zone)
        for judged, source in zip(seen, sources, strict=True)
    ]
    return ExperimentLogs(
        pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *exposures]),
        pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *(judged.rows for judged in did)]),
        _counts_of(experiment, [*seen, *did]),
        _kept_of(experiment, files=files),
        tuple(judged.note for judged in seen if judged.note),
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
    place: Place | None = None,
) -> pl.DataFrame:
    """Read the exposures of every experiment on logs; one row per
    (experiment, unit, arm), with the windows of its outcomes.

    Args:
        definitions: The experiments.
        home: Folder below which the files lie.
        zone: Zone whose days are written or counted.
        rules: Which times can be true.
        place: Where files may lie, and who is forgotten; none: `home`, and nobody.

    Raises:
        SourceError: a file or a column is missing, a time cannot be read, an id is empty, an arm is
            not one of the experiment's, or too many times cannot be true.
    """
    files = LogFiles(home, zone=zone, rules=rules, place=place)
    parts = [
        exposures_per_unit(
            judged_exposures(experiment, source, files=files).rows, experiment, source, zone=zone
        )
        for experiment, source in _logged(definitions)
    ]
    return pl.concat([pl.DataFrame(schema=EXPOSURE_TYPES), *parts])


def read_outcome_logs(
    definitions: Sequence[ExperimentSettings],
    *,
    home: Path,
    zone: str = UTC_ZONE,
    rules: LogRules = ANY_TIME,
    place: Place | None = None,
) -> pl.DataFrame:
    """Read the outcome logs of every experiment that has one of its own;
    one row per outcome, equal ones once (see `duplicates`).

    Args:
        definitions: The experiments.
        home: Folder below which the files lie.
        zone: Zone whose days are written or counted.
        rules: Which times can be true.
        place: Where files may lie, and who is forgotten; none: `home`, and nobody.

    Days, written or counted, are those of `zone`.

    Raises:
        SourceError: a file or a column is missing, a time or a value cannot be read, an id is
            empty, or too many times cannot be true.
    """
    files = LogFiles(home, zone=zone, rules=rules, place=place)
    parts = [
        outcomes_of(experiment, log, files=files).rows
        for experiment, log in _with_outcomes(definitions)
    ]
    return pl.concat([pl.DataFrame(schema=OUTCOME_TYPES), *parts])


def count_log_rows(
    definitions: Sequence[ExperimentSettings],
    *,
    home: Path,
    zone: str = UTC_ZONE,
    rules: LogRules = ANY_TIME,
    place: Place | None = None,
) -> pl.DataFrame:
    """Count what the experiments' own logs hold and what was left out of them;
    one row per (experiment, log, event type).

    Args:
        definitions: The experiments.
        home: Folder below which the files lie.
        zone: Zone whose days are written or counted.
        rules: Which times can be true.
        place: Where files may lie, and who is forgotten; none: `home`, and nobody.

    Raises:
        SourceError: as `read_exposure_logs` and `read_outcome_logs`.
    """
    files = LogFiles(home, zone=zone, rules=rules, place=place)
    counts = [read_experiment(experiment, files=files).counts for experiment in definitions]
    return pl.concat([pl.DataFrame(schema=COUNT_TYPES), *counts])


def _logged(
    definitions: Sequence[ExperimentSettings],
) -> list[tuple[ExperimentSettings, LoggedSource]]:
    return [
        (experiment, experiment.source)
        for experiment in definitions
        if isinstance(experiment.source, LoggedSource)
    ]


def _with_outcomes(
    definitions: Sequence[ExperimentSettings],
) -> list[tuple[ExperimentSettings, OutcomeLogSettings]]:
    return [
        (experiment, source.outcomes)
        for experiment, source in _logged(definitions)
        if source.outcomes
    ]


def _counts_of(experiment: ExperimentSettings, judged: Sequence[ValidatedRows]) -> pl.DataFrame:
    counts = [
        log.counts.select(pl.lit(experiment.id).alias("experiment"), pl.all()) for log in judged
    ]
    return pl.concat([pl.DataFrame(schema=COUNT_TYPES), *counts])
