"""Assets of the evidence of experiments: who was given and saw what, what units did, and the exact
sums of it. SQL makes them; nothing is compared yet.
"""

import polars as pl

from ntg_assets.experiments.contracts.data import UnitMetrics
from ntg_assets.experiments.contracts.decision import (
    UnitIdReport,
)
from ntg_assets.experiments.contracts.traffic import (
    ArmTrafficTable,
    Assignments,
    Exposures,
    LogContents,
    TrafficByDay,
)
from ntg_assets.experiments.data import log_tables, tables
from ntg_assets.experiments.data.isolation import usable
from ntg_assets.experiments.data.logs.unit_ids import report_unit_ids
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import EXPERIMENTS


@staged_asset(
    contract=Assignments,
    group="experiments",
    stages=(EXPERIMENTS,),
    reads={"strategy_lists": "backtest"},
    kinds=("sql",),
)
def assignments(
    strategy_lists: Table,
    exposure_log: pl.DataFrame,
    kept_assignments: pl.DataFrame,
    optional_sources: pl.DataFrame,
    project: Project,
) -> Query:
    """Which unit gets which arm, by a salted hash alone, unless its arm is known already."""
    programme = usable(project.settings.experiments, optional_sources)
    return tables.assignments(
        strategy_lists, programme=programme, exposure_log=exposure_log, kept=kept_assignments
    )


@staged_asset(
    contract=Exposures,
    group="experiments",
    stages=(EXPERIMENTS,),
    reads={"test_events": "backtest"},
    kinds=("sql",),
)
def exposures(
    assignments: Table, test_events: Table, exposure_log: Table, project: Project
) -> Query:
    """Who saw which arm (in a replay: could have seen), and when."""
    programme = project.settings.experiments
    return tables.exposures(
        assignments, test_events=test_events, programme=programme, exposure_log=exposure_log
    )


@staged_asset(
    contract=UnitMetrics,
    group="experiments",
    stages=(EXPERIMENTS,),
    reads={
        "strategy_lists": "backtest",
        "revenue_risk_radar": "backtest",
        "val_events": "backtest",
        "test_events": "backtest",
    },
    kinds=("sql",),
)
def unit_metrics(
    exposures: Table,
    strategy_lists: Table,
    revenue_risk_radar: Table,
    val_events: Table,
    test_events: Table,
    events: Table,
    exposure_log: Table,
    outcome_log: Table,
    item_categories: Table,
    project: Project,
) -> Query:
    """What each unit did: held against the list of every arm in a replay,
    counted in its window in a log.
    """
    definitions = project.settings.experiments.in_runs
    replayed = tables.replay_unit_metrics(
        exposures,
        strategy_lists=strategy_lists,
        revenue_risk_radar=revenue_risk_radar,
        val_events=val_events,
        test_events=test_events,
        definitions=definitions,
    )
    logged = log_tables.log_unit_metrics(
        exposure_log,
        events=events,
        outcome_log=outcome_log,
        item_categories=item_categories,
        definitions=definitions,
    )
    return tables.unit_metrics(replayed, logged=logged)


@staged_asset(contract=ArmTrafficTable, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def arm_traffic(
    assignments: Table,
    exposures: Table,
    events: Table,
    exposure_log: Table,
    outcome_log: Table,
    optional_sources: pl.DataFrame,
    project: Project,
) -> Query:
    """How many units each arm was given, how many saw it, and what the logs know of them."""
    definitions = usable(project.settings.experiments, optional_sources).in_runs
    logged = log_tables.log_traffic(exposure_log, events=events, outcome_log=outcome_log)
    return tables.arm_traffic(
        assignments, exposures=exposures, definitions=definitions, log_traffic=logged
    )


@staged_asset(contract=LogContents, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def log_contents(
    log_row_counts: Table, exposure_log: Table, outcome_log: Table, events: Table
) -> Query:
    """What the logs of each experiment hold, by type of event, and what was left out of them."""
    return log_tables.log_contents(
        log_row_counts, exposure_log=exposure_log, events=events, outcome_log=outcome_log
    )


@staged_asset(contract=UnitIdReport, group="experiments", stages=(EXPERIMENTS,), kinds=("polars",))
def unit_id_report(
    exposure_log: pl.DataFrame, outcome_log: pl.DataFrame, events: Table, project: Project
) -> pl.DataFrame:
    """Whether the units of each experiment on logs are written as in its outcomes."""
    distinct = "select distinct cast(user_id as varchar) as user_id from stored"
    users = project.read(Query(distinct, {"stored": events}))["user_id"]
    return report_unit_ids(exposure_log, outcome_log, users)


@staged_asset(contract=TrafficByDay, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def traffic_by_day(exposure_log: Table) -> Query:
    """How many units each arm of the experiments on logs got on each day."""
    return log_tables.traffic_by_day(exposure_log)
