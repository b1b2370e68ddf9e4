"""The tables that SQL makes from logs: what each unit did, what the logs know, sums by day."""

from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.designs import (
    categories_frame,
    event_types_frame,
    looks_frame,
    metrics_frame,
)
from ntg_assets.experiments.data.logs.outcome_rows import OUTCOME_TYPES
from ntg_assets.sql import Query, Source, query
from ntg_assets.statistics.moments import LARGEST_VALUE

LOG_TRAFFIC_TYPES = {
    "experiment": pl.String,
    "arm": pl.String,
    "n_known": pl.Int64,
    "n_just_before": pl.Int64,
    "n_in_time": pl.Int64,
    "n_clusters": pl.Int64,
    "n_clusters_in_several_arms": pl.Int64,
}

MOST_DAILY_COHORTS = 14  # more of them are read by week
ITEM_CATEGORY_TYPES = {"item_id": pl.String, "category": pl.String}


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
    return query(
        "experiments.data",
        "daily_sums",
        tables,
        largest=LARGEST_VALUE,
        daily_until=MOST_DAILY_COHORTS,
    )


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
    return {
        "ripe_units": ripe,
        "metrics": metrics_frame(definitions),
        "metric_event_types": event_types_frame(definitions),
        "metric_items": _metric_items(definitions, item_categories),
        **logs,
    }


def _metric_items(
    definitions: Sequence[ExperimentSettings], item_categories: Source | None
) -> Query:
    """Choose the items that a metric of some categories counts."""
    of_items = pl.DataFrame(schema=ITEM_CATEGORY_TYPES)
    sources: dict[str, Source] = {
        "item_categories": of_items if item_categories is None else item_categories,
        "metric_categories": categories_frame(definitions),
    }
    return query("experiments.data", "metric_items", sources)


def _outcomes(outcome_log: Source | None) -> Source:
    return pl.DataFrame(schema=OUTCOME_TYPES) if outcome_log is None else outcome_log


def traffic_by_day(exposure_log: Source) -> Query:
    """Count the units of each arm by the day on which they saw it first."""
    return query("experiments.data", "traffic_by_day", {"exposure_log": exposure_log})
