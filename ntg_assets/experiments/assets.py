"""Assets of the experiments: ranking strategies held against each other on behaviour that none of them has seen."""

import dagster as dg
import polars as pl

import ntg_assets.experiments.contracts  # noqa: F401  # registers the contracts
from ntg_assets.experiments import tables
from ntg_assets.project import Project
from ntg_assets.sql import Query, Table
from ntg_assets.staging import EXPERIMENTS, staged_asset


@staged_asset(group="experiments", stages=(EXPERIMENTS,), reads={"strategy_lists": "backtest"}, kinds=("sql",))
def assignments(strategy_lists: Table, project: Project) -> Query:
    """Which user gets which arm, by a salted hash alone."""
    return tables.assignments(strategy_lists, programme=project.settings.experiments)


@staged_asset(group="experiments", stages=(EXPERIMENTS,), reads={"test_events": "backtest"}, kinds=("sql",))
def exposures(assignments: Table, test_events: Table) -> Query:
    """Who could have seen which arm, and when."""
    return tables.replay_exposures(assignments, test_events=test_events)


@staged_asset(
    group="experiments",
    stages=(EXPERIMENTS,),
    reads={"strategy_lists": "backtest", "val_events": "backtest", "test_events": "backtest"},
    kinds=("sql",),
)
def unit_metrics(exposures: Table, strategy_lists: Table, val_events: Table, test_events: Table, project: Project) -> Query:
    """What each unit did, held against the list of every arm."""
    return tables.replay_unit_metrics(
        exposures,
        strategy_lists=strategy_lists,
        val_events=val_events,
        test_events=test_events,
        definitions=project.settings.experiments.definitions,
    )


@staged_asset(group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def arm_traffic(assignments: Table, exposures: Table, project: Project) -> Query:
    """How many units each arm was given, and how many saw it."""
    return tables.arm_traffic(assignments, exposures=exposures, definitions=project.settings.experiments.definitions)


@staged_asset(group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_sums(unit_metrics: Table, project: Project) -> Query:
    """The exact sums from which every statistic is derived, in one pass over the units."""
    return tables.metric_sums(unit_metrics, definitions=project.settings.experiments.definitions)


@staged_asset(group="experiments", stages=(EXPERIMENTS,))
def health_checks(arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether the numbers of each experiment can be trusted at all."""
    return tables.health_checks(project.settings.experiments.definitions, arm_traffic=arm_traffic, metric_sums=metric_sums)


@staged_asset(group="experiments", stages=(EXPERIMENTS,))
def readouts(arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """What each arm changed, with interval, p and money; between users and, in a replay, in pairs."""
    return tables.readouts(project.settings.experiments.definitions, arm_traffic=arm_traffic, metric_sums=metric_sums)


@staged_asset(group="experiments", stages=(EXPERIMENTS,))
def decisions(
    context: dg.AssetExecutionContext, arm_traffic: pl.DataFrame, metric_sums: pl.DataFrame, readouts: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Roll out, roll back or iterate: by written rules, with a receipt from which the decision can be derived again."""
    made = tables.decisions(project.settings.experiments.definitions, arm_traffic=arm_traffic, metric_sums=metric_sums, readouts=readouts)
    for sentence in made["sentence"]:
        context.log.info(sentence)
    return made


@staged_asset(group="experiments", stages=(EXPERIMENTS,))
def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Every gate of every decision, with the number it looked at."""
    return tables.decision_gates(decisions)


experiment_assets = [
    *assignments,
    *exposures,
    *unit_metrics,
    *arm_traffic,
    *metric_sums,
    *health_checks,
    *readouts,
    *decisions,
    *decision_gates,
]
