"""Assets of the experiments: ranking strategies held against each other on behaviour that none of
them has seen.
"""

import dagster as dg
import polars as pl

from ntg_assets.experiments import results
from ntg_assets.experiments.contracts.data import (
    ArmTrafficTable,
    Assignments,
    DailySums,
    Exposures,
    LogContents,
    MetricQuantiles,
    MetricShapes,
    MetricSums,
    SelfTestUnits,
    TrafficByDay,
    UnitMetrics,
)
from ntg_assets.experiments.contracts.decision import (
    DecisionGates,
    Decisions,
    ExperimentProblems,
    HealthChecks,
    UnitIdReport,
)
from ntg_assets.experiments.contracts.readout import (
    EffectByCohort,
    EffectByDay,
    ExperimentPlans,
    Readouts,
    SegmentEffects,
    SelfTests,
)
from ntg_assets.experiments.data import tables
from ntg_assets.experiments.data.evidence import EvidenceTables
from ntg_assets.experiments.data.isolation import usable
from ntg_assets.experiments.data.unit_ids import report_unit_ids
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Table
from ntg_assets.stages import EXPERIMENTS

MOST_TOLD = 20  # decisions in the log of the run; all of them stand in the table


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
    definitions = project.settings.experiments.definitions
    replayed = tables.replay_unit_metrics(
        exposures,
        strategy_lists=strategy_lists,
        revenue_risk_radar=revenue_risk_radar,
        val_events=val_events,
        test_events=test_events,
        definitions=definitions,
    )
    logged = tables.log_unit_metrics(
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
    definitions = usable(project.settings.experiments, optional_sources).definitions
    logged = tables.log_traffic(exposure_log, events=events, outcome_log=outcome_log)
    return tables.arm_traffic(
        assignments, exposures=exposures, definitions=definitions, log_traffic=logged
    )


@staged_asset(contract=LogContents, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def log_contents(
    log_row_counts: Table, exposure_log: Table, outcome_log: Table, events: Table
) -> Query:
    """What the logs of each experiment hold, by type of event, and what was left out of them."""
    return tables.log_contents(
        log_row_counts, exposure_log=exposure_log, events=events, outcome_log=outcome_log
    )


@staged_asset(contract=UnitIdReport, group="experiments", stages=(EXPERIMENTS,), kinds=("polars",))
def unit_id_report(
    exposure_log: pl.DataFrame, outcome_log: pl.DataFrame, events: Table, project: Project
) -> pl.DataFrame:
    """Whether the units of each experiment on logs are written as in its outcomes."""
    users = project.read(
        Query("select distinct cast(user_id as varchar) as user_id from stored", {"stored": events})
    )["user_id"]
    return report_unit_ids(exposure_log, outcome_log, users)


@staged_asset(contract=MetricSums, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_sums(unit_metrics: Table, project: Project) -> Query:
    """The exact sums from which every statistic is derived, in one pass over the units."""
    return tables.metric_sums(unit_metrics, definitions=project.settings.experiments.definitions)


@staged_asset(contract=MetricQuantiles, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_quantiles(unit_metrics: Table, project: Project) -> Query:
    """The order statistics behind quantile metrics."""
    return tables.metric_quantiles(
        unit_metrics, definitions=project.settings.experiments.definitions
    )


@staged_asset(contract=MetricShapes, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def metric_shapes(unit_metrics: Table, metric_sums: pl.DataFrame, project: Project) -> Query:
    """How skewed the values are, where arms of unequal size make that matter."""
    return tables.metric_shapes(
        unit_metrics,
        metric_sums=metric_sums,
        definitions=project.settings.experiments.definitions,
    )


@staged_asset(contract=DailySums, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def daily_sums(
    exposure_log: Table, outcome_log: Table, events: Table, item_categories: Table, project: Project
) -> Query:
    """The primary metric by days since the exposure,
    from logs: the sums behind the effect by day.
    """
    definitions = project.settings.experiments.definitions
    return tables.daily_sums(
        exposure_log,
        events=events,
        outcome_log=outcome_log,
        item_categories=item_categories,
        definitions=definitions,
    )


@staged_asset(contract=EffectByDay, group="experiments", stages=(EXPERIMENTS,))
def effect_by_day(daily_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether the effect lasts: treatment against control on each day since the exposure."""
    return results.effect_by_day(project.settings.experiments.definitions, daily_sums)


@staged_asset(contract=EffectByCohort, group="experiments", stages=(EXPERIMENTS,))
def effect_by_cohort(daily_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether units exposed late show the effect that early ones did."""
    return results.effect_by_cohort(project.settings.experiments.definitions, daily_sums)


@staged_asset(contract=TrafficByDay, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def traffic_by_day(exposure_log: Table) -> Query:
    """How many units each arm of the experiments on logs got on each day."""
    return tables.traffic_by_day(exposure_log)


@staged_asset(contract=HealthChecks, group="experiments", stages=(EXPERIMENTS,))
def health_checks(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whether the numbers of each experiment can be trusted at all."""
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
    )
    return results.health_checks(project.settings.experiments.definitions, evidence)


@staged_asset(contract=Readouts, group="experiments", stages=(EXPERIMENTS,))
def readouts(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each arm changed, with interval, p and money; between users and,
    in a replay, in pairs.
    """
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
    )
    return results.readouts(project.settings.experiments.definitions, evidence)


@staged_asset(contract=ExperimentPlans, group="experiments", stages=(EXPERIMENTS,))
def experiment_plans(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each experiment can show by when, at the traffic seen so far."""
    evidence = EvidenceTables(
        arm_traffic, metric_sums, metric_quantiles, metric_shapes=metric_shapes
    )
    return results.experiment_plans(project.settings.experiments.definitions, evidence)


@staged_asset(contract=SegmentEffects, group="experiments", stages=(EXPERIMENTS,))
def segment_effects(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whom each arm helped: the deciding metrics by quartile of revenue at risk,
    or by the segments of a log.
    """
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
    )
    return results.all_segment_effects(project.settings.experiments.definitions, evidence)


@staged_asset(contract=Decisions, group="experiments", stages=(EXPERIMENTS,))
def decisions(
    context: dg.AssetExecutionContext,
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    readouts: pl.DataFrame,
    experiment_sources: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Roll out, roll back or iterate: by written rules,
    with a receipt from which the decision can be derived again.
    """
    settings = project.settings
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        settings.experiments.prior,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        value=ValueTerms(settings.value.unit, settings.value.basis),
        experiment_sources=experiment_sources,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
    )
    made = results.decisions(settings.experiments.definitions, evidence, readouts=readouts)
    for sentence in made["sentence"].head(MOST_TOLD):
        context.log.info(sentence)
    return made


@staged_asset(contract=DecisionGates, group="experiments", stages=(EXPERIMENTS,))
def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Every gate of every decision, with the number it looked at."""
    return results.decision_gates(decisions)


@staged_asset(contract=SelfTestUnits, group="experiments", stages=(EXPERIMENTS,), kinds=("sql",))
def self_test_units(unit_metrics: Table, assignments: Table, project: Project) -> Query:
    """Units under the control arm on whose values the statistics are tested."""
    return tables.self_test_units(
        unit_metrics, assignments=assignments, definitions=project.settings.experiments.definitions
    )


@staged_asset(contract=SelfTests, group="experiments", stages=(EXPERIMENTS,))
def self_tests(self_test_units: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether the intervals keep their promise on these very data: false positives,
    coverage, power.
    """
    programme = project.settings.experiments
    return results.self_tests(
        programme.definitions,
        self_test_units,
        seed=project.settings.seed,
        most=programme.self_tested,
    )


@staged_asset(contract=ExperimentProblems, group="experiments", stages=(EXPERIMENTS,))
def experiment_problems(
    optional_sources: pl.DataFrame,
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    effect_by_day: pl.DataFrame,
    effect_by_cohort: pl.DataFrame,
    health_checks: pl.DataFrame,
    readouts: pl.DataFrame,
    segment_effects: pl.DataFrame,
    experiment_plans: pl.DataFrame,
    decisions: pl.DataFrame,
    self_test_units: pl.DataFrame,
    self_tests: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    experiment_sources: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Why an experiment is missing from tables of results; no rows: none is."""
    settings = project.settings
    programme = settings.experiments
    stored = results.StoredResults(
        effect_by_day,
        effect_by_cohort,
        health_checks,
        readouts,
        segment_effects,
        experiment_plans,
        decisions,
        self_test_units,
        self_tests,
    )
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        programme.prior,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        value=ValueTerms(settings.value.unit, settings.value.basis),
        experiment_sources=experiment_sources,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
    )
    return results.experiment_problems(
        programme, optional_sources, evidence, stored, seed=project.settings.seed
    )
