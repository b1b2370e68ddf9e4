"""Experiments by themselves: from logs of their own, a table of units or aggregates to decisions
and receipts, by the functions behind the assets and without a run of the graph.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.experiments.sources import LogSource
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import NtgError
from ntg_assets.experiments import results
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs.log_rules import log_rules
from ntg_assets.experiments.data.units.aggregate_days import cohorts_of_days, traffic_of_days
from ntg_assets.experiments.data.units.aggregate_designs import contrasts_of_aggregates
from ntg_assets.experiments.data.units.aggregates import sums_of_aggregates, traffic_of_aggregates
from ntg_assets.experiments.data.units.log_designs import contrasts_of_logs, units_of_logs
from ntg_assets.experiments.data.units.unit_designs import (
    design_columns,
    metric_contrasts,
    units_of,
)
from ntg_assets.experiments.data.units.unit_tables import (
    as_written,
    assignments_of_units,
    missing_pasts,
    traffic_of_units,
    unit_metrics_of,
)
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.sql import Query
from ntg_assets.statistics.designs.units import Units
from ntg_assets.storage.run import run

NO_LISTS = pl.DataFrame(schema={"strategy": pl.String, "user_id": pl.Int64})
NO_EVENTS = pl.DataFrame(
    schema={
        "user_id": pl.String,
        "item_id": pl.String,
        "event_at": pl.Datetime("us"),
        "event_on": pl.Date,
        "event_type": pl.String,
        "value": pl.Float64,
    }
)


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
    for one in settings.experiments.definitions:
        if not isinstance(one.source, LogSource) or one.source.outcomes is None:
            left_out[one.id] = "rests on the tables of a run; `ntg run-all` decides it"
            continue
        try:
            made.append(_conclude(one, _of_logs(one, settings, home=home, now=now)))
        except NtgError as reason:
            left_out[one.id] = str(reason)
    return Concluded(_together(made), left_out)


def conclude_units(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on a table of units.

    Raises:
        SourceError: the table cannot be one of this experiment.
    """
    one, rows = _without_times(experiment), as_written(rows)
    units = unit_metrics_of(one, rows)
    contrasts, designed = _design(one, units, rows)
    evidence = _evidence(
        one,
        units,
        traffic_of_units(one, rows),
        assignments=assignments_of_units(one, rows),
        settings=settings,
        metric_contrasts=contrasts,
        designed=designed,
        missing_pasts=missing_pasts(one, rows),
    )
    return Concluded(_together([_conclude(one, evidence)]), {})


def conclude_aggregates(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> Concluded:
    """Decide one experiment on counts, means and variances.

    Raises:
        SourceError: the aggregates cannot be of this experiment.
    """
    one, rows = _without_times(experiment), as_written(rows)
    sums = sums_of_aggregates(one, rows)
    evidence = EvidenceTables(
        traffic_of_aggregates(one, rows),
        sums,
        _nothing(),
        metric_contrasts=contrasts_of_aggregates(one, rows),
        traffic_by_day=traffic_of_days(one, rows),
        daily_sums=cohorts_of_days(one, rows),
        **_terms(settings),
    )
    return Concluded(_together([_conclude(one, evidence)]), {})


def _without_times(experiment: ExperimentSettings) -> ExperimentSettings:
    """Take the units as given their arms at once: nobody says when."""
    source = experiment.source.model_copy(update={"assigned_at_once": True})
    return experiment.model_copy(update={"source": source})


def _design(
    one: ExperimentSettings, units: pl.DataFrame, rows: pl.DataFrame
) -> tuple[pl.DataFrame | None, dict[str, Units]]:
    """Read how the units were randomised, where the experiment says more than an arm."""
    metrics = [metric for metric in one.measured if one.is_designed(metric)]
    if not metrics:
        return None, {}
    design = design_columns(one, rows)
    made = summed_tables.cut_units(units, definitions=[one])
    cut = run(made) if isinstance(made, Query) else units
    designed = {metric.name: units_of(one, metric, cut, design)[0] for metric in metrics}
    return metric_contrasts(one, cut, design), designed


def _of_logs(
    one: ExperimentSettings, settings: Settings, *, home: Path, now: datetime
) -> EvidenceTables:
    ingest, programme = settings.ingest, ExperimentsSettings(definitions=[one])
    share = settings.experiments.max_bad_share
    known: dict[str, Any] = {
        "home": home,
        "zone": ingest.zone,
        "rules": log_rules(ingest, max_bad_share=share, now=now),
    }
    seen = logs.read_exposure_logs([one], **known)
    outcomes = logs.read_outcome_logs([one], **known)
    counts = logs.count_log_rows([one], **known)
    read: dict[str, Any] = {"events": NO_EVENTS, "outcome_log": outcomes}
    exposed = seen.select(
        "experiment",
        "unit_id",
        "arm",
        "source",
        "first_exposed_at",
        "last_exposed_at",
        "n_exposures",
    )
    assigned = run(tables.assignments(NO_LISTS, programme=programme, exposure_log=seen))
    traffic = run(
        tables.arm_traffic(
            assigned,
            exposures=exposed,
            definitions=[one],
            log_traffic=log_tables.log_traffic(seen, **read),
        ),
    )
    units = run(log_tables.log_unit_metrics(seen, definitions=[one], **read))
    chosen = run(summed_tables.designed_units(units, exposure_log=seen, definitions=[one]))
    more: dict[str, Any] = {
        "traffic_by_day": run(log_tables.traffic_by_day(seen)),
        "daily_sums": run(log_tables.daily_sums(seen, definitions=[one], **read)),
        "log_contents": run(log_tables.log_contents(counts, exposure_log=seen, **read)),
        "metric_contrasts": contrasts_of_logs([one], chosen),
        "designed": units_of_logs([one], chosen).get(one.id),
    }
    return _evidence(one, units, traffic, assignments=assigned, settings=settings, **more)


def _evidence(
    one: ExperimentSettings,
    units: pl.DataFrame,
    traffic: pl.DataFrame,
    *,
    assignments: pl.DataFrame,
    settings: Settings,
    designed: Mapping[str, Units] | None = None,
    **more: Any,  # further tables of evidence, by name
) -> EvidenceTables:
    sums = run(summed_tables.metric_sums(units, definitions=[one]))
    quantiles = run(summed_tables.metric_quantiles(units, definitions=[one]))
    shapes = run(summed_tables.metric_shapes(units, metric_sums=sums, definitions=[one]))
    tested = run(summed_tables.self_test_units(units, assignments=assignments, definitions=[one]))
    self_tests = results.self_tests(
        [one], tested, seed=settings.seed, designed={one.id: designed or {}}
    )
    return EvidenceTables(
        traffic,
        sums,
        quantiles,
        metric_shapes=shapes,
        self_tests=self_tests,
        **more,
        **_terms(settings),
    )


def _terms(settings: Settings) -> dict[str, Any]:
    return {
        "prior": settings.experiments.prior,
        "value": ValueTerms(settings.value.unit, settings.value.basis),
    }


def _conclude(one: ExperimentSettings, evidence: EvidenceTables) -> dict[str, pl.DataFrame]:
    readouts = results.readouts([one], evidence)
    decisions = results.decisions([one], evidence, readouts=readouts)
    empty = results.self_tests([], _no_units(), seed=0)
    days = _nothing() if evidence.daily_sums is None else evidence.daily_sums
    return {
        "health_checks": results.health_checks([one], evidence),
        "readouts": readouts,
        "effect_by_day": results.effect_by_day([one], days),
        "effect_by_cohort": results.effect_by_cohort([one], days),
        "segment_effects": results.all_segment_effects([one], evidence),
        "experiment_plans": results.experiment_plans([one], evidence),
        "self_tests": empty if evidence.self_tests is None else evidence.self_tests,
        "decisions": decisions,
        "decision_gates": results.decision_gates(decisions),
    }


def _together(made: Sequence[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    if not made:
        return {}
    return {name: pl.concat([one[name] for one in made]) for name in made[0]}


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"experiment": pl.String})


def _no_units() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("experiment", "metric", "unit_id"), pl.String))
