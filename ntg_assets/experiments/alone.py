"""Experiments by themselves: from logs of their own, a table of units or aggregates to decisions
and receipts, by the functions behind the assets and without a run of the graph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.configuration.experiments.sources import LogSource
from ntg_assets.configuration.experiments.table_source import TableSource
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import NtgError
from ntg_assets.experiments import results
from ntg_assets.experiments.alone_evidence import (
    evidence_of_aggregates,
    evidence_of_logs,
    evidence_of_units,
    nothing,
)
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.units.table_reading import read_aggregates, read_units
from ntg_assets.experiments.data.units.unit_tables import as_written
from ntg_assets.sources.sources import Place


@dataclass(frozen=True)
class Concluded:
    """What experiments led to.

    Attributes:
        tables: Tables of results by name, `decisions` and `decision_gates` among them.
        left_out: Why an experiment is in none of them.
    """

    tables: dict[str, pl.DataFrame]
    left_out: dict[str, str]


def conclude_logs(settings: Settings, *, place: Place, now: datetime) -> Concluded:
    """Decide every experiment whose logs or tables are its own; one that cannot be read leaves the
    others.

    Args:
        settings: The configuration.
        place: Where the names of logs and tables start, and who is forgotten.
        now: What has not happened yet.
    """
    made: list[dict[str, pl.DataFrame]] = []
    left_out: dict[str, str] = {}
    for experiment in settings.experiments.definitions:
        if why := _why_not_alone(experiment):
            left_out[experiment.id] = why
            continue
        try:
            if isinstance(experiment.source, TableSource):
                made.append(conclude_table(experiment, settings, place=place).tables)
            else:
                evidence = evidence_of_logs(experiment, settings, place=place, now=now)
                made.append(_conclude(experiment, evidence))
        except NtgError as reason:
            left_out[experiment.id] = str(reason)
    return Concluded(_together(made), left_out)


def conclude_table(
    experiment: ExperimentSettings,
    settings: Settings,
    *,
    place: Place,
    units: Path | None = None,
    aggregates: Path | None = None,
) -> Concluded:
    """Decide one experiment on a table that lies in files.

    Args:
        experiment: Whose source says how the table is written.
        settings: The configuration.
        place: Where names start.
        units: A table of units.
        aggregates: A table of counts instead; neither: the files of the source.

    Raises:
        ConfigurationError: no table is named.
        SourceError: the table cannot be read, or is none of this experiment.
    """
    source = experiment.source
    is_counted = isinstance(source, TableSource) and source.holds == "aggregates"
    if aggregates or (is_counted and not units):
        rows = read_aggregates(experiment, aggregates, place=place)
        return conclude_aggregates(experiment, rows, settings)
    return conclude_units(experiment, read_units(experiment, units, place=place), settings)


def conclude_units(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on a table of units.

    Raises:
        SourceError: the table cannot be one of this experiment.
    """
    at_once = _without_times(experiment, rows)
    evidence = evidence_of_units(at_once, as_written(rows), settings)
    return Concluded(_together([_conclude(at_once, evidence)]), {})


def conclude_aggregates(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on counts, means and variances.

    Raises:
        SourceError: the aggregates cannot be of this experiment.
    """
    at_once = _without_times(experiment, rows)
    evidence = evidence_of_aggregates(at_once, as_written(rows), settings)
    return Concluded(_together([_conclude(at_once, evidence)]), {})


def _without_times(experiment: ExperimentSettings, rows: pl.DataFrame) -> ExperimentSettings:
    """Take the units as given their arms at once: nobody says when. A table with columns of a past
    has one.
    """
    source = experiment.source
    if not isinstance(source, TableSource):
        source = source.model_copy(update={"assigned_at_once": True})
    elif any(f"{metric.name}_before" in rows.columns for metric in experiment.measured):
        days = source.pre_period_days or source.window_days
        source = source.model_copy(update={"pre_period_days": days})
    return experiment.model_copy(update={"source": source})


def _why_not_alone(experiment: ExperimentSettings) -> str | None:
    """Say why an experiment cannot be decided by its own files; None where it can."""
    source = experiment.source
    if isinstance(source, TableSource):
        hand_over = f"`ntg experiments {experiment.id} --units FILE`"
        return None if source.files else f"rests on a table that is handed over: {hand_over}"
    if isinstance(source, LogSource) and source.outcomes is not None:
        return None
    return "rests on the tables of a run; `ntg run-all` decides it"


def _conclude(experiment: ExperimentSettings, evidence: EvidenceTables) -> dict[str, pl.DataFrame]:
    readouts = results.readouts([experiment], evidence)
    decisions = results.decisions([experiment], evidence, readouts=readouts)
    empty = results.self_tests([], _no_units(), seed=0)
    days = nothing() if evidence.daily_sums is None else evidence.daily_sums
    return {
        "health_checks": results.health_checks([experiment], evidence),
        "readouts": readouts,
        "effect_by_day": results.effect_by_day([experiment], days),
        "effect_by_cohort": results.effect_by_cohort([experiment], days),
        "segment_effects": results.all_segment_effects([experiment], evidence),
        "experiment_plans": results.experiment_plans([experiment], evidence),
        "self_tests": empty if evidence.self_tests is None else evidence.self_tests,
        "decisions": decisions,
        "decision_gates": results.decision_gates(decisions),
    }


def _together(made: Sequence[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    if not made:
        return {}
    return {name: pl.concat([results_of_one[name] for results_of_one in made]) for name in made[0]}


def _no_units() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("experiment", "metric", "unit_id"), pl.String))
