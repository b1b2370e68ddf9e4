"""Assets of the exact sums of what units did, and of the units that a design or a self-test
needs.
"""

import polars as pl

from ntg_assets.experiments.contracts.data import DesignedUnits, SelfTestUnits
from ntg_assets.experiments.contracts.sums import (
    DailySums,
    MetricContrasts,
    MetricQuantiles,
    MetricShapes,
    MetricSums,
)
from ntg_assets.experiments.data import log_tables, summed_tables
from ntg_assets.experiments.data.units.log_designs import contrasts_of_logs
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import EXPERIMENTS


@staged_asset(contract=MetricSums, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_sums(unit_metrics: Table, project: Project) -> Query:
    """The exact sums from which every statistic is derived, in one pass over the units."""
    return summed_tables.metric_sums(unit_metrics, definitions=project.settings.experiments.in_runs)


@staged_asset(contract=DesignedUnits, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def designed_units(unit_metrics: Table, exposure_log: Table, project: Project) -> Query:
    """Units that were randomised in clusters, or are compared in strata or with covariates."""
    return summed_tables.designed_units(
        unit_metrics,
        exposure_log=exposure_log,
        definitions=project.settings.experiments.in_runs,
    )


@staged_asset(contract=MetricContrasts, group="experiments", stages=(EXPERIMENTS,))
def metric_contrasts(designed_units: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Treatments against the control by clusters, strata and covariates of the exposure log."""
    return contrasts_of_logs(project.settings.experiments.in_runs, designed_units)


@staged_asset(contract=MetricQuantiles, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_quantiles(unit_metrics: Table, project: Project) -> Query:
    """The order statistics behind quantile metrics."""
    return summed_tables.metric_quantiles(
        unit_metrics, definitions=project.settings.experiments.in_runs
    )


@staged_asset(contract=MetricShapes, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_shapes(unit_metrics: Table, metric_sums: pl.DataFrame, project: Project) -> Query:
    """How skewed the values are, where arms of unequal size make that matter."""
    return summed_tables.metric_shapes(
        unit_metrics,
        metric_sums=metric_sums,
        definitions=project.settings.experiments.in_runs,
    )


@staged_asset(contract=DailySums, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def daily_sums(
    exposure_log: Table, outcome_log: Table, events: Table, item_categories: Table, project: Project
) -> Query:
    """The primary metric by days since the exposure,
    from logs: the sums behind the effect by day.
    """
    definitions = project.settings.experiments.in_runs
    return log_tables.daily_sums(
        exposure_log,
        events=events,
        outcome_log=outcome_log,
        item_categories=item_categories,
        definitions=definitions,
    )


@staged_asset(contract=SelfTestUnits, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def self_test_units(unit_metrics: Table, assignments: Table, project: Project) -> Query:
    """Units under the control arm on whose values the statistics are tested."""
    return summed_tables.self_test_units(
        unit_metrics, assignments=assignments, definitions=project.settings.experiments.in_runs
    )
