"""The tables of the experiments that SQL makes, as pure functions: what they read,
and which query makes them.
"""

from collections.abc import Sequence

import polars as pl

from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments.data.designs import (
    arms_frame,
    experiments_frame,
    metrics_frame,
)
from ntg_assets.experiments.data.log_tables import LOG_TRAFFIC_TYPES
from ntg_assets.experiments.data.logs.exposure_rows import EXPOSURE_TYPES
from ntg_assets.experiments.data.logs.kept_assignments import KEPT_TYPES
from ntg_assets.sql import Query, Source, query


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
        "arms": arms_frame(programme.in_runs),
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
