"""The tables of the experiments that SQL makes, as pure functions: what they read,
and which query makes them.
"""

from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments.data.designs import (
    arms_frame,
    categories_frame,
    event_types_frame,
    experiments_frame,
    looks_frame,
    metrics_frame,
)
from ntg_assets.experiments.data.exposure_logs import EXPOSURE_TYPES, KEPT_TYPES, OUTCOME_TYPES
from ntg_assets.experiments.data.shape_scales import scales_frame
from ntg_assets.sql import Query, Source, query
from ntg_assets.statistics.moments import LARGEST_VALUE
from ntg_assets.statistics.quantiles import ENCLOSING_Z

LOG_TRAFFIC_TYPES = {
    "experiment": pl.String,
    "arm": pl.String,
    "n_known": pl.Int64,
    "n_just_before": pl.Int64,
    "n_in_time": pl.Int64,
}


ITEM_CATEGORY_TYPES = {"item_id": pl.String, "category": pl.String}


def assignments(
    strategy_lists: Source,
    *,
    programme: ExperimentsSettings,
    exposure_log: pl.DataFrame | None = None,
    kept: pl.DataFrame | None = None,
) -> Query:
    """Assign every eligible unit.

    Args:
        strategy_lists: Lists per strategy and user; who has one of every arm is eligible for a
        replay.
        programme: All experiments.
        exposure_log: Units of the experiments on logs (see `logs.read_exposure_logs`).
        kept: Earlier assignments that stay as they are (see `logs.read_kept_assignments`).
    """
    log = pl.DataFrame(schema=EXPOSURE_TYPES) if exposure_log is None else exposure_log
    last_seen = dict(log.group_by("experiment").agg(pl.col("last_exposed_on").max()).iter_rows())
    tables = {
        "strategy_lists": strategy_lists,
        "experiments": experiments_frame(programme, ramp_on=last_seen),
        "arms": arms_frame(programme.definitions),
        "exposure_log": log,
        "kept": pl.DataFrame(schema=KEPT_TYPES) if kept is None else kept,
    }
    return query("experiments.data", "assignments", tables)


def exposures(
    assignments: Source,
    *,
    test_events: Source,
    programme: ExperimentsSettings,
    exposure_log: Source | None = None,
) -> Query:
    """Bring together who could have seen a list in a replay and who saw an arm in a log."""
    replayed = query(
        "experiments.data",
        "replay_exposures",
        {
            "assignments": assignments,
            "test_events": test_events,
            "experiments": experiments_frame(programme),
        },
    )
    log = pl.DataFrame(schema=EXPOSURE_TYPES) if exposure_log is None else exposure_log
    return query(
        "experiments.data", "exposures", {"replay_exposures": replayed, "exposure_log": log}
    )


def replay_unit_metrics(
    exposures: Source,
    *,
    strategy_lists: Source,
    revenue_risk_radar: Source,
    val_events: Source,
    test_events: Source,
    definitions: Sequence[ExperimentSettings],
) -> Query:
    """Hold what each exposed user took up against the list of every arm."""
    tables = {
        "risk_segments": query(
            "experiments.data", "risk_segments", {"revenue_risk_radar": revenue_risk_radar}
        ),
        "exposures": exposures,
        "strategy_lists": strategy_lists,
        "val_events": val_events,
        "test_events": test_events,
        "arms": arms_frame(definitions),
        "metrics": metrics_frame(definitions),
    }
    return query("experiments.data", "replay_unit_metrics", tables)


def log_unit_metrics(
    exposure_log: Source,
    *,
    events: Source,
    definitions: Sequence[ExperimentSettings],
    outcome_log: Source | None = None,
    item_categories: Source | None = None,
) -> Query:
    """Count what each logged unit did after its exposure and before."""
    tables = _log_tables(
        exposure_log,
        events=events,
        definitions=definitions,
        outcome_log=outcome_log,
        item_categories=item_categories,
    )
    return query("experiments.data", "log_unit_metrics", tables, largest=LARGEST_VALUE)


def log_traffic(
    exposure_log: Source, *, events: Source, outcome_log: Source | None = None
) -> Query:
    """Count which exposed units the logs know, which came in time,
    and which did something just before.
    """
    logs: dict[str, Source] = {
        "exposure_log": exposure_log,
        "events": events,
        "outcome_log": _outcomes(outcome_log),
    }
    return query(
        "experiments.data",
        "log_traffic",
        {**logs, "log_ends": query("experiments.data", "log_ends", logs)},
    )


def log_contents(
    log_counts: Source, *, exposure_log: Source, events: Source, outcome_log: Source | None = None
) -> Query:
    """Say what the logs of each experiment hold, by type of event, and where they end."""
    logs: dict[str, Source] = {"exposure_log": exposure_log, "events": events}
    ends = query("experiments.data", "log_ends", {**logs, "outcome_log": _outcomes(outcome_log)})
    return query(
        "experiments.data", "log_contents", {"log_counts": log_counts, **logs, "log_ends": ends}
    )


def daily_sums(
    exposure_log: Source,
    *,
    events: Source,
    definitions: Sequence[ExperimentSettings],
    outcome_log: Source | None = None,
    item_categories: Source | None = None,
) -> Query:
    """Add up the primary metric by days since the exposure."""
    tables = _log_tables(
        exposure_log,
        events=events,
        definitions=definitions,
        outcome_log=outcome_log,
        item_categories=item_categories,
    )
    return query("experiments.data", "daily_sums", tables, largest=LARGEST_VALUE)


def _log_tables(
    exposure_log: Source,
    *,
    events: Source,
    definitions: Sequence[ExperimentSettings],
    outcome_log: Source | None,
    item_categories: Source | None,
) -> dict[str, Source]:
    """Name what the queries over logs read; the readable units are chosen by one query for all of
    them.
    """
    logs: dict[str, Source] = {"events": events, "outcome_log": _outcomes(outcome_log)}
    ends = query("experiments.data", "log_ends", {"exposure_log": exposure_log, **logs})
    ripe = query(
        "experiments.data",
        "ripe_units",
        {"exposure_log": exposure_log, "looks": looks_frame(definitions), "log_ends": ends},
    )
    items: dict[str, Source] = {
        "item_categories": (
            pl.DataFrame(schema=ITEM_CATEGORY_TYPES) if item_categories is None else item_categories
        ),
        "metric_categories": categories_frame(definitions),
    }
    return {
        "ripe_units": ripe,
        "metrics": metrics_frame(definitions),
        "metric_event_types": event_types_frame(definitions),
        "metric_items": query("experiments.data", "metric_items", items),
        **logs,
    }


def _outcomes(outcome_log: Source | None) -> Source:
    return pl.DataFrame(schema=OUTCOME_TYPES) if outcome_log is None else outcome_log


def unit_metrics(replayed: Query, *, logged: Query) -> Query:
    """Bring the metrics of replays and logs together."""
    return query(
        "experiments.data",
        "unit_metrics",
        {"replay_unit_metrics": replayed, "log_unit_metrics": logged},
    )


def arm_traffic(
    assignments: Source,
    *,
    exposures: Source,
    definitions: Sequence[ExperimentSettings],
    log_traffic: Source | None = None,
) -> Query:
    """Count the units of each arm, and what the logs say about them."""
    tables = {
        "assignments": assignments,
        "exposures": exposures,
        "arms": arms_frame(definitions),
        "log_traffic": (
            pl.DataFrame(schema=LOG_TRAFFIC_TYPES) if log_traffic is None else log_traffic
        ),
    }
    return query("experiments.data", "arm_traffic", tables)


def traffic_by_day(exposure_log: Source) -> Query:
    """Count the units of each arm by the day on which they saw it first."""
    return query("experiments.data", "traffic_by_day", {"exposure_log": exposure_log})


def metric_sums(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Add up every metric of every arm, exactly; winsorised metrics after their values are cut."""
    metrics = metrics_frame(definitions)
    units = _cut(unit_metrics, definitions=definitions)
    unit_sums = query("experiments.data", "unit_sums", {"unit_metrics": units})
    pair_sums = query(
        "experiments.data",
        "pair_sums",
        {"unit_metrics": units, "arms": arms_frame(definitions), "metrics": metrics},
    )
    return query(
        "experiments.data",
        "metric_sums",
        {"unit_sums": unit_sums, "pair_sums": pair_sums, "metrics": metrics},
    )


def metric_shapes(
    unit_metrics: Source,
    *,
    metric_sums: pl.DataFrame,
    definitions: Sequence[ExperimentSettings],
) -> Query:
    """Add up the third and fourth powers of values where skewness can break the test of means."""
    units = _cut(unit_metrics, definitions=definitions)
    tables: dict[str, Source] = {
        "unit_metrics": units,
        "scales": scales_frame(definitions, metric_sums),
    }
    return query("experiments.data", "metric_shapes", tables, largest=LARGEST_VALUE)


def cut_units(unit_metrics: pl.DataFrame, *, definitions: Sequence[ExperimentSettings]) -> Source:
    """Cut the values of winsorised metrics; the units as they are where no metric is."""
    return _cut(unit_metrics, definitions=definitions)


def _cut(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Source:
    """Winsorise where any metric is winsorised."""
    is_cut = any(metric.is_winsorised for one in definitions for metric in one.measured)
    metrics = metrics_frame(definitions)
    return _winsorised(unit_metrics, metrics=metrics) if is_cut else unit_metrics


def _winsorised(unit_metrics: Source, *, metrics: pl.DataFrame) -> Query:
    caps = query(
        "experiments.data",
        "metric_caps",
        {"unit_metrics": unit_metrics, "metrics": metrics},
        largest=LARGEST_VALUE,
    )
    return query(
        "experiments.data",
        "winsorised_units",
        {"unit_metrics": unit_metrics, "metric_caps": caps},
        largest=LARGEST_VALUE,
    )


def metric_quantiles(unit_metrics: Source, *, definitions: Sequence[ExperimentSettings]) -> Query:
    """Find the order statistics of every quantile metric."""
    tables = {"unit_metrics": unit_metrics, "metrics": metrics_frame(definitions)}
    return query(
        "experiments.data", "metric_quantiles", tables, largest=LARGEST_VALUE, z=ENCLOSING_Z
    )


def self_test_units(
    unit_metrics: Source, *, assignments: Source, definitions: Sequence[ExperimentSettings]
) -> Query:
    """Choose the units on which the statistics are tested."""
    tables: dict[str, Source] = {
        "unit_metrics": _cut(unit_metrics, definitions=definitions),
        "assignments": assignments,
    }
    return query(
        "experiments.data", "self_test_units", tables, largest=LARGEST_VALUE, most_units=MOST_UNITS
    )


MOST_UNITS = 5_000  # of all arms; more of them cost time, and shape matters less
