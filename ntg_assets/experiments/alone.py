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
from ntg_assets.experiments.data.units.unit_tables import as_written


@dataclass(frozen=True)
class Concluded:
    """What experiments led to.

    Attributes:
        tables: Tables of results by name, `decisions` and `decision_gates` among them.
        left_out: Why an experiment is in none of them.
    """

    tables: dict[str, pl.DataFrame]
    left_out: dict[str, str]


def conclude_logs(settings: Settings, *, home: Path, now: datetime) -> Concluded:
    """Decide every experiment whose logs are its own; one that cannot be read leaves the others.

    Args:
        settings: The configuration.
        home: Where the names of logs start.
        now: What has not happened yet.
    """
    made: list[dict[str, pl.DataFrame]] = []
    left_out: dict[str, str] = {}
    for experiment in settings.experiments.definitions:
        if not _has_its_own_logs(experiment):
            left_out[experiment.id] = "rests on the tables of a run; `ntg run-all` decides it"
            continue
        try:
            evidence = evidence_of_logs(experiment, settings, home=home, now=now)
            made.append(_conclude(experiment, evidence))
        except NtgError as reason:
            left_out[experiment.id] = str(reason)
    return Concluded(_together(made), left_out)


def conclude_units(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on a table of units.

    Raises:
        SourceError: the table cannot be one of this experiment.
    """
    at_once = _without_times(experiment)
    evidence = evidence_of_units(at_once, as_written(rows), settings)
    return Concluded(_together([_conclude(at_once, evidence)]), {})


def conclude_aggregates(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on counts, means and variances.

    Raises:
        SourceError: the aggregates cannot be of this experiment.
    """
    at_once = _without_times(experiment)
    evidence = evidence_of_aggregates(at_once, as_written(rows), settings)
    return Concluded(_together([_conclude(at_once, evidence)]), {})


def _without_times(experiment: ExperimentSettings) -> ExperimentSettings:
    """Take the units as given their arms at once: nobody says when."""
    source = experiment.source.model_copy(update={"assigned_at_once": True})
    return experiment.model_copy(update={"source": source})


def _has_its_own_logs(experiment: ExperimentSettings) -> bool:
    return isinstance(experiment.source, LogSource) and experiment.source.outcomes is not None


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
