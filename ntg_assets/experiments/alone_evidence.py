"""The evidence of an experiment by itself: read from its own logs, made from a table of units, or
from counts, means and variances.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.configuration.settings import Settings
from ntg_assets.experiments import results
from ntg_assets.experiments.data import log_tables, summed_tables, tables
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.logs import exposure_logs as logs
from ntg_assets.experiments.data.logs.log_rules import log_rules
from ntg_assets.experiments.data.units.aggregate_days import cohorts_of_days, traffic_of_days
from ntg_assets.experiments.data.units.aggregate_designs import contrasts_of_aggregates
from ntg_assets.experiments.data.units.aggregates import sums_of_aggregates, traffic_of_aggregates
from ntg_assets.experiments.data.units.contrast_rows import metric_contrasts
from ntg_assets.experiments.data.units.log_designs import contrasts_of_logs, units_of_logs
from ntg_assets.experiments.data.units.unit_designs import design_columns, units_of
from ntg_assets.experiments.data.units.unit_tables import (
    assignments_of_units,
    missing_pasts,
    traffic_of_units,
    unit_metrics_of,
)
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.sources.sources import Place
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
EXPOSED = (
    "experiment",
    "unit_id",
    "arm",
    "source",
    "first_exposed_at",
    "last_exposed_at",
    "n_exposures",
)


def evidence_of_logs(
    experiment: ExperimentSettings, settings: Settings, *, place: Place, now: datetime
) -> EvidenceTables:
    """Read the logs of an experiment, and sum up what its units did.

    Args:
        experiment: One whose source is its own logs.
        settings: The configuration.
        place: Where the names of logs start, and who is forgotten.
        now: What has not happened yet.

    Raises:
        NtgError: a log cannot be read.
    """
    only = [experiment]
    seen, outcomes, counts = _read_logs(experiment, settings, place=place, now=now)
    read: dict[str, Any] = {"events": NO_EVENTS, "outcome_log": outcomes}
    programme = ExperimentsSettings(definitions=only)
    assigned = run(tables.assignments(NO_LISTS, programme=programme, exposure_log=seen))
    units = run(log_tables.log_unit_metrics(seen, definitions=only, **read))
    chosen = run(summed_tables.designed_units(units, exposure_log=seen, definitions=only))
    return _evidence(
        experiment,
        units,
        _traffic_of_logs(experiment, seen, assigned, read),
        assignments=assigned,
        settings=settings,
        traffic_by_day=run(log_tables.traffic_by_day(seen)),
        daily_sums=run(log_tables.daily_sums(seen, definitions=only, **read)),
        log_contents=run(log_tables.log_contents(counts, exposure_log=seen, **read)),
        metric_contrasts=contrasts_of_logs(only, chosen),
        designed=units_of_logs(only, chosen).get(experiment.id),
    )


def _read_logs(
    experiment: ExperimentSettings, settings: Settings, *, place: Place, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read exposures and outcomes, and count the rows of the logs."""
    max_bad_share = settings.experiments.max_bad_share
    rules = log_rules(settings.ingest, max_bad_share=max_bad_share, now=now)
    where = {"home": place.home, "place": place, "zone": settings.ingest.zone}
    options: dict[str, Any] = where | {"rules": rules}
    readers = (logs.read_exposure_logs, logs.read_outcome_logs, logs.count_log_rows)
    seen, outcomes, counts = (reader([experiment], **options) for reader in readers)
    return seen, outcomes, counts


def _traffic_of_logs(
    experiment: ExperimentSettings,
    seen: pl.DataFrame,
    assigned: pl.DataFrame,
    read: Mapping[str, Any],
) -> pl.DataFrame:
    return run(
        tables.arm_traffic(
            assigned,
            exposures=seen.select(EXPOSED),
            definitions=[experiment],
            log_traffic=log_tables.log_traffic(seen, **read),
        ),
    )


def evidence_of_units(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> EvidenceTables:
    """Sum up a table of units, one row each.

    Raises:
        SourceError: the table cannot be one of this experiment.
    """
    units = unit_metrics_of(experiment, rows)
    contrasts, designed = _design(experiment, units, rows)
    return _evidence(
        experiment,
        units,
        traffic_of_units(experiment, rows),
        assignments=assignments_of_units(experiment, rows),
        settings=settings,
        metric_contrasts=contrasts,
        designed=designed,
        missing_pasts=missing_pasts(experiment, rows),
    )


def evidence_of_aggregates(
    experiment: ExperimentSettings, rows: pl.DataFrame, settings: Settings
) -> EvidenceTables:
    """Take counts, means and variances as they are.

    Raises:
        SourceError: the aggregates cannot be of this experiment.
    """
    sums = sums_of_aggregates(experiment, rows)
    return EvidenceTables(
        traffic_of_aggregates(experiment, rows),
        sums,
        nothing(),
        metric_contrasts=contrasts_of_aggregates(experiment, rows),
        traffic_by_day=traffic_of_days(experiment, rows),
        daily_sums=cohorts_of_days(experiment, rows),
        **_terms(settings),
    )


def _design(
    experiment: ExperimentSettings, units: pl.DataFrame, rows: pl.DataFrame
) -> tuple[pl.DataFrame | None, dict[str, Units]]:
    """Read how the units were randomised, where the experiment says more than an arm."""
    metrics = [metric for metric in experiment.measured if experiment.is_designed(metric)]
    if not metrics:
        return None, {}
    design = design_columns(experiment, rows)
    made = summed_tables.cut_units(units, definitions=[experiment])
    cut = run(made) if isinstance(made, Query) else units
    designed = {metric.name: units_of(experiment, metric, cut, design)[0] for metric in metrics}
    return metric_contrasts(experiment, cut, design), designed


def _evidence(
    experiment: ExperimentSettings,
    units: pl.DataFrame,
    traffic: pl.DataFrame,
    *,
    assignments: pl.DataFrame,
    settings: Settings,
    designed: Mapping[str, Units] | None = None,
    **more: Any,  # further tables of evidence, by name
) -> EvidenceTables:
    only = [experiment]
    sums = run(summed_tables.metric_sums(units, definitions=only))
    tested = run(summed_tables.self_test_units(units, assignments=assignments, definitions=only))
    return EvidenceTables(
        traffic,
        sums,
        run(summed_tables.metric_quantiles(units, definitions=only)),
        metric_shapes=run(summed_tables.metric_shapes(units, metric_sums=sums, definitions=only)),
        self_tests=results.self_tests(
            only, tested, seed=settings.seed, designed={experiment.id: designed or {}}
        ),
        **more,
        **_terms(settings),
    )


def _terms(settings: Settings) -> dict[str, Any]:
    return {
        "prior": settings.experiments.prior,
        "value": ValueTerms(settings.value.unit, settings.value.basis),
    }


def nothing() -> pl.DataFrame:
    """Make a table of no rows that can be divided by experiment."""
    return pl.DataFrame(schema={"experiment": pl.String})
